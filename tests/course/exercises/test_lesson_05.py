"""The mistakes that learners make in lesson 05, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_05 as exercises


def plus_equals(gradient, ids, rows):
    table = np.zeros((rows, gradient.shape[1]))
    table[ids] += gradient
    return table


def average(gradient, ids, rows):
    return np.array([gradient[ids == i].mean(axis=0) if (ids == i).any() else [0.0, 0.0] for i in range(rows)])


def cosines(table, word):
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    return unit @ unit[word]


def without(order, word, count):
    return order[order != word][:count]


def in_place(table, word, count):
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return without(np.argsort(-(table @ table[word])), word, count)


WRONG = [
    ("gather_gradient", plus_equals, "ids [1, 3, 1] and 5 rows, at [1, 0] it gives 5.0, which is too small; a row was"),
    ("gather_gradient", average, "at [1, 0] it gives 3.0, which is too small; a row was looked up more than once"),
    ("gather_gradient", lambda g, ids, rows: g[ids - ids.min()], "IndexError"),
    ("gather_gradient", lambda g, ids, rows: plus_equals(g, ids, ids.max() + 1), "(4, 2), and (5, 2) is expected"),
    ("gather_gradient", lambda g, ids, rows: plus_equals(g, ids, rows).tolist(), "it gives list"),
    ("gather_gradient", lambda g, ids, rows: np.eye(rows)[ids] @ g, "5 columns on its left meet 3 rows on its right"),
    ("gather_gradient", lambda g, ids, rows: int("five"), "raises ValueError: invalid literal"),
    ("nearest_words", lambda t, w, k: without(np.argsort(-(t @ t[w])), w, k), "it names word 1, whose length is 9.0"),
    ("nearest_words", lambda t, w, k: np.argsort(-cosines(t, w))[:k], "the word itself is among its neighbours"),
    (
        "nearest_words",
        lambda t, w, k: without(np.argsort(cosines(t, w)), w, k),
        "word 5, which points away (cosine -1.00)",
    ),
    ("nearest_words", lambda t, w, k: without(np.argsort(-abs(cosines(t, w))), w, k), "word 5, which points away"),
    ("nearest_words", in_place, "changes the table that it was given"),
    ("nearest_words", lambda t, w, k: without(np.argsort(-cosines(t, w)), w, 1), "its shape is (1,), and (4,) is"),
    ("nearest_words", lambda t, w, k: np.sort(without(np.argsort(-cosines(t, w)), w, k)), "their order is not"),
    ("nearest_words", lambda t, w, k: np.sort(cosines(t, w))[::-1][1 : k + 1], "ids are expected"),
    (
        "nearest_words",
        lambda t, w, k: without(np.argsort(np.linalg.norm(t - t[w], axis=1)), w, k),
        "others are more similar",
    ),
]


@pytest.mark.parametrize("exercise, mine, reason", WRONG)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def by_loop(gradient, ids, rows):
    table = np.zeros((rows, gradient.shape[1]))
    for one, i in zip(gradient, ids, strict=True):
        table[i] += one
    return table


def test_another_way_to_be_right_is_right(capsys):
    exercises.gather_gradient.check(by_loop)
    exercises.gather_gradient.check(lambda gradient, ids, rows: np.eye(rows)[ids].T @ gradient)
    exercises.nearest_words.check(lambda t, w, k: sorted(set(range(len(t))) - {w}, key=lambda i: -cosines(t, w)[i])[:k])
    assert capsys.readouterr().out.splitlines() == ["correct"] * 3
