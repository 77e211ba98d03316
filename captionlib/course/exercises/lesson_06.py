"""Exercises of lesson 06: an LSTM step in NumPy and as a Keras cell, the bias of a forget gate, a step backward."""

import itertools
import math
import re
from numbers import Real

import keras
import numpy as np
import tensorflow as tf

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
    i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


class LSTMCell(keras.layers.Layer):
    """An LSTM step as a Keras cell; `keras.layers.RNN` runs it over a sequence."""

    def __init__(self, units):
        """Keep the number of units and say how large the two states are."""
        super().__init__()
        self.units = units
        self.state_size = [units, units]

    def build(self, input_shape):
        """Create W (X, 4 H), U (H, 4 H) and b (4 H,)."""
        self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units))
        self.U = self.add_weight(shape=(self.units, 4 * self.units))
        self.b = self.add_weight(shape=(4 * self.units,), initializer="zeros")

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
        activations = {np.tanh: "the four blocks are in another order than i, f, g, o"}
        if order == (0, 1, 2, 3):
            activations = {sigmoid: "the candidate has a sigmoid instead of tanh, and cannot be negative"}
            activations[lambda z: z] = "the candidate has no tanh"
        for activation, wrong in activations.items():
            if compare(answer[1], sigmoid(f) * c + sigmoid(i) * activation(g), tolerance) is None:
                return wrong
    for name, got, expected in (("cell state", answer[1], cell), ("hidden state", answer[0], state)):
        if wrong := compare(got, expected, tolerance):
            return f"with 4 numbers per word and 3 units, the {name}: {short(wrong)}"
    return None


def check_lstm_step(mine):
    """Try a step of two sentences."""
    answer = call(mine, *example())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return f"it gives {type(answer).__name__}, and two arrays are expected: the hidden state and the cell state"
    return wrong_step(answer, *example())


def check_lstm_cell(mine):
    """Try a cell of three units: its weights, one step, the gradients of that step, then a sequence in Keras' loop."""
    x, h, c, *weights = (array.astype("float32") for array in example())
    cell = call(mine, 3)
    if not isinstance(cell, keras.layers.Layer):
        return f"check needs your class, a keras.layers.Layer, and LSTMCell(3) is {type(cell).__name__}"
    cell.build(x.shape)
    shapes, expected = [tuple(weight.shape) for weight in cell.weights], [weight.shape for weight in weights]
    if shapes == expected:
        cell.set_weights(weights)
    with tf.GradientTape() as tape:
        answer = call(cell.call, tf.constant(x), [tf.constant(h), tf.constant(c)])
        if shapes != expected:
            return f"for 4 numbers per word and 3 units, build makes weights of shapes {shapes}, not {expected}"
        if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[1], tuple | list)):
            return "call returns two things: the output h, and the list of the new states, [h, c]"
        output, states = answer
        if len(states) != 2:
            return f"the new states are [h, c], and call returns {len(states)} of them"
        loss = keras.ops.sum(output * output)
    if wrong := wrong_step([np.asarray(state) for state in states], x, h, c, *weights, tolerance=1e-5):
        return f"the new states: {wrong}"
    if wrong := compare(np.asarray(output), np.asarray(states[0]), 1e-5):
        return f"the output of a step is its hidden state; {short(wrong)}"
    if any(gradient is None for gradient in tape.gradient(loss, cell.trainable_variables)):
        return "the values are right, but no gradient reaches the weights: use keras.ops where you use NumPy"
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


def rnn_step_backward(dh, new, U):
    """Backward pass of new = tanh(x @ W + h @ U + b) for upstream gradient dh (B, H): the gradient of h, (B, H)."""
    dz = dh * (1 - new**2)  # (B, H), through tanh
    return dz @ U.T


def check_rnn_step_backward(mine):
    """Try two sentences of three units; name a common mistake, or else the first wrong number."""
    rng = np.random.default_rng(7)
    U, z, dh = (rng.normal(size=shape) for shape in ((3, 3), (2, 3), (2, 3)))
    new = np.tanh(z)
    answer = call(mine, dh, new, U)
    common = {
        "the derivative of tanh is missing: 1 - new ** 2, for each number of new": dh @ U.T,
        "U has to be transposed; it is square, so that the shape fits either way": rnn_step_backward(dh, new, U.T),
        "new is tanh(z) already; here tanh is applied once more": rnn_step_backward(dh, np.tanh(new), U),
        "this is the gradient before the tanh, of x @ W + h @ U + b; the product with U is missing": dh * (1 - new**2),
    }
    for reason, wrong in common.items():
        if compare(answer, wrong) is None:
            return reason
    if wrong := compare(answer, rnn_step_backward(dh, new, U)):
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
numpy_step = Exercise(
    check_lstm_step,
    lstm_step,
    [
        "i, f, g, o = np.split(z, 4, axis=-1) cuts the four blocks apart.",
        "i, f and o need lstm.sigmoid, the candidate g needs np.tanh.",
        "The cell state first: c = f * c + i * g. The hidden state is o times the tanh of the new c.",
    ],
)
keras_cell = Exercise(
    check_lstm_cell,
    LSTMCell,
    [
        "build: self.W = self.add_weight(shape=(input_shape[-1], 4 * self.units)), then U (H, 4 H) and b (4 H,) alike.",
        "call is exercise 1 with keras.ops.split, keras.ops.sigmoid and keras.ops.tanh; @ works on Keras weights.",
        "A cell returns its output and its new states: return h, [h, c].",
    ],
)
step_backward = Exercise(
    check_rnn_step_backward,
    rnn_step_backward,
    [
        "Backwards: first the derivative of tanh, 1 - new ** 2, elementwise; then U, as in the example.",
        "In the example, 21 = 1 · 1 + 2 · 10 is row 0 of U times the gradient. A @ B takes columns of B: transpose U.",
    ],
)
