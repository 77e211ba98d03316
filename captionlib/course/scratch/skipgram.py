"""Step 4, the decoder: word vectors in NumPy, looked up, learned from captions, compared (lesson 05).

Skip-gram with negative sampling (Mikolov et al. 2013, "Distributed Representations of Words and Phrases"): a word's
vector is trained to tell the words that stand near it from words drawn by lot. A table of vectors is (V, D), one row a
word of the vocabulary. Every word has a row in two tables, one for when it is the centre and one for when it is near.
"""

from collections.abc import Iterable
from itertools import permutations

import numpy as np


def lookup(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Read rows: table (V, D) and ids (...,) to vectors (..., D). It equals one-hot times table, without the zeros."""
    return table[ids]


def lookup_backward(gradient: np.ndarray, ids: np.ndarray, rows: int) -> np.ndarray:
    """Carry the gradient of looked-up vectors back to the table.

    Args:
        gradient: (..., D), of each vector that was read.
        ids: (...,), which row each was.
        rows: V, how many rows the table has.

    Returns:
        (V, D): a row that was read twice gets both gradients, one that was not read gets zeros.
    """
    one_hot = (ids.ravel() == np.arange(rows)[:, None]).astype(gradient.dtype)  # (V, N), transposed
    return one_hot @ gradient.reshape(-1, gradient.shape[-1])


def pairs(captions: Iterable[list[int]], window: int) -> tuple[np.ndarray, np.ndarray]:
    """List who stands near whom.

    Args:
        captions: Token ids, one list a caption. No pair reaches across two captions.
        window: How many words to each side count as near.

    Returns:
        Centres (N,) and, for each, one word near it (N,). Every pair stands there both ways round.
    """
    captions = list(captions)
    words = np.concatenate(captions)  # (W,) all captions in one line
    caption = np.repeat(np.arange(len(captions)), [len(ids) for ids in captions])  # (W,) which one each word is of
    centres, near = [], []
    for apart in range(1, window + 1):
        together = caption[apart:] == caption[:-apart]
        left, right = words[:-apart][together], words[apart:][together]
        centres += [left, right]
        near += [right, left]
    return np.concatenate(centres), np.concatenate(near)


def noise(counts: np.ndarray, power: float = 0.75) -> np.ndarray:
    """Turn counts (V,) into odds (V,) of being drawn as noise: rare words more often than they are said (sec. 2.2)."""
    raised = counts**power
    return raised / raised.sum()


def loss_and_gradients(vectors: np.ndarray, context: np.ndarray, centres: np.ndarray, words: np.ndarray):
    """Play the game once: tell the word that was near from the noise (sec. 2.2, eq. 4).

    Args:
        vectors: (V, D), the table of words at the centre.
        context: (V, D), the table of words near it.
        centres: (B,) ids.
        words: (B, 1 + K) ids: first the word that was near, then K of noise.

    Returns:
        The mean loss of a centre, and the gradients of both tables, each (V, D).
    """
    centre, other = lookup(vectors, centres), lookup(context, words)  # (B, D), (B, 1 + K, D)
    scores = np.einsum("bkd,bd->bk", other, centre)  # (B, 1 + K)
    real = np.zeros_like(scores)
    real[:, 0] = 1
    loss = (np.logaddexp(0, scores) - real * scores).sum(axis=1).mean()  # -log of what was believed of the truth
    error = (1 / (1 + np.exp(-scores)) - real) / len(centres)  # (B, 1 + K): believed minus true
    to_centre = np.einsum("bk,bkd->bd", error, other)  # (B, D)
    to_other = error[..., None] * centre[:, None]  # (B, 1 + K, D)
    rows = len(vectors)
    return loss, lookup_backward(to_centre, centres, rows), lookup_backward(to_other, words, rows)


def adagrad(table: np.ndarray, gradient: np.ndarray, past: np.ndarray, rate: float) -> None:
    """Take one step in place: a table (V, D) against its gradient (V, D), shorter where past (V, D) is large.

    Args:
        table: Changed in place.
        gradient: Of the loss.
        past: The squares of all gradients so far, added up; this one's are added first.
        rate: Length of the first step.
    """
    past += gradient**2
    table -= rate * gradient / (np.sqrt(past) + 1e-8)


def train(
    captions: list[list[int]], size: int, width: int = 16, window: int = 2, epochs: int = 12, rate: float = 0.02
) -> tuple[np.ndarray, list[float]]:
    """Learn word vectors from captions, from a fixed seed: 5 words of noise a pair, 1024 pairs a step.

    Args:
        captions: Token ids, one list a caption.
        size: V, how many words the vocabulary has.
        width: D, how many numbers a word gets.
        window: How many words to each side count as near.
        epochs: How often every pair is seen.
        rate: Of `adagrad`.

    Returns:
        The vectors before training and after each epoch, (E, V, D) with E = epochs + 1, and each epoch's mean loss.
    """
    rng = np.random.default_rng(5)
    centres, near = pairs(captions, window)  # (N,), (N,)
    odds = noise(np.bincount(near, minlength=size)).cumsum()
    tables = rng.normal(size=(2, size, width)) / width  # near 0, so that nobody is believed or doubted yet
    tables = tables.astype("float32")
    past = np.zeros_like(tables)
    history, losses = [tables[0].copy()], []
    for _ in range(epochs):
        loss = []
        for some in np.array_split(rng.permutation(len(centres)), -(-len(centres) // 1024)):
            lots = np.searchsorted(odds[:-1], rng.random((len(some), 5)))  # (B, K) drawn by the odds
            step = loss_and_gradients(*tables, centres[some], np.column_stack([near[some], lots]))
            loss.append(step[0])
            for table, gradient, square in zip(tables, step[1:], past, strict=True):
                adagrad(table, gradient, square, rate)
        history.append(tables[0].copy())
        losses.append(float(np.mean(loss)))
    return np.array(history), losses


def unit(table: np.ndarray) -> np.ndarray:
    """Give every row of (V, D) or (E, V, D) the length 1, so that only its direction is left; zeros stay zeros."""
    return table / np.maximum(np.linalg.norm(table, axis=-1, keepdims=True), 1e-12)


def cosines(table: np.ndarray) -> np.ndarray:
    """Compare the directions of any two words: a table (V, D) to cosines (V, V), from -1 (opposite) to 1 (the same)."""
    return unit(table) @ unit(table).T


def neighbours(similar: np.ndarray, word: int, count: int) -> np.ndarray:
    """Name the words most like one: similarities (V, V) to ids (count,), the most similar first, itself left out."""
    order = np.argsort(-similar[word], kind="stable")
    return order[order != word][:count]


def own_group(similar: np.ndarray, group: list[int], count: int = 5) -> tuple[float, float]:
    """Measure whether a group of words keeps together.

    Args:
        similar: (V, V), how alike any two words are.
        group: The ids of its words, at least two.
        count: How many neighbours of each word are asked.

    Returns:
        Which share of their neighbours belongs to the group, and which share would by chance.
    """
    share = np.mean([np.isin(neighbours(similar, word, count), group).mean() for word in group])
    return float(share), (len(group) - 1) / (len(similar) - 1)


def place_of_ring(table: np.ndarray) -> tuple[int, int]:
    """Seat words round a table in their order, and compare with every other way to seat them.

    Args:
        table: (N, D), the vectors of at least three words, in the order of the ring.

    Returns:
        Which place this ring takes when the cosines of those who sit side by side are added up, 1 for the largest sum,
        and how many rings there are.
    """
    similar = cosines(table)  # (N, N)
    rings = [(0, *rest) for rest in permutations(range(1, len(table))) if rest[0] < rest[-1]]  # either way round is one
    sums = similar[rings, np.roll(rings, -1, axis=1)].sum(axis=1)  # (rings,), that of the order given first
    return 1 + int((sums > sums[0] + 1e-9).sum()), len(rings)


def flatten(tables: np.ndarray) -> np.ndarray:
    """Look at a cloud of words from the side on which it spreads widest: principal components, by singular values.

    Args:
        tables: (V, D), or several moments of one table, (E, V, D), which are all seen from the last one's side.

    Returns:
        A map (V, 2), or one a moment, (E, V, 2).
    """
    last = tables.reshape(-1, *tables.shape[-2:])[-1]  # (V, D)
    mean = last.mean(axis=0)
    directions = np.linalg.svd(last - mean, full_matrices=False)[2][:2].T  # (D, 2)
    largest = directions[np.abs(directions).argmax(axis=0), [0, 1]]  # plus or minus is anybody's choice: the largest
    return (tables - mean) @ (directions * np.sign(largest))  # number is made positive, the same everywhere
