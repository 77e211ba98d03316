"""The mistakes that learners make in lesson 03, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_03 as exercises


def halves(grid, axis=1, swap=False):
    parts = [part.mean(axis=(0, 1)) for part in np.array_split(grid, 2, axis=axis)]
    return np.concatenate(parts[::-1] if swap else parts)


def cam(maps, gradients, relu=True, scale=True, axis=(0, 1)):
    total = maps @ gradients.mean(axis=axis)
    total = np.maximum(total, 0) if relu else total
    return total / max(total.max(), 1e-9) if scale else total


def gradient_times_map(maps, gradients):  # another method: the gradients are not averaged first
    total = np.maximum((maps * gradients).sum(-1), 0)
    return total / max(total.max(), 1e-9)


def divides_by_nothing(maps, gradients):
    total = np.maximum(maps @ gradients.mean((0, 1)), 0)
    return total / total.max()


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("halves", lambda g: g.mean((0, 1)), "its shape is (2,), and (4,) is expected"),
        ("halves", lambda g: halves(g, axis=0), "it pools above and below; axis 0 holds the rows"),
        ("halves", lambda g: halves(g, swap=True), "the right half comes first"),
        ("halves", lambda g: np.concatenate([g[:, :6].mean((0, 1)), g[:, 6:].mean((0, 1))]), "this grid has 4 columns"),
        ("halves", lambda g: np.stack([g[:, :2].mean((0, 1)), g[:, 2:].mean((0, 1))]), "its shape is (2, 2), and (4,)"),
        ("halves", lambda g: np.concatenate([g[:, :2].mean((0, 1)), g[:, 2:].mean((0, 1))]), "(12, 12, 128), at [0]"),
        ("halves", lambda g: np.concatenate([g[:, :2].sum((0, 1)), g[:, 2:].sum((0, 1))]), "which is too large"),
        ("halves", lambda g: np.concatenate([g[:, 0].mean(0), g[:, -1].mean(0)]), "which is too small"),
        ("grad_cam", lambda m, g: cam(m, g, relu=False), "a location has -0.25; what lowers the score has to be 0"),
        ("grad_cam", lambda m, g: cam(m, g, scale=False), "the maximum is 8, and 1 is expected"),
        ("grad_cam", gradient_times_map, "for 12 locations, maps and gradients of shape (3, 4, 6), at [0, "),
        ("grad_cam", lambda m, g: cam(m, g, axis=-1), "ValueError: matmul"),
        ("grad_cam", divides_by_nothing, "no location raises the score and 0 is divided by 0"),
        ("grad_cam", lambda m, g: cam(m**2, g), "for 12 locations, maps and gradients of shape (3, 4, 6)"),
        ("grad_cam", lambda m, g: (m * g.mean((0, 1))).clip(0), "its shape is (1, 2, 2), and (1, 2) is expected"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_another_way_to_be_right_is_right(capsys):
    exercises.halves.check(halves)
    exercises.grad_cam.check(
        lambda m, g: (t := np.clip(np.einsum("rcd,d->rc", m, g.mean((0, 1))), 0, None)) / (t.max() or 1)
    )
    assert capsys.readouterr().out == "correct\ncorrect\n"
