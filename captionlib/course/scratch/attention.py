"""Step 4, the decoder: attention in NumPy, a weighted mean over the locations of a picture (lesson 08).

Written for a batch: B queries, each with its own picture. One query alone, without the axis B, works as well.
"""

import numpy as np


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores (B, L) into attention weights (B, L), which are positive and sum to 1 over the last axis."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the largest score becomes 0: nothing overflows
    return exps / exps.sum(axis=-1, keepdims=True)


def attend(scores: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the values, weighted by the softmax of the scores.

    Args:
        scores: (B, L), how well each location matches the query.
        values: (B, L, H).

    Returns:
        Context vectors (B, H) and attention weights (B, L).
    """
    weights = softmax(scores)
    return (weights[..., None] * values).sum(axis=-2), weights


def dot_attention(query: np.ndarray, keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Attend by the scaled dot product of query and key (Luong et al. 2015, sec. 3.1; Vaswani et al. 2017, sec. 3.2.1).

    Args:
        query: (B, d).
        keys: (B, L, d).
        values: (B, L, H).

    Returns:
        Context vectors (B, H) and attention weights (B, L).
    """
    scores = (keys * query[..., None, :]).sum(axis=-1) / keys.shape[-1] ** 0.5  # (B, L)
    return attend(scores, values)


def additive_attention(query: np.ndarray, keys: np.ndarray, values: np.ndarray, w_a: np.ndarray):
    """Attend by the score w_a · tanh(query + key), a network with one hidden layer (Bahdanau et al. 2015, app. A.1.2).

    Args:
        query: (B, d).
        keys: (B, L, d).
        values: (B, L, H).
        w_a: (d,), learned.

    Returns:
        Context vectors (B, H) and attention weights (B, L).
    """
    return attend(np.tanh(keys + query[..., None, :]) @ w_a, values)
