"""Exercises of lesson 05: the gradient of a lookup, and the neighbours of a word."""

import re

import numpy as np

from captionlib.course.exercises.exercise import Exercise, NotYet, ask, unlike


def table_gradient(gradient, ids, rows):
    """Add the gradient of every vector that was read to the row it was read from."""
    table = np.zeros((rows, gradient.shape[1]))  # (V, D)
    np.add.at(table, ids, gradient)
    return table


def judge_table_gradient(mine):
    """Read three rows once each, then one row twice, then more often."""
    for ids in ([2, 0, 3], [1, 3, 1], [0, 0, 0, 2, 0]):
        gradient = np.arange(1.0, 2 * len(ids) + 1).reshape(-1, 2)  # (N, 2)
        got, wanted = ask_for_gradient(mine, gradient, ids), table_gradient(gradient, ids, 5)
        if wrong := unlike(got, wanted):
            twice = "; a row was read more than once here" if len(set(ids)) < len(ids) else ""
            return f"for ids {ids} and 5 rows, {wrong}{twice}"
    return None


def ask_for_gradient(mine, gradient, ids):
    """Ask for 5 rows; where a matrix product does not fit, put NumPy's words about it into plain ones."""
    try:
        return ask(mine, gradient, np.array(ids), 5)
    except ValueError as fault:
        sizes = re.search(r"size (\d+) is different from (\d+)", str(fault))
        if not sizes:
            raise
        told = f"{sizes[2]} columns on its left meet {sizes[1]} rows on its right"
        raise NotYet(f"for {len(ids)} ids and 5 rows, a matrix product in your function does not fit: {told}") from None


def nearest_ids(table, word, count):
    """Rank all words by the cosine with one word, and leave that word out."""
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)  # (V, D)
    order = np.argsort(-(unit @ unit[word]))  # (V,)
    return order[order != word][:count]


def judge_nearest(mine):
    """Try a table in which a long row has the largest dot product with everybody, and a short one lies nearest."""
    angles = np.radians([0, 40, 10, 70, -25, 180])
    table = np.array([1, 9, 0.2, 3, 1, 2])[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])  # (6, 2)
    for word, count in ((0, 1), (0, 4), (3, 2), (5, 5)):
        got, wanted = ask(mine, table, word, count), nearest_ids(table, word, count)
        asked = f"for 6 words, word {word} and count {count}"
        if isinstance(got, (list, tuple)):
            got = np.array(got)
        if not isinstance(got, np.ndarray) or got.dtype.kind not in "iu":
            return f"{asked}, it gives {got!r}, and ids are wanted, whole numbers in an array"
        if got.shape != wanted.shape:
            return f"{asked}, its shape is {got.shape}, and {wanted.shape} is wanted"
        if word in got:
            return f"{asked}, the word itself is among its neighbours"
        if set(got.tolist()) != set(wanted.tolist()):
            stray = next(i for i in got.tolist() if i not in wanted)
            cosine, length = np.cos(angles[stray] - angles[word]), np.hypot(*table[stray])
            about = f"whose length is {length:.1f}" if cosine > 0 else "which points away"
            return f"{asked}, it names word {stray}, {about} (cosine {cosine:.2f}): others point nearer"
        if (got != wanted).any():
            return f"{asked}, the words are right and their order is not: the most similar comes first"
    kept = table.copy()
    mine(kept, 0, 1)
    if (kept != table).any():
        return "the ids are right, but your function changes the table that it was given: compute with a new array"
    return None


gather_gradient = Exercise(
    judge_table_gradient,
    table_gradient,
    [
        "Start with a table of zeros, (rows, D). Then go through the ids: each has one row of `gradient`.",
        "`table[ids] += gradient` reads first and writes later: of a row that stands twice in ids, one write is lost.",
        "A loop with `table[i] += one` is right; so is `np.add.at(table, ids, gradient)`; so is one-hot, transposed.",
    ],
)
nearest_words = Exercise(
    judge_nearest,
    nearest_ids,
    [
        "A long vector has large products with everybody. Divide every row by its length first.",
        "`np.linalg.norm(table, axis=1, keepdims=True)` are the lengths; `unit @ unit[word]` the cosines, (V,).",
        "`np.argsort` sorts upwards: sort minus the cosines. `order[order != word]` leaves the word itself out.",
    ],
)
