"""Step 6, metrics: how good is a caption? N-gram scores (lesson 10), truth score and pointing game (07 and 08)."""

from captionlib.metrics.ngrams import Cider, bleu, bleu_counts, common_subsequence, ngrams, rouge_l
from captionlib.metrics.ptb import tokenize
from captionlib.metrics.report import (
    METEOR_HINT,
    bootstrap,
    check_sentences,
    diversity,
    meteor_available,
    per_picture,
    score,
    score_files,
)
from captionlib.metrics.scenes import pointing_score, truth_score

__all__ = [
    "METEOR_HINT", "Cider", "bleu", "bleu_counts", "bootstrap", "check_sentences", "diversity", "common_subsequence",
    "meteor_available", "ngrams", "per_picture", "pointing_score", "rouge_l", "score", "score_files",
    "tokenize", "truth_score",
]  # fmt: skip
