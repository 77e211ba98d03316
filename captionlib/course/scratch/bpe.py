"""Step 3, text: byte-pair encoding, subwords learned by merging frequent pairs of symbols (lesson 04).

Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1. A word is
a list of symbols: its letters and `END`, which says where the word ends.
"""

from collections import Counter

END = "_"
Pair = tuple[str, str]


def merge(symbols: list[str], pair: Pair) -> list[str]:
    """Join every occurrence of a pair of neighbouring symbols, from left to right."""
    merged = []
    for symbol in symbols:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return merged


def learn(words: dict[str, int], merges: int) -> list[Pair]:
    """Learn merges from words and their counts.

    Args:
        words: How often each word occurs.
        merges: How many pairs to merge at most; fewer if every word is one symbol before.

    Returns:
        The merged pairs in their order: each time the most frequent one, ties in alphabetical order.
    """
    symbols, learned = {word: [*word, END] for word in words}, []
    for _ in range(merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(symbols[word], symbols[word][1:], strict=False):
                pairs[pair] += count
        if not pairs:
            break
        learned.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        symbols = {word: merge(parts, learned[-1]) for word, parts in symbols.items()}
    return learned


def encode(word: str, merges: list[Pair]) -> list[str]:
    """Cut any word into symbols: its letters and `END`, then every merge in the order in which they were learned."""
    symbols = [*word, END]
    for pair in merges:
        symbols = merge(symbols, pair)
    return symbols


def length(words: dict[str, int], merges: list[Pair]) -> int:
    """Count the symbols of a text, given how often each of its words occurs."""
    return sum(count * len(encode(word, merges)) for word, count in words.items())
