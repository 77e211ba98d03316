"""Sampling: seeds, temperature, cuts, ranges, and that no setting draws a forbidden word or compiles again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.decoding import greedy, sample
from captionlib.decoding.sampling import top_k_top_p
from captionlib.errors import CaptionlibError
from captionlib.text import END, PAD, START, UNK
from decoding.chain import Chain, pictures

LONGEST, SIZE = 6, 12
FORBIDDEN_FIRST = np.random.default_rng(0).normal(size=(40, SIZE, SIZE), scale=2.0)
FORBIDDEN_FIRST[:, :, [PAD, START, UNK]] += 50.0  # the decoder wants nothing more than what is forbidden
CHAIN = Chain(FORBIDDEN_FIRST, LONGEST)
TEMPERATURES = st.floats(1e-30, 1e30)
TOP_P = st.floats(0, 1, exclude_min=True)


def tokens(**options):
    return sample(CHAIN, pictures(40), **options).tokens


@settings(max_examples=30, deadline=None)
@given(TEMPERATURES, st.integers(0, SIZE + 3), TOP_P, st.integers(0, 2**40))
def test_no_setting_draws_a_forbidden_word(temperature, top_k, top_p, seed):
    for row in tokens(temperature=temperature, top_k=top_k, top_p=top_p, seed=seed):
        length = int(np.argmax(row == END))
        assert 1 <= length <= LONGEST and row[length] == END
        assert not np.isin(row[:length], [PAD, START, UNK, END]).any()
        assert (row[length + 1 :] == PAD).all()


def test_a_new_setting_does_not_compile_again():
    chain = Chain(FORBIDDEN_FIRST, LONGEST)
    sample(chain, pictures(2))
    traced = chain.traced
    for i in range(50):
        sample(chain, pictures(2), temperature=0.5 + i / 10, top_k=i % 7, top_p=1 - i / 60, seed=i)
    assert chain.traced == traced


def test_the_same_seed_draws_the_same_and_another_does_not():
    np.testing.assert_array_equal(tokens(seed=5), tokens(seed=5))
    assert tokens(seed=5).shape != tokens(seed=6).shape or (tokens(seed=5) != tokens(seed=6)).any()


@pytest.mark.parametrize("only_the_best", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-30}])
def test_the_narrowest_settings_are_greedy(only_the_best):
    np.testing.assert_array_equal(tokens(**only_the_best, seed=3), greedy(CHAIN, pictures(40)).tokens)


def test_words_are_drawn_as_often_as_temperature_says():
    """First words of 4000 captions, at temperature 2: in proportion to the square roots of the probabilities."""
    probs = np.array([0, 0, 0, 0, 0.64, 0.16, 0.16, 0.04])
    table = np.log(np.maximum(probs, 1e-30))[None, None].repeat(8, axis=1)
    drawn = sample(Chain(table, 3), np.zeros((4000, 1, 1), "float32"), temperature=2.0).tokens[:, 0]
    expected = np.sqrt(probs) / np.sqrt(probs).sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=8) / 4000, expected, atol=0.03)


@given(st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=30), st.integers(0, 33), TOP_P, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_cut_holds_the_best_word_enough_probability_and_nothing_more(values, top_k, top_p, rng):
    forbidden = rng.sample(range(len(values)), rng.randrange(len(values)))
    logits = np.array(values, "float32")
    logits[forbidden] = -np.inf
    kept = np.isfinite(top_k_top_p(logits[None], top_k, np.float32(top_p)).numpy()[0])
    assert kept[logits.argmax()] and not kept[forbidden].any()
    best = np.argsort(-logits, kind="stable")[: top_k or len(logits)]
    assert set(np.flatnonzero(kept)) <= set(best)
    probs = np.exp(logits[best].astype("float64") - logits.max())
    probs = dict(zip(best, probs / probs.sum(), strict=True))  # of the k likeliest words
    held = sorted(probs[i] for i in np.flatnonzero(kept))
    assert sum(held) >= top_p - 1e-5  # enough
    assert top_p == 1 or sum(held[1:]) < top_p + 1e-5  # and one word fewer would be too few
    assert min(held) >= max([p for i, p in probs.items() if not kept[i]], default=0)  # and they are the likeliest


def test_the_cut_by_hand():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]]).astype("float32")
    kept = {p: np.isfinite(top_k_top_p(logits, 0, p).numpy()).sum() for p in (0.4, 0.5, 0.6, 0.81, 0.96, 1.0)}
    assert kept == {0.4: 1, 0.5: 1, 0.6: 2, 0.81: 3, 0.96: 4, 1.0: 4}
    kept = {k: np.isfinite(top_k_top_p(np.zeros((1, 4), "float32"), k, 1.0).numpy()).sum() for k in (0, 1, 3, 4, 9)}
    assert kept == {0: 4, 1: 1, 3: 3, 4: 4, 9: 4}  # of equals, exactly k


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("option, value", [
    *(("temperature", value) for value in (0, 0.0, -1.0, NAN, INF, 1e-40)),
    *(("top_k", value) for value in (-1, 2.0, NAN, "3")),
    *(("top_p", value) for value in (0, -0.1, 1.1, NAN, INF)),
])  # fmt: skip
def test_settings_out_of_range_are_refused(option, value):
    with pytest.raises(CaptionlibError, match=f"^{option} is .*: give"):
        tokens(**{option: value})
