"""Step 4, the decoder: word vectors in NumPy, looked up, learned from captions, compared (lesson 05).

Skip-gram with negative sampling (Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality"): the vector of a centre word learns to tell the context words around it from negative samples, words
drawn at random. An embedding table is (V, E), one row per word of the vocabulary. Every word has a row in two tables,
one as centre word (`vectors`) and one as context word (`context`).
"""

from collections.abc import Iterable
from itertools import permutations

import numpy as np


def lookup(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Embed words: rows (..., E) of a table (V, E) for ids (...,). Equals one-hot times table, without the zeros."""
    return table[ids]


def lookup_backward(gradient: np.ndarray, ids: np.ndarray, rows: int) -> np.ndarray:
    """Backward pass of `lookup`.

    Args:
        gradient: (..., E), the upstream gradient of each vector that was looked up.
        ids: (...,), its row.
        rows: V, how many rows the table has.

    Returns:
        The gradient of the table, (V, E): summed for a row that was looked up twice, zeros for one that was not.
    """
    one_hot = (ids.ravel() == np.arange(rows)[:, None]).astype(gradient.dtype)  # (V, N), transposed
    return one_hot @ gradient.reshape(-1, gradient.shape[-1])


def pairs(captions: Iterable[list[int]], window: int) -> tuple[np.ndarray, np.ndarray]:
    """List every pair of a centre word and a context word.

    Args:
        captions: Token ids, one list per caption. No pair reaches across two captions.
        window: How many words to each side are the context.

    Returns:
        Centre words (N,) and context words (N,). Every pair occurs both ways round.
    """
    captions = list(captions)
    words = np.concatenate(captions)  # (W,) all captions in one line
    caption = np.repeat(np.arange(len(captions)), [len(ids) for ids in captions])  # (W,) which one each word is of
    centres, contexts = [], []
    for distance in range(1, window + 1):
        together = caption[distance:] == caption[:-distance]
        left, right = words[:-distance][together], words[distance:][together]
        centres += [left, right]
        contexts += [right, left]
    return np.concatenate(centres), np.concatenate(contexts)


def noise_distribution(counts: np.ndarray, power: float = 0.75) -> np.ndarray:
    """Turn counts (V,) into each word's probability of being a negative sample (V,), count^¾ normalised (sec. 2.2)."""
    raised = counts**power
    return raised / raised.sum()


def loss_and_gradients(vectors: np.ndarray, context: np.ndarray, centres: np.ndarray, words: np.ndarray):
    """Loss of skip-gram with negative sampling, −log σ(x · u) − Σ log σ(−x · u_m), and its gradients (sec. 2.2, eq. 4).

    Args:
        vectors: (V, E), the table of centre words, with rows x.
        context: (V, E), the table of context words, with rows u.
        centres: (B,) ids of centre words.
        words: (B, 1 + M) ids: first the context word, then M negative samples.

    Returns:
        The mean loss per pair, and the gradients of both tables, each (V, E).
    """
    centre, other = lookup(vectors, centres), lookup(context, words)  # (B, E), (B, 1 + M, E)
    scores = np.einsum("bme,be->bm", other, centre)  # (B, 1 + M)
    labels = np.zeros_like(scores)
    labels[:, 0] = 1  # 1 for the context word, 0 for negative samples
    loss = (np.logaddexp(0, scores) - labels * scores).sum(axis=1).mean()  # binary cross-entropy with logits
    error = (1 / (1 + np.exp(-scores)) - labels) / len(centres)  # (B, 1 + M), gradient of the scores: p minus label
    centre_gradient = np.einsum("bm,bme->be", error, other)  # (B, E)
    other_gradient = error[..., None] * centre[:, None]  # (B, 1 + M, E)
    rows = len(vectors)
    return loss, lookup_backward(centre_gradient, centres, rows), lookup_backward(other_gradient, words, rows)


def adagrad(table: np.ndarray, gradient: np.ndarray, accumulator: np.ndarray, learning_rate: float) -> None:
    """Take one step of Adagrad in place (Duchi et al. 2011): Σ ← Σ + ∇², θ ← θ − η ∇ / (√Σ + ε).

    Args:
        table: θ, (V, E), changed in place.
        gradient: ∇, (V, E).
        accumulator: Σ, (V, E), the sum of all squared gradients so far, changed in place.
        learning_rate: η.
    """
    accumulator += gradient**2
    table -= learning_rate * gradient / (np.sqrt(accumulator) + 1e-8)


def train(
    captions: list[list[int]],
    vocabulary_size: int,
    embedding: int = 16,
    window: int = 2,
    epochs: int = 12,
    learning_rate: float = 0.02,
) -> tuple[np.ndarray, list[float]]:
    """Learn word vectors from captions, from a fixed seed: 5 negative samples per pair, 1024 pairs per step.

    Args:
        captions: Token ids, one list per caption.
        vocabulary_size: V.
        embedding: E, the width of a word vector.
        window: How many words to each side are the context.
        epochs: How often every pair is seen.
        learning_rate: Of `adagrad`.

    Returns:
        The vectors before training and after each epoch, (N, V, E) with N = epochs + 1, and each epoch's mean loss.
    """
    rng = np.random.default_rng(5)
    centres, contexts = pairs(captions, window)  # (N,), (N,)
    cumulative = noise_distribution(np.bincount(contexts, minlength=vocabulary_size)).cumsum()  # (V,)
    tables = rng.normal(size=(2, vocabulary_size, embedding)) / embedding  # small, so that at first σ(x · u) ≈ 0.5
    tables = tables.astype("float32")
    accumulators = np.zeros_like(tables)
    history, losses = [tables[0].copy()], []
    for _ in range(epochs):
        batch_losses = []
        for batch in np.array_split(rng.permutation(len(centres)), -(-len(centres) // 1024)):
            negatives = np.searchsorted(cumulative[:-1], rng.random((len(batch), 5)))  # (B, M), by inverse transform
            words = np.column_stack([contexts[batch], negatives])  # (B, 1 + M)
            loss, *gradients = loss_and_gradients(*tables, centres[batch], words)
            batch_losses.append(loss)
            for table, gradient, accumulator in zip(tables, gradients, accumulators, strict=True):
                adagrad(table, gradient, accumulator, learning_rate)
        history.append(tables[0].copy())
        losses.append(float(np.mean(batch_losses)))
    return np.array(history), losses


def unit(table: np.ndarray) -> np.ndarray:
    """Scale every row of (V, E), or (N, V, E), to unit length; rows of zeros stay zeros."""
    return table / np.maximum(np.linalg.norm(table, axis=-1, keepdims=True), 1e-12)


def cosines(table: np.ndarray) -> np.ndarray:
    """Cosine similarity of any two words: table (V, E) to (V, V), from -1 (opposite) to 1 (the same direction)."""
    return unit(table) @ unit(table).T


def neighbours(similar: np.ndarray, word: int, count: int) -> np.ndarray:
    """Find a word's nearest neighbours: similarities (V, V) to ids (count,), the most similar first."""
    order = np.argsort(-similar[word], kind="stable")
    return order[order != word][:count]


def share_in_group(similar: np.ndarray, group: list[int], count: int = 5) -> tuple[float, float]:
    """Measure whether the nearest neighbours of a group's words belong to the group.

    Args:
        similar: (V, V), the similarity of any two words.
        group: The ids of its words, at least two.
        count: How many neighbours of each word count.

    Returns:
        The share of these neighbours that belong to the group, and chance level: the share among all other words.
    """
    share = np.mean([np.isin(neighbours(similar, word, count), group).mean() for word in group])
    return float(share), (len(group) - 1) / (len(similar) - 1)


def rank_of_ring(table: np.ndarray) -> tuple[int, int]:
    """Rank a cyclic order of words among all cyclic orders by the summed cosine of neighbours.

    Args:
        table: (N, E), the vectors of at least three words, in the order of the ring.

    Returns:
        The rank of this order, 1 for the largest sum, and how many orders there are.
    """
    similar = cosines(table)  # (N, N)
    rings = [(0, *rest) for rest in permutations(range(1, len(table))) if rest[0] < rest[-1]]  # direction is ignored
    sums = similar[rings, np.roll(rings, -1, axis=1)].sum(axis=1)  # (rings,), the first is that of the given order
    return 1 + int((sums > sums[0] + 1e-9).sum()), len(rings)


def pca(tables: np.ndarray) -> np.ndarray:
    """Project word vectors onto their first two principal components (Pearson 1901), by singular value decomposition.

    Args:
        tables: (V, E), or (N, V, E), a table at N moments of training: the components are those of the last one.

    Returns:
        (V, 2), or (N, V, 2).
    """
    last = tables.reshape(-1, *tables.shape[-2:])[-1]  # (V, E)
    mean = last.mean(axis=0)
    directions = np.linalg.svd(last - mean, full_matrices=False)[2][:2].T  # (E, 2)
    largest = directions[np.abs(directions).argmax(axis=0), [0, 1]]  # the sign of a component is arbitrary: its largest
    return (tables - mean) @ (directions * np.sign(largest))  # number is made positive, the same on every machine
