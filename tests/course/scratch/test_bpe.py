"""Byte-pair encoding: the paper's own code learns the same merges, and no letter is lost."""

import collections
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.scratch import bpe

FIVE = {"sits": 5, "runs": 4, "sails": 3, "sitting": 2, "running": 2}
WORDS = st.dictionaries(st.text("abc", min_size=1, max_size=6), st.integers(1, 9), min_size=1, max_size=6)


def as_in_the_paper(words, merges):
    """Learn merges with the regular expression of Sennrich et al. 2016, algorithm 1."""
    vocab, learned = {" ".join([*word, "_"]): count for word, count in words.items()}, []
    for _ in range(merges):
        pairs = collections.defaultdict(int)
        for word, count in vocab.items():
            symbols = word.split()
            for i in range(len(symbols) - 1):
                pairs[symbols[i], symbols[i + 1]] += count
        if not pairs:
            break
        best = sorted(pairs, key=lambda pair: (-pairs[pair], pair))[0]
        pattern = re.compile(r"(?<!\S)" + re.escape(" ".join(best)) + r"(?!\S)")
        vocab = {pattern.sub("".join(best), word): count for word, count in vocab.items()}
        learned.append(best)
    return learned


@given(WORDS)
@settings(max_examples=50, deadline=None)
def test_the_papers_code_learns_the_same_merges(words):
    assert bpe.learn(words, 9) == as_in_the_paper(words, 9)


@given(WORDS, st.text("abcd", min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_symbols_put_together_are_the_word(words, word):
    assert "".join(bpe.encode(word, bpe.learn(words, 9))) == word + bpe.END


def test_the_five_words_of_the_lesson():
    merges = bpe.learn(FIVE, 10)
    assert merges[:3] == [("s", "_"), ("i", "t"), ("s", "it")]
    assert bpe.encode("sits", merges) == ["sits_"] and bpe.encode("running", merges) == ["run", "n", "ing_"]
    assert bpe.encode("sailing", merges) == ["s", "a", "i", "l", "ing_"], "a word that it never saw"


def test_merging_ends_when_every_word_is_one_symbol():
    assert bpe.learn({"ab": 1}, 99) == [("a", "b"), ("ab", "_")]
    assert bpe.merge(["a", "a", "a"], ("a", "a")) == ["aa", "a"]


def test_every_merge_makes_the_text_shorter():
    lengths = [bpe.length(FIVE, bpe.learn(FIVE, merges)) for merges in range(11)]
    assert lengths[0] == 5 * 5 + 4 * 5 + 3 * 6 + 2 * 8 + 2 * 8
    assert lengths[1] == lengths[0] - 12  # s _ occurs 12 times
    assert sorted(lengths, reverse=True) == lengths
