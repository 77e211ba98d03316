"""The stored counts of Flickr8k: what the lesson says of them, and that a smaller vocabulary misses more."""

import numpy as np

from captionlib.course.probes import word_counts


def test_half_of_the_text_is_29_words_and_many_occur_once():
    counts = word_counts.flickr8k_counts()
    assert len(counts) == 7630 and counts.sum() == 323_639 and (np.diff(counts) <= 0).all()
    assert np.argmax(counts.cumsum() >= counts.sum() / 2) + 1 == 29
    assert (counts == 1).sum() == 3131


def test_a_vocabulary_of_words_seen_five_times():
    size, words, captions = word_counts.flickr8k_vocabulary(5)
    assert size == (word_counts.flickr8k_counts() >= 5).sum() == 2537
    assert round(words, 3) == 0.034 and round(captions, 3) == 0.278
    text, captions = word_counts.rows()[:, 2:].sum(axis=0)
    assert 10.5 < text / captions < 11.5  # words per caption


def test_a_larger_vocabulary_misses_less_and_all_words_are_not_enough():
    sizes, words, captions = np.transpose([word_counts.flickr8k_vocabulary(n) for n in (1, 2, 5, 20, 1000, 99_999)])
    assert (np.diff(sizes) < 0).all() and (np.diff(words) > 0).all() and (np.diff(captions) > 0).all()
    assert 0.01 < words[0] < 0.02 and 0.12 < captions[0] < 0.13
    assert sizes[-1] == 0 and words[-1] == captions[-1] == 1
