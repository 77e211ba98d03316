"""The mistakes that learners make in lesson 06, each with the reason it must get."""

import math
import re

import numpy as np
import pytest

from captionlib.course.exercises import lesson_06 as exercises


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(x, h, c, W, U, b, order="ifgo", squeeze=np.tanh, show=np.tanh, keep=True):
    """One LSTM step, with one mistake at a time."""
    blocks = dict(zip(order, np.split(x @ W + h @ U + b, 4, axis=-1), strict=True))
    i, f, o = (sigmoid(blocks[name]) for name in "ifo")
    c = (f * c if keep else 0) + i * squeeze(blocks["g"])
    return o * show(c), c


def with_(**mistake):
    return lambda *arguments: step(*arguments, **mistake)


def halves(x, h, c, W, U, b):
    return step(x, h, c, W, U, b * 0)


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("forget_bias", lambda n: 0.5 ** (1 / n), "for 1 word it gives a bias of 0.5, which is a gate of 0.6225"),
        (
            "forget_bias",
            lambda n: math.log(n),
            "for 3 words it gives a bias of 1.099, which is a gate of 0.75: 42.2% of",
        ),
        ("forget_bias", lambda n: 1.0, "73.1% of the cell would be left"),
        (
            "forget_bias",
            lambda n: 0.0,
            "for 3 words it gives a bias of 0, which is a gate of 0.5: 12.5%",
        ),
        ("forget_bias", lambda n: -math.log(2 ** (1 / n) - 1) / math.log(2), "for 3 words"),
        ("forget_bias", lambda n: math.log(0.5 / n), "for 1 word"),
        ("forget_bias", lambda n: f"{n}", "for 1 word it gives '1', and a number is wanted"),
        ("one_step", with_(order="figo"), "another order than i, f, g, o"),
        ("one_step", with_(order="ifog"), "another order than i, f, g, o"),
        ("one_step", with_(squeeze=sigmoid), "the candidate has gone through a sigmoid"),
        ("one_step", with_(squeeze=lambda z: z), "the candidate has not been squeezed"),
        ("one_step", with_(keep=False), "the cell: at [0, 0]"),
        ("one_step", with_(show=lambda c: c), "the state: at [0, 0]"),
        ("one_step", halves, "the cell: at [0, 0]"),
        ("one_step", lambda *a: step(*a)[::-1], "the state and the cell have changed places"),
        ("one_step", lambda *a: step(*a)[0], "it gives ndarray, and two arrays are wanted"),
        (
            "one_step",
            lambda x, h, c, W, U, b: step(x[0], h[0], c[0], W, U, b),
            "its shape is (3,), and (2, 3) is wanted",
        ),
        ("one_step_back", lambda dh, new, U: dh @ U.T, "no tanh is in it"),
        ("one_step_back", lambda dh, new, U: (dh * (1 - np.tanh(new) ** 2)) @ U.T, "here it goes through once more"),
        ("one_step_back", lambda dh, new, U: (dh * (1 - new**2)) @ U, "the shape fits either way"),
        ("one_step_back", lambda dh, new, U: dh * (1 - new**2), "it has yet to pass U"),
        ("one_step_back", lambda dh, new, U: (dh * (1 - new)) @ U.T, "for two sentences and three units: at [0, 0] it"),
        ("one_step_back", lambda dh, new, U: ((dh * (1 - new**2)) @ U.T)[0], "its shape is (3,), and (2, 3) is"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_a_reason_has_few_digits(capsys):
    exercises.one_step.check(with_(keep=False))
    assert all(len(number.split(".")[1]) <= 3 for number in re.findall(r"\d+\.\d+", capsys.readouterr().out))


def test_another_way_to_be_right_is_right(capsys):
    exercises.forget_bias.check(lambda n: -math.log(2 ** (1 / n) - 1))
    exercises.one_step_back.check(lambda dh, new, U: np.einsum("bj,ij->bi", dh * (1 - new**2), U))

    def row_by_row(x, h, c, W, U, b):
        rows = [step(*(a[n : n + 1] for a in (x, h, c)), W, U, b) for n in range(len(x))]
        return [np.concatenate(each) for each in zip(*rows, strict=True)]

    exercises.one_step.check(row_by_row)
    assert capsys.readouterr().out == "correct\n" * 3
