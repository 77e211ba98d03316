"""Attention in NumPy is the attention that captionlib and Keras compute, and obeys the laws of a weighted mean."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from captionlib.course.scratch import attention as scratch
from captionlib.models import attention as models

SIZES = st.integers(1, 5)
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@st.composite
def looks(draw):
    """Query (B, H), keys (B, L, H), values (B, L, C) and v (H,), float32."""
    b, places, h, c = draw(st.tuples(SIZES, SIZES, SIZES, SIZES))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    scale = draw(st.sampled_from([0.1, 1.0, 4.0]))
    shapes = (b, h), (b, places, h), (b, places, c), (h,)
    return tuple((scale * rng.normal(size=shape)).astype("float32") for shape in shapes)


def as_is(layer, h):
    """Let a captionlib layer use the state itself as its query."""
    layer.to_query.build((None, h))
    layer.to_query.kernel.assign(np.eye(h, dtype="float32"))
    return layer


def close_sum_of(values):
    """A context adds up values of either sign: what is left of them carries the rounding of the largest."""
    return {"rtol": 1e-5, "atol": 1e-6 * max(1, np.abs(values).max())}


@given(looks())
@settings(max_examples=25, deadline=None)
def test_dot_attention_equals_captionlib_and_keras(look):
    query, keys, values, _ = look
    h = query.shape[-1]
    context, weights = scratch.dot_attention(query, keys, values)
    ours = as_is(models.DotAttention(h), h)(query, keys, values)
    theirs = keras.layers.Attention()([query[:, None] / np.float32(h**0.5), values, keys], return_attention_scores=True)
    for other in (ours, [np.asarray(part)[:, 0] for part in theirs]):
        np.testing.assert_allclose(context, other[0], **close_sum_of(values))
        np.testing.assert_allclose(weights, other[1], **CLOSE)


@given(looks())
@settings(max_examples=25, deadline=None)
def test_additive_attention_equals_captionlib_and_keras(look):
    query, keys, values, v = look
    h = query.shape[-1]
    context, weights = scratch.additive_attention(query, keys, values, v)
    layer = as_is(models.AdditiveAttention(h), h)
    layer.to_score.build((None, h))
    layer.to_score.kernel.assign(v[:, None])
    keras_layer = keras.layers.AdditiveAttention()
    keras_layer.build([query[:, None].shape, values.shape, keys.shape])
    keras_layer.scale.assign(v)
    theirs = keras_layer([query[:, None], values, keys], return_attention_scores=True)
    for other in (layer(query, keys, values), [np.asarray(part)[:, 0] for part in theirs]):
        np.testing.assert_allclose(context, other[0], **close_sum_of(values))
        np.testing.assert_allclose(weights, other[1], **CLOSE)


@given(arrays(float, st.tuples(SIZES, SIZES), elements=st.floats(-1e6, 1e6)), st.floats(-1e3, 1e3))
def test_weights_are_positive_sum_to_one_and_know_only_differences(scores, shift):
    weights = scratch.softmax(scores)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1)
    np.testing.assert_allclose(weights, scratch.softmax(scores + shift), atol=1e-6)


@given(looks())
@settings(deadline=None)
def test_a_context_lies_between_the_values_and_follows_its_places(look):
    query, keys, values, v = look
    order = np.random.default_rng(0).permutation(keys.shape[1])
    for attend, more in ((scratch.dot_attention, ()), (scratch.additive_attention, (v,))):
        context, weights = attend(query, keys, values, *more)
        assert (context <= values.max(1) + 1e-5).all() and (context >= values.min(1) - 1e-5).all()
        moved, moved_weights = attend(query, keys[:, order], values[:, order], *more)
        np.testing.assert_allclose(moved, context, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(moved_weights, weights[:, order], **CLOSE)
        one, one_weights = attend(query[0], keys[0], values[0], *more)  # without a batch axis
        np.testing.assert_allclose(one, context[0], rtol=1e-4, atol=1e-5)
        assert one_weights.shape == (keys.shape[1],)


def test_the_numbers_that_lesson_08_works_out_by_hand():
    keys = np.array([[0, 1], [1, 1], [1, -1], [0, -1]])
    context, weights = scratch.attend(keys @ np.array([1, -1]), keys)
    assert weights.round(2) == pytest.approx([0.03, 0.09, 0.64, 0.24])
    assert context.round(2) == pytest.approx([0.73, -0.76])
