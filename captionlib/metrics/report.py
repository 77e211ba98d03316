"""Step 6, metrics: scores of a whole set of captions, with intervals and diversity (lesson 10)."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from captionlib.errors import CaptionlibError
from captionlib.metrics.ngrams import Cider, bleu, bleu_counts, rouge_l
from captionlib.metrics.ptb import tokenize

# Words that a caption may well use twice: what is counted as repeated is a content word.
FUNCTION_WORDS = """a an the and or but while as of in on at to from with without by for into onto over under up down
out off through around across along behind beside near next between among against above below after before during about
toward towards inside outside past like than that which who whom whose what where when there here this these those it
its he him his she her hers they them their theirs we us our you your i my me one ones some any each other another both
all no not is are was were be been being am do does did has have had having can could will would may might must so too
very just only then also"""
FUNCTION_WORDS = frozenset(re.findall("[a-z]+", FUNCTION_WORDS))
METEOR_HINT = "METEOR is left out, because NLTK's WordNet is not here; get it with: python -m nltk.downloader wordnet"


def meteor_available() -> bool:
    """Whether NLTK's WordNet is installed. Without it NLTK would fail late, at the first unmatched word."""
    from nltk.corpus import wordnet  # slow to import, and only METEOR needs it

    try:
        wordnet.ensure_loaded()
    except (LookupError, OSError):
        return False
    return True


def per_picture(hypotheses: dict[str, str], references: dict[str, list[str]]) -> dict[str, np.ndarray]:
    """What each of N pictures adds to each score.

    Args:
        hypotheses: {id: caption}, plain sentences; an empty one scores 0.
        references: {id: [captions]}, with the same ids.

    Returns:
        {"bleu": (N, 10) counts, "rouge_l": (N,), "cider": (N,)} and "meteor": (N,) where WordNet is installed: NLTK's,
        after Lavie and Agarwal 2007, not to be compared with numbers of the Java program METEOR 1.5.

    Raises:
        CaptionlibError: the arguments are not such dictionaries, or their ids differ.
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
        {"bleu_1" ... "bleu_4", "rouge_l", "cider"} and "meteor" where WordNet is installed (else see `METEOR_HINT`).
        All are fractions but cider, which is about 0.5 for good models on Flickr8k.
    """
    rows = per_picture(hypotheses, references)
    scores = {f"bleu_{n}": float(value) for n, value in enumerate(bleu(rows.pop("bleu").sum(axis=0)), start=1)}
    return scores | {name: float(values.mean()) for name, values in rows.items()}


def bootstrap(rows: np.ndarray, statistic: Callable | None = None, resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """How much would a score vary with other pictures? The bootstrap's 95 % percentile interval (Koehn 2004).

    The N pictures are drawn with replacement; CIDEr's idf stays. Another training seed moves scores too.

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


def diversity(captions: list[str], training_captions: list[str] = ()) -> dict[str, float]:
    """Measure how long and how diverse captions are, how many repeat a word, and how many copy a training caption.

    Args:
        captions: N of them.
        training_captions: those of the training pictures.

    Returns:
        {"length": mean number of words, "distinct_1", "distinct_2": different n-grams as a share of all n-grams (Li et
        al. 2016, section 5.1), "repeated": share of captions in which a content word occurs twice ("a white and white
        dog"), "copied": share of captions that stand word for word among the training captions}.
    """
    words = [tokenize(caption) for caption in captions]
    seen = {tuple(tokenize(caption)) for caption in training_captions}
    found = {"length": sum(map(len, words)) / len(words)}
    for n in (1, 2):
        runs = [tuple(caption[i : i + n]) for caption in words for i in range(len(caption) - n + 1)]
        found[f"distinct_{n}"] = len(set(runs)) / max(len(runs), 1)
    found["repeated"] = sum(repeats_a_content_word(caption) for caption in words) / len(words)
    return found | {"copied": sum(tuple(caption) in seen for caption in words) / len(words)}


def repeats_a_content_word(words: list[str]) -> bool:
    """Whether a word that is not a function word occurs twice."""
    content = [word for word in words if word not in FUNCTION_WORDS]
    return len(set(content)) < len(content)


def check_sentences(hypotheses: dict[str, str], references: dict[str, list[str]]) -> None:
    """Refuse hypotheses and references that cannot be scored, in one sentence that names the first one."""
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
