"""A task that needs memory and nothing else: say which word came first (lesson 06).

A sentence is a row of words drawn at random from eight; after the last one the network is asked for the first. Guessing
is right one time in eight. It was made to measure how far back a network can learn to remember (Hochreiter and
Schmidhuber 1997, section 5, has its relatives). Everything is NumPy: `lstm` for the networks, `optimisers` for Adam.
"""

import numpy as np

from captionlib.course.scratch import lstm
from captionlib.course.scratch.optimisers import adam

WORDS, UNITS = 8, 16


def sentences(rng: np.random.Generator, count: int, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw sentences: one-hot words (count, distance + 1, 8) and which word came first, (count,)."""
    words = rng.integers(WORDS, size=(count, distance + 1))
    return np.eye(WORDS, dtype="float32")[words], words[:, 0]


def fresh(kind: str, rng: np.random.Generator, forget_bias: float = 1.0) -> list[np.ndarray]:
    """Draw first weights as Keras does: Glorot for words and answers, orthogonal for the state.

    Args:
        kind: rnn or lstm.
        rng: Draws them.
        forget_bias: Of the LSTM's forget gate; Keras takes 1.

    Returns:
        W (8, ·), U (16, ·) and b (·,), then the answer's weights (16, 8) and biases (8,); · is 16, for an LSTM 64.
    """
    width = UNITS if kind == "rnn" else 4 * UNITS
    tall, _ = np.linalg.qr(rng.normal(size=(width, UNITS)))
    b = np.zeros(width)
    if kind == "lstm":
        b[UNITS : 2 * UNITS] = forget_bias
    W, out = (rng.uniform(-1, 1, size=size) * np.sqrt(6 / sum(size)) for size in ((WORDS, width), (UNITS, WORDS)))
    return [weight.astype("float32") for weight in (W, tall.T, b, out, np.zeros(WORDS))]


def blame(kind: str, weights: list[np.ndarray], x: np.ndarray, first: np.ndarray):
    """Ask for the first word and send the loss back.

    Args:
        kind: rnn or lstm.
        weights: What `fresh` returns.
        x: (B, T, 8), sentences.
        first: (B,), the right answers.

    Returns:
        The share of right answers, the loss's gradient with respect to every word (B, T, 8), and to every weight.
    """
    W, U, b, out, shift = weights
    rows, h0 = np.arange(len(x)), np.zeros((len(x), UNITS), x.dtype)
    states, *rest = (lstm.rnn(x, h0, W, U, b),) if kind == "rnn" else lstm.lstm(x, h0, h0, W, U, b)
    logits = states[:, -1] @ out + shift  # (B, 8), the network is asked after its last word
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    right = (odds.argmax(axis=1) == first).mean()
    odds[rows, first] -= 1  # the gradient of cross-entropy
    odds /= len(x)
    dstates = np.zeros_like(states)
    dstates[:, -1] = odds @ out.T
    if kind == "rnn":
        dx, _, *slopes = lstm.rnn_backward(dstates, x, h0, states, W, U)
    else:
        dx, _, _, *slopes = lstm.lstm_backward(dstates, x, h0, h0, states, *rest, W, U)
    return right, dx, [*slopes, states[:, -1].T @ odds, odds.sum(axis=0)]


def train(kind: str, distance: int, forget_bias: float = 1.0, seed: int = 0, steps: int = 400) -> float:
    """Train a network to say the first word.

    Args:
        kind: rnn or lstm.
        distance: Words between the first and the question.
        forget_bias: Of the LSTM's forget gate.
        seed: Of weights and sentences.
        steps: Of Adam, 32 sentences each; training stops early when 20 steps in a row were nearly all right.

    Returns:
        Share of right answers on 400 new sentences.
    """
    rng = np.random.default_rng(seed)
    weights, memories, lately = fresh(kind, rng, forget_bias), [{}] * 5, []
    for _ in range(steps):
        right, _, slopes = blame(kind, weights, *sentences(rng, 32, distance))
        lately = [*lately[-19:], right]
        if len(lately) == 20 and np.mean(lately) > 0.99:
            break
        size = np.sqrt(sum((slope**2).sum() for slope in slopes))
        slopes = [slope / max(size, 1) for slope in slopes]  # clipped to length 1, against steps that fly off
        pairs = [adam(*each, learning_rate=0.01) for each in zip(weights, slopes, memories, strict=True)]
        weights, memories = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return float(blame(kind, weights, *sentences(rng, 400, distance))[0])
