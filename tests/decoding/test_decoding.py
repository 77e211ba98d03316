"""Greedy, beam and sampling: laws that hold for every decoder, and beam search against brute force."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from captionlib import decoding
from captionlib.models import MODELS
from captionlib.models.decoder import Decoder
from captionlib.text import END, PAD, START, UNK

V, L, D, N = 30, 6, 10, 9


@pytest.fixture(scope="module", params=MODELS)
def decoder(request):
    keras.utils.set_random_seed(11)
    decoder = MODELS[request.param](V, L, D, units=16, max_length=7)
    rng = np.random.default_rng(2)
    for weight in decoder.trainable_variables:
        weight.assign(rng.normal(size=weight.shape, scale=0.5))
    return decoder


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(4).normal(size=(N, L, D)).astype("float32")


WAYS = {
    "greedy": lambda d, f: decoding.greedy(d, f),
    "beam 1": lambda d, f: decoding.beam(d, f, 1),
    "beam 4": lambda d, f: decoding.beam(d, f, 4),
    "beam 40, wider than the vocabulary": lambda d, f: decoding.beam(d, f, 40),
    "sampling": lambda d, f: decoding.sample(d, f, seed=3),
    "hot, cut": lambda d, f: decoding.sample(d, f, temperature=3.0, top_k=20, top_p=0.9),
}


def check_captions(tokens, max_length):
    """One to max_length words, then <end>, then only <pad>; no other special token."""
    for row in tokens:
        length = int(np.argmax(row == END))
        assert 1 <= length <= max_length and row[length] == END
        assert not np.isin(row[:length], [PAD, START, UNK, END]).any()
        assert (row[length + 1 :] == PAD).all()


@pytest.mark.parametrize("way", WAYS)
def test_captions_are_well_formed_and_end(decoder, features, way):
    decoded = WAYS[way](decoder, features)
    check_captions(decoded.tokens, decoder.max_length)
    assert (decoded.log_probs < 0).all()


@pytest.mark.parametrize("way", WAYS)
def test_a_decoder_that_never_wants_to_end_is_ended(decoder, features, way):
    bias = decoder.to_logits.bias.numpy().copy()
    try:
        decoder.to_logits.bias.assign(
            bias - 1000.0 * (np.arange(V) == END) + 1000.0 * np.isin(np.arange(V), [PAD, UNK])
        )
        check_captions(WAYS[way](decoder, features).tokens, decoder.max_length)
    finally:
        decoder.to_logits.bias.assign(bias)


def log_prob(decoder, feature, ids):
    """Log-probability of a caption (words and <end>) by teacher forcing, over the words that may be said."""
    logits = decoder(feature[None], np.array([[START, *ids[:-1]]], "int32"))[0].numpy().astype("float64")
    total = 0.0
    for t, word in enumerate(ids):
        allowed = [w for w in range(V) if w not in (PAD, START, UNK)]
        allowed = [w for w in allowed if w != END or t > 0] if t < decoder.max_length else [END]
        scores = logits[t][allowed]
        total += logits[t][word] - scores.max() - np.log(np.exp(scores - scores.max()).sum())
    return total


@pytest.mark.parametrize("way", ["greedy", "beam 4", "sampling"])
def test_log_prob_is_that_of_the_caption(decoder, features, way):
    decoded = WAYS[way](decoder, features)
    for feature, row, value in zip(features, decoded.tokens, decoded.log_probs, strict=True):
        ids = [int(i) for i in row if i != PAD]
        assert value == pytest.approx(log_prob(decoder, feature, ids), abs=2e-3)


def test_beam_1_is_greedy(decoder, features):
    one, greedy = decoding.beam(decoder, features, 1), decoding.greedy(decoder, features)
    np.testing.assert_array_equal(one.tokens, greedy.tokens)
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), one.attention, greedy.attention)


@pytest.mark.parametrize("way", ["greedy", "beam 4"])
def test_a_batch_gives_what_one_by_one_gives(decoder, features, way):
    together = WAYS[way](decoder, features)
    for i in range(N):
        alone = WAYS[way](decoder, features[i : i + 1])
        length = alone.tokens.shape[1]
        np.testing.assert_array_equal(alone.tokens[0], together.tokens[i, :length])
        assert (together.tokens[i, length:] == PAD).all()


def test_chunks_do_not_matter(decoder, features, monkeypatch):
    whole = decoding.beam(decoder, features, 3)
    monkeypatch.setattr(decoding, "BATCH", 4)
    np.testing.assert_array_equal(whole.tokens, decoding.beam(decoder, features, 3).tokens)


@pytest.mark.parametrize("way", ["greedy", "beam 4"])
def test_attention_is_that_of_the_caption(decoder, features, way):
    """The maps are those that teacher forcing along the winning caption gives: back-pointers were followed."""
    decoded = WAYS[way](decoder, features)
    _, expected = decoder(
        features, np.insert(decoded.tokens[:, :-1], 0, START, axis=1).astype("int32"), return_attention=True
    )

    def compare(maps, true):
        for i, row in enumerate(decoded.tokens):
            said = row != PAD
            np.testing.assert_allclose(maps[i][said], np.asarray(true)[i][said], atol=1e-4)

    tf.nest.map_structure(compare, decoded.attention, expected)


def test_sampling_is_seeded_and_cut(decoder, features):
    def tokens(**settings):
        return decoding.sample(decoder, features, **settings).tokens

    np.testing.assert_array_equal(tokens(seed=5), tokens(seed=5))
    assert any(tokens(seed=5).shape != tokens(seed=s).shape or (tokens(seed=5) != tokens(seed=s)).any() for s in (6, 7))
    greedy = decoding.greedy(decoder, features).tokens
    np.testing.assert_array_equal(tokens(top_k=1), greedy)
    np.testing.assert_array_equal(tokens(top_p=1e-6), greedy)
    np.testing.assert_array_equal(tokens(temperature=1e-4), greedy)


def test_top_p_keeps_the_fewest_that_hold_p():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]]).astype("float32")
    kept = {p: (decoding.keep_best(logits, 0, p).numpy() > -1e8).sum() for p in (0.4, 0.5, 0.6, 0.81, 0.96)}
    assert kept == {0.4: 1, 0.5: 1, 0.6: 2, 0.81: 3, 0.96: 4}


class Chain(Decoder):
    """A toy language: the odds of the next word depend on the last word and the picture."""

    def __init__(self, table, max_length):
        super().__init__(table.shape[-1], 1, 1, 1, 0.0, max_length)
        self.table = tf.constant(table, tf.float32)  # (pictures, V, V)

    def prepare(self, features):
        return {"picture": tf.cast(features[:, 0, 0], tf.int32)}

    def initial_state(self, memory):
        return dict(memory)

    def step(self, token, state, memory):
        return tf.gather_nd(self.table, tf.stack([state["picture"], token], 1)), state, {}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_beam_finds_what_brute_force_finds(seed, penalty):
    """Four words, at most four of them: a beam that can hold all 4 ** 4 beginnings must find the best caption."""
    size, longest = 8, 4
    table = np.random.default_rng(seed).normal(size=(3, size, size), scale=2.0)
    decoder, pictures = Chain(table, longest), np.arange(3, dtype="float32")[:, None, None]
    decoded = decoding.beam(decoder, pictures, 400, length_penalty=penalty)
    for picture in range(3):
        scores = {}
        for length in range(1, longest + 1):
            for words in itertools.product(range(4, size), repeat=length):
                ids, total = [*words, END], 0.0
                for t, (before, word) in enumerate(zip([START, *words], ids, strict=True)):
                    allowed = [END] if t == longest else [*([END] if t else []), *range(4, size)]
                    odds = table[picture, before][allowed]
                    total += table[picture, before, word] - np.log(np.exp(odds).sum())
                scores[tuple(ids)] = total / len(ids) ** penalty
        best = max(scores, key=scores.get)
        assert tuple(int(i) for i in decoded.tokens[picture] if i != PAD) == best
