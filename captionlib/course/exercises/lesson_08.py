"""Exercises of lesson 08: softmax over locations, and the share of attention that falls on an object."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare


def softmax_over_locations(scores):
    """Turn each row of scores into attention weights that sum to 1 over the locations."""
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))  # (B, L); without the maximum, exp(1000) overflows
    return exps / exps.sum(axis=-1, keepdims=True)


def check_softmax(mine):
    """Try one query, then two, then scores that overflow."""
    for scores in (np.array([[-1.0, 0.0, 2.0, 1.0]]), np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]])):
        weights, expected = call(mine, scores), softmax_over_locations(scores)
        if not (wrong := compare(weights, expected)):
            continue
        if isinstance(weights, np.ndarray) and weights.shape == expected.shape and np.isfinite(weights).all():
            for row, total in enumerate(weights.sum(axis=-1)):
                if abs(total - 1) > 1e-6:
                    return f"for scores of shape {scores.shape}, the weights of row {row} sum to {total:.3g}, not to 1"
        return f"for the scores {scores.tolist()}, {wrong}"
    huge = np.array([[1000.0, 999.0]])
    with np.errstate(all="ignore"):  # the learner reads our sentence instead of NumPy's warning
        wrong = compare(call(mine, huge), softmax_over_locations(huge))
    return f"for the scores {huge.tolist()}, {wrong}; what is exp(1000)?" if wrong else None


def share_on_object(attention, cells):
    """Sum each word's attention weights over the cells of an object."""
    return sum(attention[:, row, column] for row, column in cells)  # (T,)


def check_share_on_object(mine):
    """Try two words on a grid that is wider than high, so that swapped rows and columns are noticed."""
    attention = np.arange(24.0).reshape(2, 3, 4) ** 2 + 1
    attention /= attention.sum(axis=(1, 2), keepdims=True)  # (2, 3, 4), each map sums to 1
    for cells in ([(2, 1)], [(0, 1), (1, 2), (2, 3)], [(r, c) for r in range(3) for c in range(4)]):
        shares = call(mine, attention, cells)
        if wrong := compare(shares, share_on_object(attention, cells)):
            return f"for two maps of 3 rows and 4 columns and the cells {cells}, {wrong}"
    return None


softmax = Exercise(
    check_softmax,
    softmax_over_locations,
    [
        "`np.exp` makes every score positive; then divide by a sum, so that the weights sum to 1.",
        "Which sum? Each row is one query. `axis=-1` adds along a row, `keepdims=True` keeps the result as a column.",
        "Only differences count: subtract each row's largest score first, and nothing exceeds exp(0).",
    ],
)
share_on = Exercise(
    check_share_on_object,
    share_on_object,
    [
        "`attention[:, row, column]` is every word's attention weight of one cell, (T,).",
        "Sum these over all cells. A sum of arrays of shape (T,) is an array of shape (T,).",
    ],
)
