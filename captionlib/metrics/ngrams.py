"""Step 6, metrics: BLEU, ROUGE-L and CIDEr-D count n-grams shared with the references (lesson 10).

They take lists of words and equal the standard scorer's (pycocoevalcap); `metrics.score` takes plain sentences.
"""

import math
from collections import Counter

import numpy as np

from captionlib.errors import CaptionlibError


def ngrams(words: list[str], longest: int = 4) -> Counter:
    """Count a sentence's n-grams.

    Args:
        words: the words, in order. A string is refused: its n-grams would be letters, and BLEU-4 near 0.64.
        longest: counts runs of 1, 2, ... up to this many words.

    Returns:
        {tuple of words: how often}.
    """
    if isinstance(words, str):
        raise CaptionlibError("A list of words is needed, not a string: tokenize(sentence) makes one.")
    return Counter(tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1))


def bleu_counts(hypothesis: list[str], references: list[list[str]]) -> np.ndarray:
    """What one picture adds to BLEU (Papineni et al. 2002, sections 2.1 and 2.2).

    Args:
        hypothesis: the caption's words.
        references: the words of each caption that people wrote.

    Returns:
        (10,): matched 1- to 4-grams, each counted at most as often as in one reference; all 1- to 4-grams; the
        caption's length; the closest reference's length (of two equally close the shorter).
    """
    allowed = Counter()
    for reference in references:
        allowed |= ngrams(reference)  # the larger count of each n-gram
    matched, offered = np.zeros(4), np.zeros(4)
    for ngram, count in ngrams(hypothesis).items():
        matched[len(ngram) - 1] += min(count, allowed[ngram])
        offered[len(ngram) - 1] += count
    _, closest = min((abs(len(reference) - len(hypothesis)), len(reference)) for reference in references)
    return np.concatenate([matched, offered, [len(hypothesis), closest]])


def bleu(counts: np.ndarray) -> np.ndarray:
    """BLEU-1 to BLEU-4 from summed counts (Papineni et al. 2002, section 2.3), as fractions.

    Args:
        counts: (10,) or (R, 10), `bleu_counts` summed over the pictures: BLEU is a score of a whole set, not a mean.

    Returns:
        (4,) or (R, 4). The two tiny constants are the standard scorer's: they avoid a division by zero.
    """
    precision = (counts[..., :4] + 1e-15) / (counts[..., 4:8] + 1e-9)
    scores = np.cumprod(precision, axis=-1) ** (1 / np.arange(1, 5))  # geometric means of 1, 2, 3 and 4 precisions
    ratio = (counts[..., 8:9] + 1e-15) / (counts[..., 9:10] + 1e-9)
    return scores * np.exp(np.minimum(0, 1 - 1 / ratio))  # brevity penalty


def common_subsequence(one: list[str], other: list[str]) -> int:
    """Length of the longest list of words that stand in one and the other in the same order, gaps allowed."""
    longest = [0] * (len(other) + 1)
    for word in one:
        before, longest = longest, [0]  # before[j]: without `word`, and only the first j words of `other`
        for j, partner in enumerate(other):
            longest.append(before[j] + 1 if word == partner else max(before[j + 1], longest[j]))
    return longest[-1]


def rouge_l(hypothesis: list[str], references: list[list[str]]) -> float:
    """ROUGE-L of one picture (Lin 2004, section 3): best precision and best recall, recall weighing 1.2 times as much.

    Args:
        hypothesis: the caption's words.
        references: the words of each caption that people wrote.

    Returns:
        A fraction; 0 for an empty caption.
    """
    if any(isinstance(words, str) for words in [hypothesis, *references]):
        raise CaptionlibError("Lists of words are needed, not strings: tokenize(sentence) makes one.")
    common = [common_subsequence(hypothesis, reference) for reference in references]
    if not any(common):
        return 0.0
    precision = max(common) / len(hypothesis)
    recall = max(shared / max(len(reference), 1) for shared, reference in zip(common, references, strict=True))
    return (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)


class Cider:
    """CIDEr-D against fixed references (Vedantam et al. 2015, sections 4 and 6), as the standard scorer returns it.

    A sentence becomes four vectors, one for each n-gram length: how often the n-gram occurs, times its inverse
    document frequency (idf), which is large for n-grams of few pictures. A caption's score is ten times the mean cosine
    with its references' vectors, clipped and with a penalty for other lengths. The idf depends on all the
    references given here: with one picture every score is 0, and scores of two sets of pictures cannot be compared.

    Args:
        references: for each picture the word lists of its references. Made once, it scores many sets of captions.
    """

    def __init__(self, references: list[list[list[str]]]):
        """Count the references' n-grams once."""
        counts = [[ngrams(reference) for reference in picture] for picture in references]
        pictures_with = Counter(ngram for picture in counts for ngram in set().union(*picture))
        self.unseen = math.log(max(len(references), 1))
        self.idf = {ngram: self.unseen - math.log(seen) for ngram, seen in pictures_with.items()}
        self.references = [[self.vector(reference) for reference in picture] for picture in counts]

    def vector(self, counts: Counter) -> tuple[dict, list[float], int]:
        """Return the weights of counts' n-grams, the norms of their four vectors, the number of word pairs."""
        weights = {ngram: count * self.idf.get(ngram, self.unseen) for ngram, count in counts.items()}
        squares, pairs = [0.0] * 4, 0
        for ngram, weight in weights.items():
            squares[len(ngram) - 1] += weight * weight
            pairs += counts[ngram] * (len(ngram) == 2)
        return weights, [math.sqrt(square) for square in squares], pairs

    def __call__(self, hypotheses: list[list[str]]) -> np.ndarray:
        """Score the words of N hypotheses, in the references' order: (N,), each 0 to 10; CIDEr is their mean."""
        return np.array([self.one(*pair) for pair in zip(range(len(self.references)), hypotheses, strict=True)])

    def one(self, picture: int, words: list[str]) -> float:
        """Score a picture's caption: ten times the mean clipped cosine with its references, over the four lengths."""
        weights, norms, pairs = self.vector(ngrams(words))
        total = 0.0
        for other, other_norms, other_pairs in self.references[picture]:
            dots = [0.0] * 4
            for ngram in weights.keys() & other.keys():
                dots[len(ngram) - 1] += min(weights[ngram], other[ngram]) * other[ngram]
            cosines = (dot / (a * b) for dot, a, b in zip(dots, norms, other_norms, strict=True) if a and b)
            total += sum(cosines) * math.exp(-((pairs - other_pairs) ** 2) / (2 * 6.0**2))
        return 10 * total / 4 / len(self.references[picture])
