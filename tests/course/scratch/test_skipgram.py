"""Word vectors in NumPy: the lookup is Keras' Embedding, the update is gradient descent on the loss, the laws hold."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.scratch import skipgram

SEEDS = st.integers(0, 999)


def case(seed):
    """Two tables (V, E), centres, others and labels (N,), in which rows are read more than once."""
    rng = np.random.default_rng(seed)
    rows, width, count = rng.integers(2, 7), rng.integers(1, 5), rng.integers(1, 20)
    tables = rng.normal(size=(2, rows, width)).astype("float32")
    return *tables, rng.integers(0, rows, count), rng.integers(0, rows, count), rng.integers(0, 2, count)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_lookup_is_one_hot_times_table_and_keras_embedding(seed):
    table, *_ = case(seed)
    ids = np.random.default_rng(seed).integers(0, len(table), (3, 4))
    layer = keras.layers.Embedding(*table.shape)
    layer.build()
    layer.set_weights([table])
    one_hot = np.eye(len(table), dtype="float32")[ids]  # (B, T, V)
    np.testing.assert_array_equal(skipgram.lookup(table, ids), one_hot @ table)
    np.testing.assert_array_equal(skipgram.lookup(table, ids), layer(ids))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(ids) ** 2)
    theirs = tf.convert_to_tensor(tape.gradient(loss, layer.embeddings.value))
    mine = skipgram.lookup_backward(2 * skipgram.lookup(table, ids), ids, len(table))
    assert mine.dtype == table.dtype
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_update_is_gradient_descent_on_the_loss_of_negative_sampling(seed):
    vectors, context, centres, others, labels = case(seed)
    one, two = tf.Variable(vectors), tf.Variable(context)
    with tf.GradientTape() as tape:
        z = tf.reduce_sum(tf.gather(one, centres) * tf.gather(two, others), axis=1)
        loss = tf.reduce_sum(-tf.math.log_sigmoid(tf.where(labels == 1, z, -z)))
    theirs = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, [one, two])]
    kept = vectors.copy(), context.copy()
    mine = skipgram.update(vectors, context, centres, others, labels, 0.5)
    for before, after, same, gradient in zip(kept, mine, (vectors, context), theirs, strict=True):
        np.testing.assert_array_equal(before, same)  # the tables that were given stay as they are
        np.testing.assert_allclose(after, before - 0.5 * gradient, rtol=1e-4, atol=1e-5)


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=5), st.integers(1, 4))
def test_pairs_are_those_that_two_loops_find(captions, window):
    wanted = []
    for ids in captions:
        for i, centre in enumerate(ids):
            wanted += [(centre, ids[j]) for j in range(len(ids)) if j != i and abs(j - i) <= window]
    centres, contexts = skipgram.pairs(captions, window)
    assert sorted(zip(centres.tolist(), contexts.tolist(), strict=True)) == sorted(wanted)


def test_negative_samples_follow_the_three_quarter_power():
    counts = np.array([1, 16, 81])
    np.testing.assert_allclose(skipgram.noise_distribution(counts), np.array([1, 8, 27]) / 36)
    np.testing.assert_allclose(skipgram.noise_distribution(counts, 1), counts / 98)


def test_an_epoch_has_every_pair_once_and_five_negative_samples_each():
    centres, contexts = skipgram.pairs([[0, 1] * 9, [2, 1, 1, 2]] * 400, window=1)
    got = list(skipgram.batches(centres, contexts, np.random.default_rng(0)))
    assert {len(each) for batch in got for each in batch} <= set(range(6 * 1025))
    rows = np.concatenate([np.stack(batch) for batch in got], axis=1)  # centres, others, labels, (3, N)
    real = rows[:, rows[2] == 1]
    pairs = np.array([centres, contexts])
    np.testing.assert_array_equal(np.sort(real[0] * 9 + real[1]), np.sort(pairs[0] * 9 + pairs[1]))
    np.testing.assert_array_equal(np.bincount(rows[0]), 6 * np.bincount(centres))
    drawn = np.bincount(rows[1][rows[2] == 0])
    assert drawn.sum() == 5 * len(centres)
    np.testing.assert_allclose(drawn / drawn.sum(), skipgram.noise_distribution(np.bincount(contexts)), atol=0.01)


@given(SEEDS, st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_cosine_knows_directions_and_not_lengths(seed, one, two):
    table = np.random.default_rng(seed).normal(size=(2, 4))
    scaled = skipgram.cosines(table * np.array([[one], [two]]))
    np.testing.assert_allclose(scaled, skipgram.cosines(table), atol=1e-12)
    np.testing.assert_allclose(np.diag(scaled), 1)
    assert skipgram.cosines(table * [[one], [-two]])[0, 1] == pytest.approx(-scaled[0, 1])
    assert (skipgram.cosines(table * [[one], [0]])[1] == 0).all()


def test_neighbours_are_sorted_and_leave_the_word_out():
    similar = np.array([[1, 0.2, 0.9, 1], [0.2, 1, 0, 0], [0.9, 0, 1, 0], [1, 0, 0, 1]])
    assert skipgram.neighbours(similar, 0, 2).tolist() == [3, 2]


@given(SEEDS)
def test_two_principal_components_have_the_two_largest_variances(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(9, 4)) * rng.uniform(0.1, 5, 4)
    flat = skipgram.pca(table)  # (9, 2)
    best = np.sort(np.linalg.eigvalsh(np.cov(table.T, bias=True)))[::-1][:2]
    np.testing.assert_allclose(np.cov(flat.T, bias=True), np.diag(best), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(skipgram.pca(table + 3), flat, atol=1e-9)
    moments = np.stack([rng.normal(size=table.shape), table])
    np.testing.assert_allclose(skipgram.pca(moments)[1], flat, atol=1e-9)
