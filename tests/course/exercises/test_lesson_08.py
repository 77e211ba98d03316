"""The mistakes that learners make in lesson 08, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_08 as exercises


def bare_softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def masked(attention, cells):
    mask = np.zeros(attention.shape[1:])
    for cell in cells:
        mask[cell] = 1
    return attention, mask


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("softmax", lambda s: np.exp(s), "the weights of row 0 sum to 11.5, not to 1"),
        ("softmax", lambda s: s / s.sum(-1, keepdims=True), "at [0, 0] it gives -0.5, which is too small"),
        ("softmax", lambda s: np.exp(s) / np.exp(s).sum(), "shape (2, 3), the weights of row 0 sum to"),
        ("softmax", lambda s: np.exp(s) / np.exp(s).sum(0), "the weights of row 0 sum to 4, not to 1"),
        ("softmax", lambda s: np.exp(s) / np.exp(s).sum(-1), "broadcast"),
        ("softmax", lambda s: np.exp(2 * s) / np.exp(2 * s).sum(-1, keepdims=True), "too small"),
        ("softmax", bare_softmax, "[[1000.0, 999.0]], at [0, 0] it gives nan, which is too large; what is exp(1000)?"),
        ("softmax", lambda s: bare_softmax(s).tolist(), "it gives list"),
        ("share_on", lambda a, cells: sum(a[:, c, r] for r, c in cells), "the cells [(2, 1)], at [0] it gives"),
        ("share_on", lambda a, cells: np.mean([a[:, r, c] for r, c in cells], axis=0), "(2, 3)], at [0] it gives"),
        ("share_on", lambda a, cells: np.max([a[:, r, c] for r, c in cells], axis=0), "which is too small"),
        ("share_on", lambda a, cells: sum(a[0, r, c] for r, c in cells), "it gives float64"),
        ("share_on", lambda a, cells: a[:, 2, 1], "[(0, 1), (1, 2), (2, 3)], at [0] it gives"),
        ("share_on", lambda a, cells: np.multiply(*masked(a, cells)), "its shape is (2, 3, 4), and (2,) is expected"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_another_way_to_be_right_is_right(capsys):
    exercises.softmax.check(lambda s: np.exp(s - np.logaddexp.reduce(s, axis=-1, keepdims=True)))
    exercises.share_on.check(lambda a, cells: np.multiply(*masked(a, cells)).sum((1, 2)))
    assert capsys.readouterr().out == "correct\ncorrect\n"
