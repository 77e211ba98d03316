"""Word vectors in NumPy: the lookup is Keras' Embedding, the loss is TensorFlow's, and the laws hold."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.scratch import skipgram
from captionlib.data import toyscenes
from captionlib.data.toyscenes import language
from captionlib.text import Tokenizer

SEEDS = st.integers(0, 999)


def case(seed):
    """Two tables (V, D), centres (B,) and words (B, 1 + K), in which rows are read more than once."""
    rng = np.random.default_rng(seed)
    rows, width, batch, words = rng.integers(2, 7), rng.integers(1, 5), rng.integers(1, 9), rng.integers(2, 6)
    tables = rng.normal(size=(2, rows, width)).astype("float32")
    return *tables, rng.integers(0, rows, batch), rng.integers(0, rows, (batch, words))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_lookup_is_one_hot_times_table_and_keras_embedding(seed):
    table, _, _, ids = case(seed)
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
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_loss_and_its_gradients_are_tensorflows(seed):
    vectors, context, centres, words = case(seed)
    mine = skipgram.loss_and_gradients(vectors, context, centres, words)
    one, two = tf.Variable(vectors), tf.Variable(context)
    with tf.GradientTape() as tape:
        scores = tf.einsum("bkd,bd->bk", tf.gather(two, words), tf.gather(one, centres))
        labels = tf.one_hot(tf.zeros(len(centres), tf.int32), words.shape[1])
        loss = tf.reduce_mean(tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels, scores), axis=1))
    theirs = [tf.convert_to_tensor(part) for part in tape.gradient(loss, [one, two])]
    for ours, other in zip(mine, [loss, *theirs], strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-5, atol=1e-6)


def test_adagrad_is_keras_adagrad():
    rng = np.random.default_rng(0)
    table, accumulator = rng.normal(size=(4, 3)).astype("float32"), np.full((4, 3), 0.1, "float32")
    weight = tf.Variable(table)
    theirs = keras.optimizers.Adagrad(0.3, initial_accumulator_value=0.1, epsilon=1e-8)
    for _ in range(5):
        gradient = rng.normal(size=(4, 3)).astype("float32")
        skipgram.adagrad(table, gradient, accumulator, 0.3)
        theirs.apply([tf.constant(gradient)], [weight])
    np.testing.assert_allclose(table, weight, rtol=1e-5, atol=1e-6)


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


def test_training_draws_negative_samples_as_often_as_it_should(monkeypatch):
    seen = []
    step = skipgram.loss_and_gradients

    def watched(vectors, context, centres, words):
        seen.append(words[:, 1:].ravel())
        return step(vectors, context, centres, words)

    monkeypatch.setattr(skipgram, "loss_and_gradients", watched)
    skipgram.train([[0, 1] * 9, [2, 1, 1, 2]] * 400, 3, embedding=2, window=1, epochs=2)
    drawn = np.bincount(np.concatenate(seen), minlength=3)
    _, contexts = skipgram.pairs([[0, 1] * 9, [2, 1, 1, 2]] * 400, 1)
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
    assert skipgram.share_in_group(similar, [0, 2, 3], 1) == (1, 2 / 3)
    assert skipgram.share_in_group(similar, [0, 1], 2) == (1 / 4, 1 / 3)


@pytest.mark.parametrize("order, rank", [([0, 1, 2, 3, 4], 1), ([2, 3, 4, 0, 1], 1), ([0, 2, 4, 1, 3], 12)])
def test_a_ring_of_similar_neighbours_has_rank_1(order, rank):
    angles = np.linspace(0, 2 * np.pi, 5, endpoint=False)[order]
    table = np.column_stack([np.cos(angles), np.sin(angles)]) * np.array([[1], [5], [0.2], [3], [1]])
    assert skipgram.rank_of_ring(table) == (rank, 12)


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


def test_captions_teach_which_words_belong_together():
    _, _, captions = toyscenes.compose()
    some = [captions[f"train_{i:04d}"][0] for i in range(0, 6000, 3)]
    tokenizer = Tokenizer.fit(some)
    history, losses = skipgram.train(
        [tokenizer.encode(c)[1:-1] for c in some], len(tokenizer), epochs=4, learning_rate=0.1
    )
    assert history.shape == (5, len(tokenizer), 16) and losses == sorted(losses, reverse=True)
    similar = skipgram.cosines(history[-1])
    for words in (language.COLOUR, language.NOUN, language.ACTION):
        share, chance = skipgram.share_in_group(similar, [tokenizer.ids[w] for w in words if w in tokenizer.ids])
        assert share > 0.8 > 0.3 > chance
