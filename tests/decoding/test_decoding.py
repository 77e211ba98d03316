"""Greedy, beam search and sampling: laws that hold for every decoder."""

import keras
import numpy as np
import pytest

from captionlib.decoding import beam_search, greedy, loop, sample
from captionlib.models import MODELS
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
    "greedy": lambda d, f: greedy(d, f),
    "beam 1": lambda d, f: beam_search(d, f, 1),
    "beam 4": lambda d, f: beam_search(d, f, 4),
    "beam 40, wider than the vocabulary": lambda d, f: beam_search(d, f, 40),
    "sampling": lambda d, f: sample(d, f, seed=3),
    "hot, cut": lambda d, f: sample(d, f, temperature=3.0, top_k=20, top_p=0.9),
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


@pytest.mark.parametrize("way", ["greedy", "beam 4"])
def test_a_batch_gives_what_one_by_one_gives(decoder, features, way):
    together = WAYS[way](decoder, features)
    for i in range(N):
        alone = WAYS[way](decoder, features[i : i + 1])
        length = alone.tokens.shape[1]
        np.testing.assert_array_equal(alone.tokens[0], together.tokens[i, :length])
        assert (together.tokens[i, length:] == PAD).all()


def test_chunks_do_not_matter(decoder, features, monkeypatch):
    whole = beam_search(decoder, features, 3)
    monkeypatch.setattr(loop, "BATCH", 4)
    np.testing.assert_array_equal(whole.tokens, beam_search(decoder, features, 3).tokens)


@pytest.mark.parametrize("way", ["greedy", "beam 4"])
def test_attention_is_that_of_the_caption(decoder, features, way):
    """The maps are those that teacher forcing along the winning caption gives: back-pointers were followed."""
    decoded = WAYS[way](decoder, features)
    read = np.insert(decoded.tokens[:, :-1], 0, START, axis=1).astype("int32")
    _, expected = decoder(features, read, return_attention=True)
    if expected is None:
        assert decoded.attention is None
    else:
        expected = np.where((decoded.tokens != PAD)[..., None, None], expected, 0)
        np.testing.assert_allclose(decoded.attention, expected, atol=1e-4)
