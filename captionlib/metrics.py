"""Step 6, metrics: how good is a caption? Lesson 10 teaches the word scores, 07 and 08 use truth and pointing.

BLEU, ROUGE-L and CIDEr-D count what a caption shares with what people wrote. They take lists of words and equal the
standard scorer's (pycocoevalcap); `score` takes plain sentences. On ToyScenes, where the truth is known, `truth_score`
judges what a caption says and `pointing_score` where the model looked.
"""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from captionlib.data import toyscenes
from captionlib.errors import CaptionlibError
from captionlib.ptb import tokenize

METEOR_HINT = "METEOR is left out, because NLTK's WordNet is not here; get it with: python -m nltk.downloader wordnet"


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
        (4,) or (R, 4). The two tiny constants are the standard scorer's: they stand in for a division by zero.
    """
    precision = (counts[..., :4] + 1e-15) / (counts[..., 4:8] + 1e-9)
    scores = np.cumprod(precision, axis=-1) ** (1 / np.arange(1, 5))  # geometric means of 1, 2, 3 and 4 precisions
    ratio = (counts[..., 8:9] + 1e-15) / (counts[..., 9:10] + 1e-9)
    return scores * np.exp(np.minimum(0, 1 - 1 / ratio))  # short captions pay


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

    A sentence becomes four vectors, one for each n-gram length: how often the n-gram occurs, times how rare it is
    among the pictures. A caption's score is ten times the mean cosine with its references' vectors, clipped and with
    a penalty for other lengths. Rarity depends on all the references given here: with one picture every score is 0,
    and scores of two different sets of pictures do not compare.

    Args:
        references: for each picture the word lists of its references. Made once, it scores many sets of captions.
    """

    def __init__(self, references: list[list[list[str]]]):
        """Count the references' n-grams once."""
        counts = [[ngrams(reference) for reference in picture] for picture in references]
        pictures_with = Counter(ngram for picture in counts for ngram in set().union(*picture))
        self.unseen = math.log(max(len(references), 1))
        self.rarity = {ngram: self.unseen - math.log(seen) for ngram, seen in pictures_with.items()}
        self.references = [[self.vector(reference) for reference in picture] for picture in counts]

    def vector(self, counts: Counter) -> tuple[dict, list[float], int]:
        """Return the weights of counts' n-grams, the norms of their four vectors, the number of word pairs."""
        weights = {ngram: count * self.rarity.get(ngram, self.unseen) for ngram, count in counts.items()}
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


def meteor_available() -> bool:
    """Whether NLTK's WordNet is here. Asked first, because without it NLTK fails late, at the first unmatched word."""
    from nltk.corpus import wordnet  # slow to import, and only METEOR needs it

    try:
        wordnet.ensure_loaded()
    except (LookupError, OSError):
        return False
    return True


def per_picture(hypotheses: dict[str, str], references: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """What each of N pictures adds to each score.

    Args:
        hypotheses: {id: caption}, plain sentences; an empty one earns nothing.
        references: {id: [captions]}, with the same ids.

    Returns:
        {"bleu": (N, 10) counts, "rouge_l": (N,), "cider": (N,)} and "meteor": (N,) where WordNet is here: NLTK's,
        after Lavie and Agarwal 2007, not to be compared with numbers of the Java program METEOR 1.5.

    Raises:
        CaptionlibError: something else came than such dictionaries, or the ids differ.
    """
    check_sentences(hypotheses, references)
    words = [tokenize(caption) for caption in hypotheses.values()]
    people = [[tokenize(caption) for caption in references[name]] for name in hypotheses]
    pairs = list(zip(words, people, strict=True))
    rows = {"bleu": np.array([bleu_counts(*pair) for pair in pairs])}
    rows |= {"rouge_l": np.array([rouge_l(*pair) for pair in pairs]), "cider": Cider(people)(words)}
    if meteor_available():
        from nltk.translate.meteor_score import meteor_score

        rows["meteor"] = np.array([meteor_score(theirs, ours) if ours else 0.0 for ours, theirs in pairs])
    return rows


def score(hypotheses: dict[str, str], references: dict[str, list[str]]) -> dict[str, float]:
    """Score plain sentences, hypotheses against references, with the standard metrics; see `per_picture`.

    Returns:
        {"bleu_1" ... "bleu_4", "rouge_l", "cider"} and "meteor" where WordNet is here (else see `METEOR_HINT`). All
        are fractions but cider, which is about 0.5 for good models on Flickr8k.
    """
    rows = per_picture(hypotheses, references)
    scores = {f"bleu_{n}": float(value) for n, value in enumerate(bleu(rows.pop("bleu").sum(axis=0)), start=1)}
    return scores | {name: float(values.mean()) for name, values in rows.items()}


def bootstrap(rows: np.ndarray, statistic: Callable | None = None, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """Between what does a score lie, had other pictures been drawn? The 95 % percentile interval (Koehn 2004).

    The N pictures are drawn with replacement; CIDEr's rarities stay. Another training seed moves scores too.

    Args:
        rows: (N,) or (N, K), what each picture adds, from `per_picture`.
        statistic: turns sums over pictures (R, K) into scores (R,) or (R, S), as `bleu` does; the mean if None.
        resamples: R, how often to draw.
        seed: for the draws.

    Returns:
        (2,) or (2, S): low and high.
    """
    rows = np.asarray(rows, dtype=float)
    draws = np.random.default_rng(seed).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), resamples)  # (R, N)
    sums = draws @ rows  # (R,) or (R, K)
    return np.percentile(sums / len(rows) if statistic is None else statistic(sums), [2.5, 97.5], axis=0)


def variety(captions: list[str], training_captions: list[str] = ()) -> dict[str, float]:
    """How long, how varied, how much copied from training_captions are the captions?

    Returns:
        {"length": mean number of words, "distinct_1", "distinct_2": different n-grams as a share of all n-grams (Li et
        al. 2016, section 5.1), "copied": share that stands word for word among the training captions}.
    """
    words = [tokenize(caption) for caption in captions]
    seen = {tuple(tokenize(caption)) for caption in training_captions}
    found = {"length": sum(map(len, words)) / len(words)}
    for n in (1, 2):
        runs = [tuple(caption[i : i + n]) for caption in words for i in range(len(caption) - n + 1)]
        found[f"distinct_{n}"] = len(set(runs)) / max(len(runs), 1)
    return found | {"copied": sum(tuple(caption) in seen for caption in words) / len(words)}


def truth_score(captions: dict[str, str], scenes: dict) -> dict[str, float]:
    """Judge captions of ToyScenes, {picture name: caption}, against the scenes, {picture name: scene}.

    Returns:
        {"wholly_true": share of captions, "true", "false", "not_understood": numbers of statements}.
    """
    judged = [toyscenes.truth(caption, scenes[name]) for name, caption in captions.items()]
    numbers = {kind: sum(len(getattr(one, kind)) for one in judged) for kind in ("true", "false", "not_understood")}
    return {"wholly_true": sum(one.wholly_true for one in judged) / len(judged)} | numbers


def pointing_score(words: dict[str, list[str]], attention: dict[str, np.ndarray], scenes: dict, grid: tuple) -> dict:
    """Does the model look at what it names? The pointing game (Zhang et al. 2016, section 4.2) on ToyScenes.

    At a noun that names an object of the scene, the largest weight hits when its cell touches the box, grown by one.

    Args:
        words: {picture name: the caption's T words}.
        attention: {picture name: (T, L) weights, one row a word}, or any other map of the picture for each word.
        scenes: {picture name: scene}.
        grid: (rows, columns) of the L cells.

    Returns:
        {"hits": share of nouns, "chance": what a random cell would hit, "nouns": how many were counted}.
    """
    hits, chances = [], []
    for name, caption in words.items():
        for word, weights in zip(caption, attention[name], strict=True):
            if (kind := toyscenes.noun_of(word)) and scenes[name][kind]:
                cells = toyscenes.cells_of(scenes[name], kind, grid, grown=1)
                hits.append(divmod(int(np.argmax(weights)), grid[1]) in cells)
                chances.append(len(cells) / (grid[0] * grid[1]))
    return {"hits": float(np.mean(hits or 0)), "chance": float(np.mean(chances or 0)), "nouns": len(hits)}


def check_sentences(hypotheses: dict[str, str], references: dict[str, list[str]]) -> None:
    """Refuse hypotheses and references that cannot be scored, in one sentence that names the first culprit."""
    for what, found in (("captions", hypotheses), ("references", references)):
        if not isinstance(found, dict) or not found:
            raise CaptionlibError(f"The {what} must be a dictionary with at least one picture's id as key.")
    for name, caption in hypotheses.items():
        if not isinstance(caption, str):
            raise CaptionlibError(f"The caption of {name} must be a string, not {type(caption).__name__}.")
    for name, sentences in references.items():
        if not isinstance(sentences, list) or not sentences or not all(isinstance(item, str) for item in sentences):
            raise CaptionlibError(f"The references of {name} must be a list of at least one string.")
    for some, others, lack in ((hypotheses, references, "references"), (references, hypotheses, "caption")):
        if lost := [str(name) for name in some if name not in others]:
            first = ", ".join(lost[:3])
            raise CaptionlibError(f"{len(lost)} of {len(some)} ids have no {lack} (first {first}): give both or none.")


def score_files(hypotheses: str | Path, references: str | Path) -> dict[str, float]:
    """Score a JSON file of hypotheses, {id: caption}, against one of references, {id: [captions]}; see `score`."""
    loaded = []
    for path in (hypotheses, references):
        try:
            loaded.append(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as fault:
            why = getattr(fault, "strerror", None) or fault
            raise CaptionlibError(f"{path} cannot be read as JSON: {why}.") from fault
    return score(*loaded)
