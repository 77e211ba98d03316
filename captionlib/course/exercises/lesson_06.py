"""Exercises of lesson 06: the bias of a forget gate, one LSTM step, and one step of backpropagation through time."""

import itertools
import math
import re
from numbers import Real

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare


def bias_for(words):
    """Compute the bias of a forget gate that keeps half of the cell state after so many words."""
    f = 0.5 ** (1 / words)  # f times itself, `words` times, is a half
    return np.log(f / (1 - f))  # the inverse of the sigmoid


def check_bias_for(mine):
    """Try one word, where the answer is 0, then more; say what would be left with the learner's bias."""
    for words in (1, 3, 10, 40):
        bias, case = call(mine, words), f"for {words} word{'s' * (words > 1)} it gives"
        if not isinstance(bias, Real) or isinstance(bias, bool) or not math.isfinite(bias):
            return f"{case} {bias!r}, and a number is expected"
        f = 0.5 + 0.5 * math.tanh(bias / 2)
        if abs(f**words - 0.5) > 1e-6:
            left = f"{f**words:.1%} of the cell state would be left"
            return f"{case} a bias of {bias:.4g}, which is a gate of {f:.4g}: {left}"
    return None


def sigmoid(z):
    """Logistic function."""
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h, c, W, U, b):
    """Run one LSTM step: the hidden state and the cell state after it, each (B, H)."""
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)  # (B, H) each
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def check_lstm_step(mine):
    """Try a step of two sentences; name a common mistake, or else the wrong part, the cell state first."""
    rng = np.random.default_rng(6)
    shapes = ((2, 4), (2, 3), (2, 3), (4, 12), (3, 12), (12,))
    x, h, c, W, U, b = (rng.normal(size=shape) for shape in shapes)
    answer = call(mine, x, h, c, W, U, b)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return f"it gives {type(answer).__name__}, and two arrays are expected: the hidden state and the cell state"
    state, cell = lstm_step(x, h, c, W, U, b)
    if compare(answer[0], cell) is None and compare(answer[1], state) is None:
        return "the two are swapped: the hidden state comes first, then the cell state"
    blocks = np.split(x @ W + h @ U + b, 4, axis=-1)
    for order in itertools.permutations(range(4)):
        i, f, g, o = (blocks[index] for index in order)
        activations = {np.tanh: "the four blocks are in another order than i, f, g, o"}
        if order == (0, 1, 2, 3):
            activations = {sigmoid: "the candidate has a sigmoid instead of tanh, and cannot be negative"}
            activations[lambda z: z] = "the candidate has no tanh"
        for activation, wrong in activations.items():
            if compare(answer[1], sigmoid(f) * c + sigmoid(i) * activation(g)) is None:
                return wrong
    for name, got, expected in (("cell state", answer[1], cell), ("hidden state", answer[0], state)):
        if wrong := compare(got, expected):
            return f"with 4 numbers per word and 3 units, the {name}: {short(wrong)}"
    return None


def short(sentence: str) -> str:
    """Round numbers down to three digits after the point."""
    return re.sub(r"(\.\d{3})\d+", r"\1", sentence)


def step_back(dh, new, U):
    """Backward pass of new = tanh(x @ W + h @ U + b) for upstream gradient dh (B, H): the gradient of h, (B, H)."""
    dz = dh * (1 - new**2)  # (B, H), through tanh
    return dz @ U.T


def check_step_back(mine):
    """Try two sentences of three units; name a common mistake, or else the first wrong number."""
    rng = np.random.default_rng(7)
    U, z, dh = (rng.normal(size=shape) for shape in ((3, 3), (2, 3), (2, 3)))
    new = np.tanh(z)
    answer = call(mine, dh, new, U)
    common = {
        "the derivative of tanh is missing: 1 - new ** 2, for each number of new": dh @ U.T,
        "U has to be transposed; it is square, so that the shape fits either way": (step_back(dh, new, U.T)),
        "new is tanh(z) already; here tanh is applied once more": step_back(dh, np.tanh(new), U),
        "this is the gradient before the tanh, of x @ W + h @ U + b; the product with U is missing": dh * (1 - new**2),
    }
    for reason, wrong in common.items():
        if compare(answer, wrong) is None:
            return reason
    if wrong := compare(answer, step_back(dh, new, U)):
        return f"for two sentences and three units: {short(wrong)}"
    return None


forget_bias = Exercise(
    check_bias_for,
    bias_for,
    [
        "After n words the cell state has been multiplied by f n times. Which f gives f ** n = 0.5? Try n = 1 and 2.",
        "f = 0.5 ** (1 / n). The gate is a sigmoid, so you also need the number whose sigmoid is f.",
        "From f = 1 / (1 + exp(-b)) it follows that b = log(f / (1 - f)).",
    ],
)
one_step = Exercise(
    check_lstm_step,
    lstm_step,
    [
        "i, f and o need lstm.sigmoid, the candidate g needs np.tanh.",
        "The cell state first: c = f * c + i * g. The hidden state is o times the tanh of the new c.",
    ],
)
one_step_back = Exercise(
    check_step_back,
    step_back,
    [
        "Backwards: first the derivative of tanh, 1 - new ** 2, elementwise; then U, as in the example.",
        "In the example, 21 = 1 · 1 + 2 · 10 is row 0 of U times the gradient. A @ B takes columns of B: transpose U.",
    ],
)
