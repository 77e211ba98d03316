"""The mistakes that learners make in lesson 06, each with the reason it must get."""

import math
import re

import numpy as np
import pytest

from captionlib.course.exercises import lesson_06 as exercises  # before Keras: it checks its settings

import keras  # isort: skip


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(x, h, c, W, U, b, order="ifgo", activation=np.tanh, output=np.tanh, keep=True):
    """One LSTM step, with one mistake at a time."""
    blocks = dict(zip(order, np.split(x @ W + h @ U + b, 4, axis=-1), strict=True))
    i, f, o = (sigmoid(blocks[name]) for name in "ifo")
    c = (f * c if keep else 0) + i * activation(blocks["g"])
    return o * output(c), c


def shows_the_old_cell(x, h, c, W, U, b):
    _, new = step(x, h, c, W, U, b)
    return sigmoid(np.split(x @ W + h @ U + b, 4, axis=-1)[3]) * np.tanh(c), new


def backward(total=lambda dh, dc, c, o: dc + dh * o * (1 - np.tanh(c) ** 2), order=(0, 1, 2, 3)):
    """The backward step with one mistake: in the total for c, or in what gets it."""

    def step_back(dh, dc, c_before, c, i, f, g, o):
        dtotal = total(dh, dc, c, o)
        parts = [dtotal * f, dtotal * c_before, dtotal * g, dtotal * i]
        return [parts[number] for number in order]

    return step_back


def with_(**mistake):
    return lambda *arguments: step(*arguments, **mistake)


def halves(x, h, c, W, U, b):
    return step(x, h, c, W, U, b * 0)


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("forget_bias", lambda n: 0.5 ** (1 / n), "for 1 step it gives a bias of 0.5, so the forget gate is 0.6225"),
        (
            "forget_bias",
            lambda n: math.log(n),
            "for 3 steps it gives a bias of 1.099, so the forget gate is 0.75: 42.2% of",
        ),
        ("forget_bias", lambda n: 1.0, "73.1% of the cell state would be left"),
        (
            "forget_bias",
            lambda n: 0.0,
            "for 3 steps it gives a bias of 0, so the forget gate is 0.5: 12.5%",
        ),
        ("forget_bias", lambda n: -math.log(2 ** (1 / n) - 1) / math.log(2), "for 3 steps"),
        ("forget_bias", lambda n: math.log(0.5 / n), "for 1 step"),
        ("forget_bias", lambda n: f"{n}", "for 1 step it gives '1', but a number is expected"),
        ("numpy_step", with_(order="figo"), "are not in the order i, f, g, o"),
        ("numpy_step", with_(order="ifog"), "are not in the order i, f, g, o"),
        ("numpy_step", with_(activation=sigmoid), "the candidate has a sigmoid instead of tanh"),
        ("numpy_step", with_(activation=lambda z: z), "the candidate has no tanh"),
        ("numpy_step", with_(keep=False), "the cell state is wrong: at [0, 0]"),
        ("numpy_step", with_(output=lambda c: c), "uses the cell state without tanh"),
        ("numpy_step", halves, "the cell state is wrong: at [0, 0]"),
        ("numpy_step", lambda *a: step(*a)[::-1], "the two are swapped: the hidden state"),
        ("numpy_step", lambda *a: step(*a)[0], "it gives ndarray, but two arrays are expected"),
        (
            "numpy_step",
            lambda x, h, c, W, U, b: step(x[0], h[0], c[0], W, U, b),
            "its shape is (3,), and (2, 3) is expected",
        ),
        ("numpy_step", shows_the_old_cell, "uses the cell state before the step"),
        ("backward_step", backward(total=lambda dh, dc, c, o: dc), "what comes through the hidden state is missing"),
        ("backward_step", backward(total=lambda dh, dc, c, o: dh * o * (1 - np.tanh(c) ** 2)), "dc, is missing"),
        ("backward_step", backward(total=lambda dh, dc, c, o: dc + dh * o), "the slope of tanh is missing"),
        ("backward_step", backward(total=lambda dh, dc, c, o: dc + dh * o * (1 - c**2)), "c has not been through tanh"),
        (
            "backward_step",
            backward(order=[0, 1, 3, 2]),
            "the four gradients are right, but not in the order c_before, f, i, g",
        ),
        ("backward_step", backward(order=[0, 0, 2, 3]), "the gradient of f is wrong: at [0, 0] it gives"),
        ("backward_step", lambda *given: backward()(*given)[0], "it gives ndarray, but four arrays are expected"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


class Cell(exercises.LSTMCell):
    """The right cell; each mistake overrides one thing."""


class Stub(Cell):
    def build(self, input_shape): ...

    def call(self, x, states):
        return ...


class OtherOrder(Cell):
    def build(self, input_shape):
        self.U = self.add_weight(shape=(self.units, 4 * self.units))
        self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units))
        self.b = self.add_weight(shape=(4 * self.units,))


class NoWeights(Cell):
    def build(self, input_shape):
        self.W, self.U, self.b = np.zeros((4, 12)), np.zeros((3, 12)), np.zeros(12)


class OnlyOutput(Cell):
    def call(self, x, states):
        return super().call(x, states)[0]


class OneState(Cell):
    def call(self, x, states):
        h, [_, c] = super().call(x, states)
        return h, [h]


class Swapped(Cell):
    def call(self, x, states):
        h, [_, c] = super().call(x, states)
        return h, [c, h]


class ShowsTheCell(Cell):
    def call(self, x, states):
        h, [_, c] = super().call(x, states)
        return c, [h, c]


class Tanh(Cell):
    def call(self, x, states):
        h, c = states
        i, f, g, o = keras.ops.split(x @ self.W + h @ self.U + self.b, 4, axis=-1)
        i, f, g, o = (keras.ops.sigmoid(gate) for gate in (i, f, g, o))
        c = f * c + i * g
        h = o * keras.ops.tanh(c)
        return h, [h, c]


class RandomU(Cell):
    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units))
        self.U = self.add_weight(shape=(self.units, 4 * self.units))
        self.b = self.add_weight(shape=(4 * self.units,))


class RandomBias(Cell):
    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units))
        self.U = self.add_weight(shape=(self.units, 4 * self.units), initializer="orthogonal")
        self.b = self.add_weight(shape=(4 * self.units,))


class InNumpy(Cell):
    def call(self, x, states):
        weights = (np.asarray(weight) for weight in (self.W, self.U, self.b))
        h, c = step(np.asarray(x), *(np.asarray(state) for state in states), *weights)
        return keras.ops.convert_to_tensor(h), [keras.ops.convert_to_tensor(state) for state in (h, c)]


@pytest.mark.parametrize("mine, reason", [
    (lambda units: 3, "check needs your class, a keras.layers.Layer, but LSTMCell(3) is int"),
    (OtherOrder, "build makes weights of shapes [(3, 12), (4, 12), (12,)], not [(4, 12)"),
    (NoWeights, "build makes weights of shapes [], not"), (OnlyOutput, "call should return two things"),
    (OneState, "two new states, [h, c]; yours returns 1"), (Swapped, "the two are swapped: the hidden"),
    (ShowsTheCell, "the output of a step is its hidden state"), (Tanh, "the candidate has a sigmoid instead of tanh"),
    (RandomU, "the step is right, but U should start as an orthogonal matrix"),
    (RandomBias, "the step is right, but b should start at 0, and at 1 for the forget gates"),
    (InNumpy, "no gradient reaches the weights: use keras.ops"),
])  # fmt: skip
def test_mistakes_in_the_keras_cell_get_their_own_reason(mine, reason, capsys):
    exercises.keras_cell.check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def test_the_keras_cell_as_it_stands_is_not_attempted_and_the_right_one_is_correct(capsys):
    exercises.keras_cell.check(Stub)
    exercises.keras_cell.check(Cell)
    assert capsys.readouterr().out == "not attempted: replace ... with your answer and run this cell again\ncorrect\n"


def test_a_reason_has_few_digits(capsys):
    exercises.numpy_step.check(with_(keep=False))
    assert all(len(number.split(".")[1]) <= 3 for number in re.findall(r"\d+\.\d+", capsys.readouterr().out))


def test_another_way_to_be_right_is_right(capsys):
    exercises.forget_bias.check(lambda n: -math.log(2 ** (1 / n) - 1))
    exercises.backward_step.check(backward())

    def row_by_row(x, h, c, W, U, b):
        rows = [step(*(a[n : n + 1] for a in (x, h, c)), W, U, b) for n in range(len(x))]
        return [np.concatenate(each) for each in zip(*rows, strict=True)]

    exercises.numpy_step.check(row_by_row)
    assert capsys.readouterr().out == "correct\n" * 3
