"""Step 3, text: how often people use each word, and what a vocabulary of some size leaves out (lesson 04).

The counts are those of Flickr8k (Hodosh, Young and Hockenmaier 2013); its captions do not ship with the package. The
script `docs/results/flickr8k_words.py` counts them again where the data set is present.
"""

import json
from importlib.resources import files

import numpy as np


def rows() -> np.ndarray:
    """Read the stored counts.

    Returns:
        (N, 4), one row for each count that a word can have in `train`, from 0 up: the count, how many words of `train`
        have it, how many words of `val`'s text these are, and in how many captions of `val` one of them is the rarest.
    """
    return np.array(
        json.loads(files("captionlib").joinpath("pretrained/flickr8k_words.json").read_text("utf8"))["rows"]
    )


def flickr8k_counts() -> np.ndarray:
    """How often each word of Flickr8k's `train` occurs, (7630,), the most frequent first."""
    counts, words, *_ = rows()[::-1].T
    return np.repeat(counts, words)


def flickr8k_vocabulary(min_count: int) -> tuple[int, float, float]:
    """Measure a vocabulary of all words that occur at least `min_count` times in Flickr8k's `train`.

    Args:
        min_count: The smallest count that a word needs, from 1.

    Returns:
        Its number of words, the share of the words of `val`'s text that are not in it, and the share of `val`'s
        captions with at least one such word (both 0 to 1).
    """
    counts, words, text, captions = rows().T
    left_out = counts < min_count
    return (
        int(words[~left_out].sum()),
        float(text[left_out].sum() / text.sum()),
        float(captions[left_out].sum() / captions.sum()),
    )
