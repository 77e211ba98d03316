"""The decoder in NumPy is the captioner's own: same probabilities at every word, and clamped gates are clamped."""

from dataclasses import replace

import numpy as np
import pytest

from captionlib import Captioner
from captionlib.course.probes.numpy_decoder import NumpyDecoder

WORDS = ["<start>", "a", "red", "boat"]


@pytest.fixture(scope="module")
def captioner():
    return Captioner.load("toyscenes_show_and_tell")


@pytest.fixture(scope="module")
def start(captioner):
    features = np.random.default_rng(0).normal(size=(1, 144, 128)).astype("float32")
    memory = captioner.decoder.prepare(features)
    return tuple(np.asarray(memory[name])[0] for name in ("hidden", "cell"))


def test_it_says_what_the_captioner_says(captioner, start):
    trace = NumpyDecoder.from_captioner(captioner).read(WORDS, start)
    state = {"hidden": start[0][None], "cell": start[1][None]}
    for t, word in enumerate(WORDS):
        token = np.array([captioner.tokenizer.ids[word]])
        logits, state, _ = captioner.decoder.step(token, state, None)
        probs = np.exp(logits[0]) / np.exp(logits[0]).sum()
        np.testing.assert_allclose(trace["probs"][t], probs, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(trace["c"][t], state["cell"][0], rtol=1e-4, atol=1e-5)


def test_a_gate_clamped_at_one_word_leaves_the_words_before_alone(captioner, start):
    decoder = NumpyDecoder.from_captioner(captioner)
    free, clamped = decoder.read(WORDS, start), decoder.read(WORDS, start, {"f": 0}, at=2)
    assert (free["c"][:2] == clamped["c"][:2]).all() and not clamped["f"][2].any() and clamped["f"][3].any()
    frozen = decoder.read(WORDS, start, {"i": 0, "f": 1})
    assert (frozen["c"] == start[1]).all()
    assert np.allclose(clamped["probs"].sum(axis=1), 1)


def test_it_completes_a_sentence_and_reads_words_out_of_its_vocabulary(captioner, start):
    decoder = NumpyDecoder.from_captioner(captioner)
    assert decoder.read(["<start>", "dog"], start)["probs"].shape == (2, len(decoder.vocabulary))
    added = decoder.complete(WORDS, start)
    assert "<end>" not in added and set(added) <= set(decoder.vocabulary)
    assert len(decoder.complete(WORDS, start, {"f": 0}, max_words=5)) <= 5


@pytest.mark.parametrize("at", [None, 2])
@pytest.mark.parametrize("clamp", [None, {"f": 0}, {"g": 0}, {"o": 1}, {"i": 0, "f": 1}])
def test_word_gradients_are_those_of_finite_differences(clamp, at):
    rng, words, units = np.random.default_rng(1), ["<start>", "a", "red", "boat"], 3
    shapes = [(6, 2), (2, 4 * units), (units, 4 * units), (4 * units,), (units, 6), (6,)]
    decoder = NumpyDecoder(["<pad>", "<start>", "<unk>", "a", "red", "boat"], *(rng.normal(size=s) for s in shapes))
    start = rng.normal(size=units), rng.normal(size=units)
    trace = decoder.read(words, start, clamp, at)
    gradients = decoder.word_gradients(words, start, trace, clamp, at)
    best = trace["probs"][-1].argmax()

    def log_prob(row, column, change):
        embeddings = decoder.embeddings.copy()
        embeddings[row, column] += change
        return np.log(replace(decoder, embeddings=embeddings).read(words, start, clamp, at)["probs"][-1, best])

    for t, word in enumerate(words):
        for column in range(2):
            row = decoder.vocabulary.index(word)
            slope = (log_prob(row, column, 1e-5) - log_prob(row, column, -1e-5)) / 2e-5
            assert gradients[t, column] == pytest.approx(slope, rel=1e-5, abs=1e-8)
