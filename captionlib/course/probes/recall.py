"""A task that needs memory and nothing else: recall the first word of a sentence (lesson 06).

A sentence is a row of words drawn uniformly from eight; after the last one the network has to name the first. Chance
level is 1/8. The task measures over how many steps a network can learn to remember (compare Hochreiter and Schmidhuber
1997, sec. 5). Everything is NumPy: `lstm` for the networks, `optimisers` for Adam.
"""

import numpy as np

from captionlib.course.scratch import lstm
from captionlib.course.scratch.attention import softmax
from captionlib.course.scratch.optimisers import adam

WORDS, UNITS = 8, 16


def sentences(rng: np.random.Generator, count: int, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw sentences: one-hot words (count, distance + 1, 8) and which word comes first, (count,)."""
    words = rng.integers(WORDS, size=(count, distance + 1))
    return np.eye(WORDS, dtype="float32")[words], words[:, 0]


def init_weights(kind: str, rng: np.random.Generator, forget_bias: float = 1.0) -> list[np.ndarray]:
    """Draw initial weights as Keras does: Glorot uniform, orthogonal for the recurrent weights.

    Args:
        kind: rnn or lstm.
        rng: Draws them.
        forget_bias: Bias of the LSTM's forget gate; Keras takes 1 (Jozefowicz et al. 2015).

    Returns:
        W (8, ·), U (16, ·) and b (·,), then W_z (16, 8) and b_z (8,) for the logits; · is 16, for an LSTM 64.
    """
    width = UNITS if kind == "rnn" else 4 * UNITS
    orthogonal, _ = np.linalg.qr(rng.normal(size=(width, UNITS)))
    b = np.zeros(width)
    if kind == "lstm":
        b[UNITS : 2 * UNITS] = forget_bias
    W, W_z = (rng.uniform(-1, 1, size=size) * np.sqrt(6 / sum(size)) for size in ((WORDS, width), (UNITS, WORDS)))
    return [weight.astype("float32") for weight in (W, orthogonal.T, b, W_z, np.zeros(WORDS))]


def accuracy_and_gradients(kind: str, weights: list[np.ndarray], x: np.ndarray, first: np.ndarray):
    """Run the forward and the backward pass of the mean cross-entropy.

    Args:
        kind: rnn or lstm.
        weights: What `init_weights` returns.
        x: (B, T, 8), sentences.
        first: (B,), the right answers.

    Returns:
        The accuracy, the gradient of the loss with respect to x (B, T, 8), and with respect to each of the weights.
    """
    W, U, b, W_z, b_z = weights
    h0 = np.zeros((len(x), UNITS), x.dtype)
    states, *rest = (lstm.rnn(x, h0, W, U, b),) if kind == "rnn" else lstm.lstm(x, h0, h0, W, U, b)
    probs = softmax(states[:, -1] @ W_z + b_z)  # (B, 8), after the last word
    accuracy = (probs.argmax(axis=1) == first).mean()
    dlogits = probs.copy()
    dlogits[np.arange(len(x)), first] -= 1  # of the cross-entropy: p minus the one-hot target
    dlogits /= len(x)
    dstates = np.zeros_like(states)
    dstates[:, -1] = dlogits @ W_z.T
    if kind == "rnn":
        dx, _, *gradients = lstm.rnn_backward(dstates, x, h0, states, W, U)
    else:
        dx, _, _, *gradients = lstm.lstm_backward(dstates, x, h0, h0, states, *rest, W, U)
    return accuracy, dx, [*gradients, states[:, -1].T @ dlogits, dlogits.sum(axis=0)]


def gradient_norms(kind: str, distance: int, forget_bias: float = 1.0, seed: int = 0) -> np.ndarray:
    """Measure how much gradient reaches each word in an untrained network that is asked for the first word.

    Args:
        kind: rnn or lstm.
        distance: Steps between the first word and the answer.
        forget_bias: Bias of the LSTM's forget gate.
        seed: Of weights and of 64 sentences.

    Returns:
        (distance,), the mean norm of the gradient with respect to the word 1, 2, 3 ... steps before the last one,
        relative to that of 1 step.
    """
    rng = np.random.default_rng(seed)
    weights, (x, first) = init_weights(kind, rng, forget_bias), sentences(rng, 64, distance)
    _, dx, _ = accuracy_and_gradients(kind, weights, x, first)
    norms = np.linalg.norm(dx, axis=2).mean(axis=0)[-2::-1]  # without the last word, on which the output gate acts, too
    return norms / norms[0]


def train(kind: str, distance: int, forget_bias: float = 1.0, seed: int = 0, steps: int = 400) -> float:
    """Train a network to recall the first word.

    Args:
        kind: rnn or lstm.
        distance: Steps between the first word and the answer.
        forget_bias: Initial bias of the LSTM's forget gate.
        seed: Of weights and sentences.
        steps: Of Adam, on 32 sentences each; training stops early once the accuracy of 20 steps exceeds 99 %.

    Returns:
        Accuracy on 400 new sentences.
    """
    rng = np.random.default_rng(seed)
    weights, states, recent = init_weights(kind, rng, forget_bias), [{}] * 5, []
    for _ in range(steps):
        accuracy, _, gradients = accuracy_and_gradients(kind, weights, *sentences(rng, 32, distance))
        recent = [*recent[-19:], accuracy]
        if len(recent) == 20 and np.mean(recent) > 0.99:
            break
        norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
        gradients = [gradient / max(norm, 1) for gradient in gradients]  # gradient clipping (Pascanu et al. 2013)
        updates = [adam(*each, learning_rate=0.01) for each in zip(weights, gradients, states, strict=True)]
        weights, states = [update[0] for update in updates], [update[1] for update in updates]
    return float(accuracy_and_gradients(kind, weights, *sentences(rng, 400, distance))[0])
