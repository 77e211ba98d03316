"""Exercises of lesson 06: an LSTM step in NumPy and as a Keras cell, the bias of a forget gate, a backward step."""

import itertools
import math
import re
from numbers import Real

import keras
import numpy as np
import tensorflow as tf

from captionlib.course.exercises.exercise import Exercise, call, compare
from captionlib.course.scratch import lstm


def bias_for(steps):
    """Compute the bias of a forget gate that leaves half of the cell state after so many steps."""
    f = 0.5 ** (1 / steps)  # f times itself, `steps` times, is a half
    return np.log(f / (1 - f))  # the inverse of the sigmoid


def check_bias_for(mine):
    """Try one step, where the answer is 0, then more; say what would be left with the learner's bias."""
    for steps in (1, 3, 10, 40):
        bias, case = call(mine, steps), f"for {steps} step{'s' * (steps > 1)} it gives"
        if not isinstance(bias, Real) or isinstance(bias, bool) or not math.isfinite(bias):
            return f"{case} {bias!r}, but a number is expected"
        f = 0.5 + 0.5 * math.tanh(bias / 2)
        if abs(f**steps - 0.5) > 1e-6:
            left = f"{f**steps:.1%} of the cell state would be left"
            return f"{case} a bias of {bias:.4g}, so the forget gate is {f:.4g}: {left}"
    return None


def lstm_step(x, h, c, W, U, b):
    """Run one LSTM step: the hidden state and the cell state after it, each (B, H)."""
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)  # (B, H) each
    i, f, o = lstm.sigmoid(i), lstm.sigmoid(f), lstm.sigmoid(o)
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def forget_bias_1(shape, dtype=None):
    """Initial bias: zeros, and ones for the forget gates."""
    i, f, g, o = np.zeros((4, shape[0] // 4))
    return np.concatenate([i, f + 1, g, o])


class LSTMCell(keras.layers.Layer):
    """An LSTM step as a Keras cell; `keras.layers.RNN` runs it over a sequence."""

    def __init__(self, units):
        """Keep the number of units and say how large the two states are."""
        super().__init__()
        self.units = units
        self.state_size = [units, units]

    def build(self, input_shape):
        """Create W (X, 4H), U (H, 4H) and b (4H,)."""
        self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units), initializer="glorot_uniform")
        self.U = self.add_weight(shape=(self.units, 4 * self.units), initializer="orthogonal")
        self.b = self.add_weight(shape=(4 * self.units,), initializer=forget_bias_1)

    def call(self, x, states):
        """Run one step: the output (B, H) and the new states, [h, c]."""
        h, c = states
        i, f, g, o = keras.ops.split(x @ self.W + h @ self.U + self.b, 4, axis=-1)
        i, f, o = keras.ops.sigmoid(i), keras.ops.sigmoid(f), keras.ops.sigmoid(o)
        c = f * c + i * keras.ops.tanh(g)
        h = o * keras.ops.tanh(c)
        return h, [h, c]


def example(units: int = 3) -> tuple[np.ndarray, ...]:
    """Draw x (2, 4), h and c (2, units), W, U and b for a step of two sentences."""
    rng = np.random.default_rng(6)
    shapes = ((2, 4), (2, units), (2, units), (4, 4 * units), (units, 4 * units), (4 * units,))
    return tuple(rng.normal(size=shape) for shape in shapes)


def wrong_step(answer, x, h, c, W, U, b, tolerance=1e-6) -> str | None:
    """Name a common mistake in (hidden state, cell state), or else the wrong part, the cell state first."""
    state, cell = lstm_step(x, h, c, W, U, b)
    if compare(answer[0], cell, tolerance) is None and compare(answer[1], state, tolerance) is None:
        return "the two are swapped: the hidden state comes first, then the cell state"
    blocks = np.split(x @ W + h @ U + b, 4, axis=-1)
    for order in itertools.permutations(range(4)):
        i, f, g, o = (blocks[index] for index in order)
        activations = {np.tanh: "the four blocks are not in the order i, f, g, o"}
        if order == (0, 1, 2, 3):
            activations = {lstm.sigmoid: "the candidate has a sigmoid instead of tanh, so it cannot be negative"}
            activations[lambda z: z] = "the candidate has no tanh"
        for activation, wrong in activations.items():
            if compare(answer[1], lstm.sigmoid(f) * c + lstm.sigmoid(i) * activation(g), tolerance) is None:
                return wrong
    output = lstm.sigmoid(blocks[3])
    for shown, wrong in {"the cell state before the step": np.tanh(c), "the cell state without tanh": cell}.items():
        if compare(answer[0], output * wrong, tolerance) is None:
            return f"the hidden state uses {shown}; it should be o * tanh(c), with the new c"
    for name, got, expected in (("cell state", answer[1], cell), ("hidden state", answer[0], state)):
        if wrong := compare(got, expected, tolerance):
            return f"with 4 numbers per word and 3 units, the {name} is wrong: {short(wrong)}"
    return None


def check_lstm_step(mine):
    """Try a step of two sentences."""
    answer = call(mine, *example())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return f"it gives {type(answer).__name__}, but two arrays are expected: the hidden state and the cell state"
    return wrong_step(answer, *example())


def check_lstm_cell(mine):
    """Try a cell of three units: its weights, one step, the gradients of that step, then a sequence in Keras' loop."""
    x, h, c, *weights = (array.astype("float32") for array in example())
    cell = call(mine, 3)
    if not isinstance(cell, keras.layers.Layer):
        return f"check needs your class, a keras.layers.Layer, but LSTMCell(3) is {type(cell).__name__}"
    cell.build(x.shape)
    shapes, expected = [tuple(weight.shape) for weight in cell.weights], [weight.shape for weight in weights]
    if shapes == expected:
        _, start_U, start_b = (np.asarray(weight) for weight in cell.weights)
        cell.set_weights(weights)
    with tf.GradientTape() as tape:
        answer = call(cell.call, tf.constant(x), [tf.constant(h), tf.constant(c)])
        if shapes != expected:
            return f"for 4 numbers per word and 3 units, build makes weights of shapes {shapes}, not {expected}"
        if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[1], tuple | list)):
            return "call should return two things: the output h, and the list of new states, [h, c]"
        output, states = answer
        if len(states) != 2:
            return f"call should return two new states, [h, c]; yours returns {len(states)}"
        loss = keras.ops.sum(output * output)
    if wrong := wrong_step([np.asarray(state) for state in states], x, h, c, *weights, tolerance=1e-5):
        return f"the new states: {wrong}"
    if wrong := compare(np.asarray(output), np.asarray(states[0]), 1e-5):
        return f"the output of a step is its hidden state; {short(wrong)}"
    if any(gradient is None for gradient in tape.gradient(loss, cell.trainable_variables)):
        return "the values are right, but no gradient reaches the weights: use keras.ops where you use NumPy"
    if not np.allclose(start_U @ start_U.T, np.eye(3), atol=1e-5):
        return 'the step is right, but U should start as an orthogonal matrix: pass initializer="orthogonal"'
    if not np.array_equal(start_b, forget_bias_1((12,))):
        return (
            "the step is right, but b should start at 0, and at 1 for the forget gates: pass initializer=forget_bias_1"
        )
    sentences = np.random.default_rng(7).normal(size=(2, 5, 4)).astype("float32")
    layer = keras.layers.LSTM(3, return_sequences=True)
    layer.build(sentences.shape)
    layer.set_weights(weights)
    looped = keras.layers.RNN(cell, return_sequences=True)(sentences)
    if wrong := compare(np.asarray(looped), np.asarray(layer(sentences)), 1e-5):
        return f"in keras.layers.RNN, over five words: {short(wrong)}"
    return None


def short(sentence: str) -> str:
    """Round numbers down to three digits after the point."""
    return re.sub(r"(\.\d{3})\d+", r"\1", sentence)


def cell_backward(dh, dc, c_before, c, i, f, g, o):
    """Backward pass of the two equations of an LSTM step: the gradients of c_before, f, i and g, (B, H) each."""
    total = dc + dh * o * (1 - np.tanh(c) ** 2)  # along the cell state, and through the hidden state
    return total * f, total * c_before, total * g, total * i


def check_cell_backward(mine):
    """Try two sentences of three units; name a common mistake, or else the first wrong gradient."""
    rng = np.random.default_rng(7)
    dh, dc, c_before = (rng.normal(size=(2, 3)) for _ in range(3))
    i, f, o, g = *(rng.uniform(0.1, 0.9, size=(2, 3)) for _ in range(3)), rng.uniform(-1, 1, size=(2, 3))
    c = f * c_before + i * g
    given = (dh, dc, c_before, c, i, f, g, o)
    answer = call(mine, *given)
    if not isinstance(answer, tuple | list) or len(answer) != 4:
        return f"it gives {type(answer).__name__}, but four arrays are expected: for c_before, f, i and g"
    tanh_c = np.tanh(c)
    totals = {
        "what comes through the hidden state is missing: dh * o times the slope of tanh": dc,
        "what comes along the cell state, dc, is missing": dh * o * (1 - tanh_c**2),
        "the slope of tanh is missing: 1 - np.tanh(c) ** 2": dc + dh * o,
        "the slope of tanh is 1 - np.tanh(c) ** 2; c has not been through tanh yet": dc + dh * o * (1 - c**2),
    }
    for reason, total in totals.items():
        if compare(answer[0], total * f) is None:
            return reason
    expected = cell_backward(*given)
    for order in itertools.permutations(range(4)):
        if order != (0, 1, 2, 3) and all(compare(answer[n], expected[m]) is None for n, m in enumerate(order)):
            return "the four gradients are right, but not in the order c_before, f, i, g"
    for name, got, right in zip(("c_before", "f", "i", "g"), answer, expected, strict=True):
        if wrong := compare(got, right):
            return f"the gradient of {name} is wrong: {short(wrong)}"
    return None


forget_bias = Exercise(
    check_bias_for,
    bias_for,
    [
        "Each step multiplies the cell state by f once. Which f gives f ** steps = 0.5? Try steps = 1 and steps = 2.",
        "f = 0.5 ** (1 / steps). The gate is a sigmoid, so you also need the number whose sigmoid is f.",
        "From f = 1 / (1 + exp(-b)) it follows that b = log(f / (1 - f)).",
    ],
)
numpy_step = Exercise(
    check_lstm_step,
    lstm_step,
    [
        "x @ W + h @ U + b holds all four sums side by side, (B, 4H); np.split(…, 4, axis=-1) separates them.",
        "i, f and o need lstm.sigmoid; the candidate g needs np.tanh.",
        "The cell state first: c = f * c + i * g. The hidden state is o times the tanh of the new c.",
    ],
)
keras_cell = Exercise(
    check_lstm_cell,
    LSTMCell,
    [
        "build: self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units)); U and b likewise.",
        "call is exercise 1 with keras.ops.split, keras.ops.sigmoid and keras.ops.tanh; @ works on Keras weights.",
        "A cell returns its output and its new states: return h, [h, c].",
    ],
)
backward_step = Exercise(
    check_cell_backward,
    cell_backward,
    [
        "The total for c is dc plus dh times o times the slope of tanh at c, which is 1 - np.tanh(c) ** 2.",
        "c = f * c_before + i * g: in a product, each factor gets the total times the other factor.",
    ],
)
