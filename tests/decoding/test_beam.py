"""Beam search against brute force and a plain search, and its laws on scenes that the project ships a model for."""

import itertools
from random import Random

import numpy as np
import pytest

from captionlib.captioner import Captioner
from captionlib.data import toyscenes
from captionlib.decoding import beam_search, greedy
from captionlib.decoding.beam import backtrack, search_beams
from captionlib.errors import CaptionlibError
from captionlib.text import END, PAD, START
from decoding.chain import Chain, pictures


def allowed(t, longest, size):
    """The words that may follow t words."""
    return [END] if t == longest else [*([END] if t else []), *range(4, size)]


def log_probs_after(table, word, t, longest):
    """{word: log-probability} of all that may follow `word`, which was word t."""
    words = allowed(t, longest, table.shape[1])
    total = np.log(np.exp(table[word][words]).sum())
    return {w: table[word, w] - total for w in words}


def caption(row):
    return tuple(int(i) for i in row if i != PAD)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_it_finds_what_brute_force_finds(seed, penalty):
    """Four words, at most four of them: a beam that can hold all 4 ** 4 beginnings must find the best caption."""
    size, longest = 8, 4
    tables = np.random.default_rng(seed).normal(size=(3, size, size), scale=2.0)
    decoded = beam_search(Chain(tables, longest), pictures(3), 400, length_penalty=penalty)
    for table, row in zip(tables, decoded.tokens, strict=True):
        scores = {}
        for length in range(1, longest + 1):
            for words in itertools.product(range(4, size), repeat=length):
                ids = (START, *words, END)
                steps = [log_probs_after(table, ids[t], t, longest)[ids[t + 1]] for t in range(length + 1)]
                scores[ids[1:]] = sum(steps) / len(steps) ** penalty
        assert caption(row) == max(scores, key=scores.get)


def plain_search(table, longest, beams, penalty):
    """The same search for one picture in plain Python, without ending early: the best caption and its score."""
    growing, pool = [((START,), 0.0)], {}
    for t in range(longest + 1):
        grown = []
        for ids, total in growing:
            for word, log_prob in log_probs_after(table, ids[-1], t, longest).items():
                if word == END:
                    pool[(*ids[1:], END)] = (total + log_prob) / (t + 1) ** penalty
                else:
                    grown.append(((*ids, word), total + log_prob))
        growing = sorted(grown, key=lambda pair: -pair[1])[:beams]
    best = max(pool, key=pool.get)
    return best, pool[best]


@pytest.mark.parametrize("beams", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_a_narrow_beam_finds_what_a_plain_search_finds(beams, penalty):
    """Also where captions end at very different lengths, and the others of the batch go on."""
    tables = np.random.default_rng(beams).normal(size=(60, 12, 12), scale=2.0)
    tables[:30, :, END] += 2.0
    decoded = beam_search(Chain(tables, 7), pictures(60), beams, penalty)
    lengths = (decoded.tokens != PAD).sum(axis=1)
    assert len(set(lengths)) > 3
    for table, row, score in zip(tables, decoded.tokens, decoded.log_probs / lengths**penalty, strict=True):
        expected, best = plain_search(table, 7, beams, penalty)
        assert caption(row) == expected
        assert score == pytest.approx(best, abs=1e-5)


def test_a_finished_caption_is_not_lost_to_beginnings_that_look_better():
    """ "4 <end>" has probability 0.20; its rivals begin with 0.4 each and then spread over many words."""
    probs = np.full((20, 20), 1e-9)
    probs[START, [4, 5, 6]] = 0.2, 0.4, 0.4
    probs[4, END] = 1.0
    probs[[5, 6], 7:] = 1 / 13
    probs[7:, END] = 1.0
    for beams in (3, 4):
        decoded = beam_search(Chain(np.log(probs)[None], 5), pictures(1), beams, length_penalty=0.0)
        assert caption(decoded.tokens[0]) == (4, END)
        assert np.exp(decoded.log_probs[0]) == pytest.approx(0.2, abs=1e-3)


@pytest.fixture(scope="module")
def scenes():
    """The decoder of the shipped model and the features of 500 validation scenes."""
    captioner, rng, images = Captioner.load("toyscenes_show_attend_tell"), Random(1), []
    for _ in range(500):
        scene = toyscenes.random_scene(rng)
        toyscenes.describe(scene, rng)  # as `toyscenes.load` makes them: one generator for scenes and captions
        images.append(toyscenes.draw(scene))
    features = [captioner.encoder(np.stack(images[i : i + 100])) for i in range(0, 500, 100)]
    return captioner.decoder, np.concatenate(features).astype("float32")


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_no_finished_caption_of_a_scene_scores_higher(scenes, penalty):
    decoder, features = scenes
    decoded = beam_search(decoder, features, 3, penalty)
    returned = decoded.log_probs / (decoded.tokens != PAD).sum(axis=1) ** penalty  # (N,)
    words, parents, finished, _ = (record.numpy() for record in search_beams(decoder, features, 3, penalty))
    scores = finished / np.arange(1, len(finished) + 1)[:, None, None] ** penalty  # (T, N, K)
    assert (scores <= returned[:, None] + 1e-4).all()
    assert np.isfinite(scores).sum(axis=(0, 2)).min() > 3  # there was something to choose from
    for t, picture, beam in np.argwhere(np.isfinite(finished))[::4999]:  # and it is what the decoder gives these words
        everywhere = np.arange(len(features)) == picture
        tokens = backtrack(words, parents, np.where(everywhere, t, 0), np.where(everywhere, beam, 0))[0][picture]
        assert finished[t, picture, beam] == pytest.approx(
            log_prob(decoder, features[picture], caption(tokens)), abs=1e-3
        )


def log_prob(decoder, feature, ids):
    """Log-probability of a caption by teacher forcing, over the words that are allowed."""
    logits = decoder(feature[None], np.array([[START, *ids[:-1]]], "int32"))[0].numpy().astype("float64")
    steps = [log_probs_after(logits[t][None], 0, t, decoder.max_length) for t in range(len(ids))]
    return sum(step[word] for step, word in zip(steps, ids, strict=True))


def test_one_beam_is_at_least_as_good_as_greedy(scenes):
    """It grows along greedy's words, and greedy's caption is in its pool."""
    decoder, features = scenes
    one, other = beam_search(decoder, features, 1, 0.0), greedy(decoder, features)
    assert (one.log_probs >= other.log_probs - 1e-4).all()


@pytest.mark.parametrize("settings", [{"beams": 0}, {"beams": 2.0}, {"beams": -1}, {"beams": "3"},
                                      {"length_penalty": -0.1}, {"length_penalty": float("nan")},
                                      {"length_penalty": float("inf")}])  # fmt: skip
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(CaptionlibError, match=next(iter(settings))):
        beam_search(Chain(np.zeros((1, 6, 6)), 3), pictures(1), **settings)
