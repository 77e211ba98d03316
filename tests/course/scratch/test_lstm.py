"""The recurrent networks in NumPy are those of Keras, forward and backward."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.scratch import lstm as scratch

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.integers(0, 999))
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def problem(kind, b, t, x, h, seed, dtype="float64"):
    """A sequence (B, T, X), first states (B, H) each, and weights W, U, b for one or four blocks."""
    rng = np.random.default_rng(seed)
    blocks, states = (1, 1) if kind == "rnn" else (4, 2)
    shapes = [(b, t, x), *[(b, h)] * states, (x, blocks * h), (h, blocks * h), (blocks * h,)]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def in_keras(kind, sequence, starts, weights, dtype):
    """The Keras layer with these weights, built for this sequence (B, T, X)."""
    layer = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}[kind]
    layer = layer(starts[0].shape[-1], return_sequences=True, dtype=dtype)
    layer.build(sequence.shape)
    layer.set_weights(weights)
    return layer


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@given(SIZES)
@settings(max_examples=10, deadline=None)
def test_forward_equals_keras(kind, sizes):
    sequence, *rest = problem(kind, *sizes, dtype="float32")
    starts, weights = rest[:-3], rest[-3:]
    ours = scratch.rnn(sequence, *rest) if kind == "rnn" else scratch.lstm(sequence, *rest)[0]
    layer = in_keras(kind, sequence, starts, weights, "float32")
    np.testing.assert_allclose(ours, layer(sequence, initial_state=starts), **CLOSE)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@given(SIZES)
@settings(max_examples=10, deadline=None)
def test_backward_equals_gradient_tape(kind, sizes):
    sequence, *rest = problem(kind, *sizes)
    starts, weights = [tf.constant(start) for start in rest[:-3]], rest[-3:]
    layer = in_keras(kind, sequence, rest[:-3], weights, "float64")
    upstream = np.random.default_rng(1).normal(size=(*sequence.shape[:2], starts[0].shape[-1]))
    with tf.GradientTape() as tape:
        tape.watch([x := tf.constant(sequence), *starts])
        loss = tf.reduce_sum(layer(x, initial_state=starts) * upstream)
    theirs = tape.gradient(loss, [x, *starts, *layer.trainable_weights])
    for mine, other in zip(backward(kind, upstream, sequence, rest), theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-8)


def backward(kind, upstream, sequence, rest):
    """All gradients of sum(states · upstream), in the order of the arguments."""
    if kind == "rnn":
        return scratch.rnn_backward(upstream, sequence, rest[0], scratch.rnn(sequence, *rest), *rest[1:3])
    states, cells, gates = scratch.lstm(sequence, *rest)
    return scratch.lstm_backward(upstream, sequence, *rest[:2], states, cells, gates, *rest[2:4])


@given(SIZES)
@settings(deadline=None)
def test_laws_of_the_gates(sizes):
    sequence, h, c, *weights = problem("lstm", *sizes)
    x = sequence[:, 0]
    new_h, new_c, gates = scratch.lstm_step(x, h, c, *weights)
    assert all((gates[name] >= 0).all() and (gates[name] <= 1).all() for name in "ifo") and (abs(new_h) <= 1).all()
    assert (scratch.lstm_step(x, h, c, *weights, {"i": 0, "f": 1})[1] == c).all()  # the cell state stays
    assert not scratch.lstm_step(x, h, c, *weights, {"o": 0})[0].any()
    forgot = scratch.lstm_step(x, h, c, *weights, {"f": 0})[1]
    np.testing.assert_array_equal(forgot, scratch.lstm_step(x, h, 9 * c, *weights, {"f": 0})[1])
    np.testing.assert_allclose(scratch.lstm_step(x, h, c, *weights, gates)[0], new_h)  # clamped to what they are anyway


def test_sigmoid_survives_any_number():
    with np.errstate(all="raise"):
        assert scratch.sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
