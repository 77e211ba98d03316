"""Exercises of lesson 06: how far open a forget gate must stand, one LSTM step, and one step back through time."""

import itertools
import math
import re
from numbers import Real

import numpy as np

from captionlib.course.exercises.exercise import Exercise, ask, unlike


def bias_for(words):
    """The bias of a forget gate that keeps half of the cell after so many words."""
    f = 0.5 ** (1 / words)  # f times itself, `words` times, is a half
    return np.log(f / (1 - f))  # the inverse of the sigmoid


def judge_bias_for(mine):
    """Try one word, where the answer is 0, then more; say what would be left with the bias that came."""
    for words in (1, 3, 10, 40):
        bias, told = ask(mine, words), f"for {words} word{'s' * (words > 1)} it gives"
        if not isinstance(bias, Real) or isinstance(bias, bool) or not math.isfinite(bias):
            return f"{told} {bias!r}, and a number is wanted"
        f = 0.5 + 0.5 * math.tanh(bias / 2)
        if abs(f**words - 0.5) > 1e-6:
            return f"{told} a bias of {bias:.4g}, which is a gate of {f:.4g}: {f**words:.1%} of the cell would be left"
    return None


def sigmoid(z):
    """Squeeze each number into 0 to 1."""
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h, c, W, U, b):
    """Read one word: the state and the cell after it, each (B, H)."""
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)  # (B, H) each
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def judge_lstm_step(mine):
    """Try a step of two sentences; name a common mistake, or else the part that is off, the cell before the state."""
    rng = np.random.default_rng(6)
    shapes = ((2, 4), (2, 3), (2, 3), (4, 12), (3, 12), (12,))
    x, h, c, W, U, b = (rng.normal(size=shape) for shape in shapes)
    answer = ask(mine, x, h, c, W, U, b)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return f"it gives {type(answer).__name__}, and two arrays are wanted: the state and the cell"
    state, cell = lstm_step(x, h, c, W, U, b)
    if unlike(answer[0], cell) is None and unlike(answer[1], state) is None:
        return "the state and the cell have changed places: the state comes first"
    blocks = np.split(x @ W + h @ U + b, 4, axis=-1)
    for order in itertools.permutations(range(4)):
        i, f, g, o = (blocks[place] for place in order)
        squeezes = {np.tanh: "the four blocks are taken in another order than i, f, g, o"}
        if order == (0, 1, 2, 3):
            squeezes = {sigmoid: "the candidate has gone through a sigmoid, and can no longer be negative"}
            squeezes[lambda z: z] = "the candidate has not been squeezed"
        for squeeze, wrong in squeezes.items():
            if unlike(answer[1], sigmoid(f) * c + sigmoid(i) * squeeze(g)) is None:
                return wrong
    for name, got, wanted in (("cell", answer[1], cell), ("state", answer[0], state)):
        if wrong := unlike(got, wanted):
            return f"with 4 numbers a word and 3 units, the {name}: {short(wrong)}"
    return None


def short(sentence: str) -> str:
    """Leave three digits after each point."""
    return re.sub(r"(\.\d{3})\d+", r"\1", sentence)


def step_back(dh, new, U):
    """Send a gradient (B, H) back through new = tanh(x @ W + h @ U + b): what reaches h, (B, H)."""
    dz = dh * (1 - new**2)  # (B, H), through tanh
    return dz @ U.T


def judge_step_back(mine):
    """Try two sentences of three units; name a common mistake, or else the first number that is off."""
    rng = np.random.default_rng(7)
    U, pull, dh = (rng.normal(size=shape) for shape in ((3, 3), (2, 3), (2, 3)))
    new = np.tanh(pull)
    answer = ask(mine, dh, new, U)
    common = {
        "no tanh is in it: each number of new has a slope of its own": dh @ U.T,
        "U is square, so the shape fits either way, but what left h[0] by row 0 of U came in by column 0": (
            step_back(dh, new, U.T)
        ),
        "new has been through tanh already; here it goes through once more": step_back(dh, np.tanh(new), U),
        "this is the blame of the sums under the tanh; it has yet to pass U": dh * (1 - new**2),
    }
    for reason, wrong in common.items():
        if unlike(answer, wrong) is None:
            return reason
    if wrong := unlike(answer, step_back(dh, new, U)):
        return f"for two sentences and three units: {short(wrong)}"
    return None


forget_bias = Exercise(
    judge_bias_for,
    bias_for,
    [
        "After n words the cell has been multiplied by f n times. Which f gives f ** n = 0.5? Begin with n = 1 and 2.",
        "f = 0.5 ** (1 / n). The gate is a sigmoid, so you also need the number whose sigmoid is f.",
        "From f = 1 / (1 + exp(-b)) it follows that b = log(f / (1 - f)).",
    ],
)
one_step = Exercise(
    judge_lstm_step,
    lstm_step,
    [
        "Nothing is squeezed yet: three of the four go through lstm.sigmoid, the candidate through np.tanh.",
        "The new cell first: keep some of the old, add some of the candidate. The state shows some of its tanh.",
    ],
)
one_step_back = Exercise(
    judge_step_back,
    step_back,
    [
        "Backwards: first the slope of tanh, 1 - new ** 2, number by number; then U, as in the example.",
        "In the example, 21 = 1 · 1 + 2 · 10 is row 0 of U with the blame. A @ B takes columns of B: U must be turned.",
    ],
)
