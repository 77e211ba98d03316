"""The mistakes that learners make in lesson 06, each with the reason it must get."""

import math
import re

import numpy as np
import pytest

from captionlib.course.exercises import lesson_06 as exercises


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(x, h, c, W, U, b, order="ifgo", activation=np.tanh, output=np.tanh, keep=True):
    """One LSTM step, with one mistake at a time."""
    blocks = dict(zip(order, np.split(x @ W + h @ U + b, 4, axis=-1), strict=True))
    i, f, o = (sigmoid(blocks[name]) for name in "ifo")
    c = (f * c if keep else 0) + i * activation(blocks["g"])
    return o * output(c), c


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
        ("forget_bias", lambda n: 1.0, "73.1% of the cell state would be left"),
        (
            "forget_bias",
            lambda n: 0.0,
            "for 3 words it gives a bias of 0, which is a gate of 0.5: 12.5%",
        ),
        ("forget_bias", lambda n: -math.log(2 ** (1 / n) - 1) / math.log(2), "for 3 words"),
        ("forget_bias", lambda n: math.log(0.5 / n), "for 1 word"),
        ("forget_bias", lambda n: f"{n}", "for 1 word it gives '1', and a number is expected"),
        ("one_step", with_(order="figo"), "in another order than i, f, g, o"),
        ("one_step", with_(order="ifog"), "in another order than i, f, g, o"),
        ("one_step", with_(activation=sigmoid), "the candidate has a sigmoid instead of tanh"),
        ("one_step", with_(activation=lambda z: z), "the candidate has no tanh"),
        ("one_step", with_(keep=False), "the cell state: at [0, 0]"),
        ("one_step", with_(output=lambda c: c), "the hidden state: at [0, 0]"),
        ("one_step", halves, "the cell state: at [0, 0]"),
        ("one_step", lambda *a: step(*a)[::-1], "the two are swapped: the hidden state"),
        ("one_step", lambda *a: step(*a)[0], "it gives ndarray, and two arrays are expected"),
        (
            "one_step",
            lambda x, h, c, W, U, b: step(x[0], h[0], c[0], W, U, b),
            "its shape is (3,), and (2, 3) is expected",
        ),
        ("one_step_back", lambda dh, new, U: dh @ U.T, "the derivative of tanh is missing"),
        ("one_step_back", lambda dh, new, U: (dh * (1 - np.tanh(new) ** 2)) @ U.T, "here tanh is applied once more"),
        ("one_step_back", lambda dh, new, U: (dh * (1 - new**2)) @ U, "so that the shape fits either way"),
        ("one_step_back", lambda dh, new, U: dh * (1 - new**2), "the product with U is missing"),
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
