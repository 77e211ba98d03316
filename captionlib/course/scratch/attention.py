"""Step 4, the decoder: attention in NumPy, a weighted mean over the places of a picture (lesson 08).

Written for a batch: B queries, each with its own picture. One query alone, without the axis B, works as well.
"""

import numpy as np


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores (B, L) into weights (B, L), which are positive and sum to 1 over the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the largest becomes 0: nothing overflows
    return raised / raised.sum(axis=-1, keepdims=True)


def weigh(scores: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look: scores (B, L) and values (B, L, C) to the context (B, C), a weighted mean, and the weights (B, L)."""
    weights = softmax(scores)
    return (weights[..., None] * values).sum(axis=-2), weights


def dot_attention(query: np.ndarray, keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look where a key points the way of the query (Luong et al. 2015, sec. 3.1; Vaswani et al. 2017, sec. 3.2.1).

    Args:
        query: (B, H), what is looked for.
        keys: (B, L, H), what each place offers.
        values: (B, L, C), what each place gives.

    Returns:
        Context (B, C) and weights (B, L).
    """
    scores = (keys * query[..., None, :]).sum(axis=-1) / keys.shape[-1] ** 0.5  # (B, L)
    return weigh(scores, values)


def additive_attention(query: np.ndarray, keys: np.ndarray, values: np.ndarray, v: np.ndarray):
    """Look where a small network says so (Bahdanau et al. 2015, app. A.1.2): the score is v · tanh(key + query).

    Args:
        query: (B, H), what is looked for.
        keys: (B, L, H), what each place offers.
        values: (B, L, C), what each place gives.
        v: (H,), learned.

    Returns:
        Context (B, C) and weights (B, L).
    """
    return weigh(np.tanh(keys + query[..., None, :]) @ v, values)
