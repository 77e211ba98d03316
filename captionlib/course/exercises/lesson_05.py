"""Exercises of lesson 05: the gradient of an embedding table, and the nearest neighbours of a word."""

import re

import numpy as np

from captionlib.course.exercises.exercise import Exercise, NotYet, call, compare


def table_gradient(gradient, ids, rows):
    """Add the upstream gradient of every vector that was looked up to the row that it came from."""
    table = np.zeros((rows, gradient.shape[1]))  # (V, D)
    np.add.at(table, ids, gradient)
    return table


def check_table_gradient(mine):
    """Look up three rows once each, then one row twice, then more often."""
    for ids in ([2, 0, 3], [1, 3, 1], [0, 0, 0, 2, 0]):
        gradient = np.arange(1.0, 2 * len(ids) + 1).reshape(-1, 2)  # (N, 2)
        got, expected = call_for_gradient(mine, gradient, ids), table_gradient(gradient, ids, 5)
        if wrong := compare(got, expected):
            twice = "; a row was looked up more than once here" if len(set(ids)) < len(ids) else ""
            return f"for ids {ids} and 5 rows, {wrong}{twice}"
    return None


def call_for_gradient(mine, gradient, ids):
    """Ask for 5 rows; where a matrix product does not fit, say so more plainly than NumPy does."""
    try:
        return call(mine, gradient, np.array(ids), 5)
    except ValueError as error:
        sizes = re.search(r"size (\d+) is different from (\d+)", str(error))
        if not sizes:
            raise
        mismatch = f"does not fit: {sizes[2]} columns on its left meet {sizes[1]} rows on its right"
        raise NotYet(f"for {len(ids)} ids and 5 rows, a matrix product in your function {mismatch}") from None


def nearest_ids(table, word, count):
    """Rank all words by their cosine similarity with one word, and leave that word out."""
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)  # (V, D)
    order = np.argsort(-(unit @ unit[word]))  # (V,)
    return order[order != word][:count]


def check_nearest(mine):
    """Try a table in which a long row has the largest dot product with all others, and a short one is nearest."""
    angles = np.radians([0, 40, 10, 70, -25, 180])
    table = np.array([1, 9, 0.2, 3, 1, 2])[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])  # (6, 2)
    for word, count in ((0, 1), (0, 4), (3, 2), (5, 5)):
        got, expected = call(mine, table, word, count), nearest_ids(table, word, count)
        case = f"for 6 words, word {word} and count {count}"
        if isinstance(got, (list, tuple)):
            got = np.array(got)
        if not isinstance(got, np.ndarray) or got.dtype.kind not in "iu":
            return f"{case}, it gives {got!r}, and ids are expected, whole numbers in an array"
        if got.shape != expected.shape:
            return f"{case}, its shape is {got.shape}, and {expected.shape} is expected"
        if word in got:
            return f"{case}, the word itself is among its neighbours"
        if set(got.tolist()) != set(expected.tolist()):
            wrong = next(i for i in got.tolist() if i not in expected)
            cosine, length = np.cos(angles[wrong] - angles[word]), np.hypot(*table[wrong])
            about = f"whose length is {length:.1f}" if cosine > 0 else "which points away"
            return f"{case}, it names word {wrong}, {about} (cosine {cosine:.2f}): others are more similar"
        if (got != expected).any():
            return f"{case}, the words are right, their order is not: the most similar comes first"
    kept = table.copy()
    mine(kept, 0, 1)
    if (kept != table).any():
        return "the ids are right, but your function changes the table that it was given: compute with a new array"
    return None


gather_gradient = Exercise(
    check_table_gradient,
    table_gradient,
    [
        "Start with a table of zeros, (rows, D). Then go through the ids: each has one row of `gradient`.",
        "`table[ids] += gradient` reads first and writes later: of a row that is in ids twice, one write is lost.",
        "A loop with `table[i] += one` is right; so is `np.add.at(table, ids, gradient)`; so is one-hot, transposed.",
    ],
)
nearest_words = Exercise(
    check_nearest,
    nearest_ids,
    [
        "A long vector has large dot products with all others. Divide every row by its length first.",
        "`np.linalg.norm(table, axis=1, keepdims=True)` are the lengths; `unit @ unit[word]` the cosines, (V,).",
        "`np.argsort` sorts in ascending order: sort minus the cosines. `order[order != word]` drops the word.",
    ],
)
