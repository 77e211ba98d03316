"""The speaker is the captioner's own LSTM: same odds at every word, and hands that hold its gates do what they say."""

import numpy as np
import pytest

from captionlib import Captioner
from captionlib.course.probes.speaker import Speaker, tells

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
    told = Speaker.of(captioner).read(WORDS, start)
    state = {"hidden": start[0][None], "cell": start[1][None]}
    for t, word in enumerate(WORDS):
        token = np.array([captioner.tokenizer.ids[word]])
        logits, state, _ = captioner.decoder.step(token, state, None)
        odds = np.exp(logits[0]) / np.exp(logits[0]).sum()
        np.testing.assert_allclose(told["odds"][t], odds, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(told["c"][t], state["cell"][0], rtol=1e-4, atol=1e-5)


def test_a_hand_at_one_word_leaves_the_words_before_alone(captioner, start):
    speaker = Speaker.of(captioner)
    free, held = speaker.read(WORDS, start), speaker.read(WORDS, start, {"f": 0}, at=2)
    assert (free["c"][:2] == held["c"][:2]).all() and not held["f"][2].any() and held["f"][3].any()
    frozen = speaker.read(WORDS, start, {"i": 0, "f": 1})
    assert (frozen["c"] == start[1]).all()
    assert np.allclose(held["odds"].sum(axis=1), 1)


def test_it_goes_on_to_the_end_and_reads_words_it_does_not_know(captioner, start):
    speaker = Speaker.of(captioner)
    assert speaker.read(["<start>", "dog"], start)["odds"].shape == (2, len(speaker.vocabulary))
    said = speaker.go_on(WORDS, start)
    assert "<end>" not in said and set(said) <= set(speaker.vocabulary)
    assert len(speaker.go_on(WORDS, start, {"f": 0}, most=5)) <= 5


def test_a_unit_that_knows_wins_all_pairs_and_one_that_does_not_wins_half():
    rng = np.random.default_rng(0)
    yes = rng.random(300) < 0.3
    values = np.stack([yes + rng.random(300), -1.0 * yes + rng.random(300), rng.random(300)], axis=1)
    every, none, half = tells(values, yes)
    assert (every, none) == (1, 0) and 0.4 < half < 0.6
    assert half == (values[yes, 2][:, None] > values[~yes, 2]).mean()
