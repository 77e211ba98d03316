"""Step 4, the decoder: word vectors in NumPy, looked up, learned from captions, compared (lesson 05).

Skip-gram with negative sampling (Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality"): the vector of a centre word learns to tell the context words around it from negative samples, words
drawn at random. An embedding table is (V, E), one row per word of the vocabulary. Every word has a row in two tables,
one as centre word (`vectors`) and one as context word (`context`).
"""

from collections.abc import Iterable

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
    small = ids.astype(np.min_scalar_type(rows))  # uint8 up to 255 rows, which sorts three times as fast
    order = np.argsort(small, axis=None, kind="stable")  # equal ids side by side; np.add.at does the same, more slowly
    sorted_ids, sorted_gradient = ids.ravel()[order], gradient.reshape(-1, gradient.shape[-1])[order]
    first = np.flatnonzero(np.diff(sorted_ids, prepend=-1))  # where each id begins
    table = np.zeros((rows, gradient.shape[-1]), gradient.dtype)
    table[sorted_ids[first]] = np.add.reduceat(sorted_gradient, first)  # sum from one beginning to the next
    return table


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Logistic function: logits (N,) to probabilities (N,), or any other shape."""
    return 1 / (1 + np.exp(-z))


def pairs(captions: Iterable[list[int]], window: int) -> tuple[np.ndarray, np.ndarray]:
    """List every pair of a centre word and a context word.

    Args:
        captions: Token ids, one list per caption. No pair reaches across two captions.
        window: How many words to each side are the context.

    Returns:
        Centre words (P,) and context words (P,). Every pair occurs both ways round.
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


def add_negatives(centres: np.ndarray, contexts: np.ndarray, noise: np.ndarray, rng: np.random.Generator):
    """Draw M = 5 negative samples for every pair.

    Args:
        centres: (B,) ids of centre words.
        contexts: (B,) ids, the context word of each.
        noise: (V,), what `noise_distribution` returns.
        rng: Draws the samples.

    Returns:
        Centre words, other words and labels, each (N,) with N = 6 B: the label is 1 for a context word, 0 for a
        negative sample.
    """
    negatives = rng.choice(len(noise), (len(centres), 5), p=noise)  # (B, M)
    others = np.column_stack([contexts, negatives])  # (B, 1 + M)
    labels = np.zeros_like(others)
    labels[:, 0] = 1
    return np.repeat(centres, 6), others.ravel(), labels.ravel()


def update(
    vectors: np.ndarray,
    context: np.ndarray,
    centres: np.ndarray,
    others: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step of gradient descent on −log σ(x · u) for label 1 and −log σ(−x · u) for label 0 (sec. 2.2, eq. 4).

    Args:
        vectors: (V, E), the table of centre words, with rows x.
        context: (V, E), the table of context words, with rows u.
        centres: (N,) ids of centre words.
        others: (N,) ids of context words and negative samples.
        labels: (N,), 1 for a context word, 0 for a negative sample.
        learning_rate: η; the gradients of the N examples are summed.

    Returns:
        Both tables after the step, each (V, E).
    """
    x, u = lookup(vectors, centres), lookup(context, others)  # (N, E) each
    z = (x * u).sum(axis=1)  # (N,), the dot products
    dz = (sigmoid(z) - labels)[:, None].astype(x.dtype)  # (N, 1), p minus label
    dx, du = dz * u, dz * x  # (N, E) each
    V = len(vectors)
    return (
        vectors - learning_rate * lookup_backward(dx, centres, V),
        context - learning_rate * lookup_backward(du, others, V),
    )


def initial_tables(vocabulary_size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the rows of centre and context words, (V, 16) each, small, so that at first every σ(x · u) is about 0.5."""
    vectors, context = rng.normal(size=(2, vocabulary_size, 16)).astype("float32") / 16
    return vectors, context


def batches(
    centres: np.ndarray, contexts: np.ndarray, rng: np.random.Generator, size: int = 1024
) -> Iterable[tuple[np.ndarray, ...]]:
    """Go through all pairs once, in random order and in batches, with negative samples.

    Args:
        centres: (P,) ids of centre words.
        contexts: (P,) ids, the context word of each. Their counts give the noise distribution.
        rng: Shuffles the pairs and draws negative samples.
        size: How many pairs are in a batch, at most.

    Yields:
        What `add_negatives` returns, for each batch.
    """
    noise = noise_distribution(np.bincount(contexts))  # (V,)
    for batch in np.array_split(rng.permutation(len(centres)), -(-len(centres) // size)):
        yield add_negatives(centres[batch], contexts[batch], noise, rng)


def train(captions: list[list[int]], vocabulary_size: int, seed: int = 5, epochs: int = 6) -> np.ndarray:
    """Learn word vectors of 16 numbers from captions, with a window of 2.

    Args:
        captions: Token ids, one list (T,) per caption.
        vocabulary_size: V.
        seed: Of the first tables, the order of pairs, and the negative samples.
        epochs: How often every pair is seen.

    Returns:
        The vectors of centre words before training and after each epoch, (epochs + 1, V, E).
    """
    rng = np.random.default_rng(seed)
    centres, contexts = pairs(captions, window=2)  # (P,) each
    vectors, context = initial_tables(vocabulary_size, rng)
    history = [vectors]
    for _ in range(epochs):
        for batch in batches(centres, contexts, rng):
            vectors, context = update(vectors, context, *batch, learning_rate=0.0025)
        history.append(vectors)
    return np.array(history)


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
