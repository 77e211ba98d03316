"""The bigram baseline: the best loss of a language model that sees the previous token and nothing else (lesson 04)."""

import numpy as np

from captionlib.text import PAD


def bigram_loss(train: np.ndarray, val: np.ndarray, vocabulary_size: int, added: float = 0.01) -> float:
    """Count the pairs of neighbouring tokens in `train`, and measure the cross-entropy of `val` under their shares.

    Args:
        train: (N, T) token ids, padded with `<pad>`.
        val: (N, T) token ids, padded likewise.
        vocabulary_size: V.
        added: What every count gets, so that a pair that `train` lacks has a probability above 0 (Lidstone smoothing).

    Returns:
        Mean −log p per non-padding target, in nats.
    """
    pairs = np.full((vocabulary_size, vocabulary_size), added)  # (V, V), the token read and its target
    np.add.at(pairs, (train[:, :-1], train[:, 1:]), train[:, 1:] != PAD)
    probs = pairs / pairs.sum(axis=1, keepdims=True)
    reads, targets = val[:, :-1], val[:, 1:]
    return float(-np.log(probs[reads, targets])[targets != PAD].mean())
