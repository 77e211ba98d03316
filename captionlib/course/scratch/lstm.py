"""Step 4, the decoder: the plain recurrent network and the LSTM in NumPy, forward and backward pass (lesson 06).

A step reads one word; a sequence is a loop over steps. The backward pass goes through the same steps from the last to
the first: backpropagation through time. Weights have Keras' layout: W (X, ·) for the input, U (H, ·) for the hidden
state before, b the bias; for the LSTM each is four blocks of H columns side by side, in the order i, f, g, o.
"""

import numpy as np

GATES = ("i", "f", "g", "o")  # input gate, forget gate, candidate, output gate


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Logistic function of each number of an array (B, H), between 0 and 1."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)  # equals 1 / (1 + exp(-z)); nothing overflows


def rnn_step(x, h, W, U, b) -> np.ndarray:
    """Run one step of the plain recurrent network, h ← tanh(x W + h U + b) (Elman 1990).

    Args:
        x: (B, X), the word vectors.
        h: (B, H), the hidden state before.
        W: (X, H).
        U: (H, H).
        b: (H,).

    Returns:
        The hidden state after, (B, H).
    """
    return np.tanh(x @ W + h @ U + b)


def rnn(x, h0, W, U, b) -> np.ndarray:
    """Run over sequences x (B, T, X) from the state h0 (B, H); returns the hidden state after every step, (B, T, H)."""
    states = [h0]
    for t in range(x.shape[1]):
        states.append(rnn_step(x[:, t], states[-1], W, U, b))
    return np.stack(states[1:], axis=1)


def rnn_step_backward(dh, x, h, new, W, U):
    """Backward pass of `rnn_step`.

    Args:
        dh: (B, H), the upstream gradient: of the loss with respect to the hidden state after.
        x: (B, X), the word vectors.
        h: (B, H), the hidden state before.
        new: (B, H), the hidden state after.
        W: (X, H).
        U: (H, H).

    Returns:
        Gradients with respect to x (B, X), h (B, H), W (X, H), U (H, H) and b (H,).
    """
    dz = dh * (1 - new**2)  # (B, H), through tanh
    return dz @ W.T, dz @ U.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def rnn_backward(dstates, x, h0, states, W, U):
    """Backpropagation through time for `rnn` (Werbos 1990).

    Args:
        dstates: (B, T, H), the upstream gradient of each hidden state; zeros where the loss does not use it.
        x: (B, T, X).
        h0: (B, H).
        states: (B, T, H), what `rnn` returned.
        W: (X, H).
        U: (H, H).

    Returns:
        Gradients with respect to x (B, T, X), h0 (B, H), W (X, H), U (H, H) and b (H,).
    """
    dx, dh = np.zeros_like(x), np.zeros_like(h0)
    total = [np.zeros_like(W), np.zeros_like(U), np.zeros_like(h0[0])]
    for t in reversed(range(x.shape[1])):
        before = states[:, t - 1] if t else h0
        dx[:, t], dh, *parts = rnn_step_backward(dh + dstates[:, t], x[:, t], before, states[:, t], W, U)
        total = [whole + part for whole, part in zip(total, parts, strict=True)]
    return dx, dh, *total


def lstm_step(x, h, c, W, U, b, clamp=None):
    """Run one step of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i, f, o = σ(x W + h U + b) and g = tanh(x W + h U + b), each with its own block of columns of W, U and b; then
    c ← f ⊙ c + i ⊙ g and h ← o ⊙ tanh(c).

    Args:
        x: (B, X), the word vectors.
        h: (B, H), the hidden state before.
        c: (B, H), the cell state before.
        W: (X, 4 H).
        U: (H, 4 H).
        b: (4 H,).
        clamp: Gates to clamp to a constant, such as {"f": 0}; {"i": 0, "f": 1} keeps the cell state as it is.

    Returns:
        Hidden state (B, H) and cell state (B, H) after the step, and the gates, a dict of arrays (B, H): input gate i,
        forget gate f, candidate g, output gate o.
    """
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=-1)  # (B, H) each
    gates = {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}
    for name, value in (clamp or {}).items():
        gates[name] = np.full_like(gates[name], value)
    c = gates["f"] * c + gates["i"] * gates["g"]  # forget part of the old, write part of the new
    return gates["o"] * np.tanh(c), c, gates


def lstm(x, h0, c0, W, U, b):
    """Run an LSTM over sequences.

    Args:
        x: (B, T, X).
        h0: (B, H).
        c0: (B, H).
        W: (X, 4 H).
        U: (H, 4 H).
        b: (4 H,).

    Returns:
        Hidden states (B, T, H), cell states (B, T, H), and the gates, a dict of i, f, g and o, each (B, T, H).
    """
    h, c, steps = h0, c0, []
    for t in range(x.shape[1]):
        h, c, gates = lstm_step(x[:, t], h, c, W, U, b)
        steps.append((h, c, *gates.values()))
    states, cells, *gates = (np.stack(each, axis=1) for each in zip(*steps, strict=True))
    return states, cells, dict(zip(GATES, gates, strict=True))


def lstm_step_backward(dh, dc, x, h, c, new_c, gates, W, U):
    """Backward pass of `lstm_step`.

    Args:
        dh: (B, H), the upstream gradient of the hidden state after.
        dc: (B, H), the upstream gradient of the cell state after, from the next step.
        x: (B, X), the word vectors.
        h: (B, H), the hidden state before.
        c: (B, H), the cell state before.
        new_c: (B, H), the cell state after.
        gates: i, f, g and o of this step, each (B, H).
        W: (X, 4 H).
        U: (H, 4 H).

    Returns:
        Gradients with respect to x (B, X), h (B, H), c (B, H), W (X, 4 H), U (H, 4 H) and b (4 H,).
    """
    i, f, g, o = (gates[name] for name in GATES)
    tanh_c = np.tanh(new_c)  # (B, H)
    dc = dc + dh * o * (1 - tanh_c**2)  # two paths to the loss: along the cell state, and through the hidden state
    dz = np.concatenate(  # (B, 4 H), through each gate's sigmoid or tanh
        [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)], axis=-1
    )
    return dz @ W.T, dz @ U.T, dc * f, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def lstm_backward(dstates, x, h0, c0, states, cells, gates, W, U):
    """Backpropagation through time for `lstm` (Werbos 1990).

    Args:
        dstates: (B, T, H), the upstream gradient of each hidden state; zeros where the loss does not use it.
        x: (B, T, X).
        h0: (B, H).
        c0: (B, H).
        states: (B, T, H), what `lstm` returned.
        cells: (B, T, H), what `lstm` returned.
        gates: i, f, g and o, each (B, T, H), what `lstm` returned.
        W: (X, 4 H).
        U: (H, 4 H).

    Returns:
        Gradients with respect to x (B, T, X), h0 (B, H), c0 (B, H), W (X, 4 H), U (H, 4 H) and b (4 H,).
    """
    dx, dh, dc = np.zeros_like(x), np.zeros_like(h0), np.zeros_like(c0)
    total = [np.zeros_like(W), np.zeros_like(U), np.zeros_like(W[0])]
    for t in reversed(range(x.shape[1])):
        h, c = (states[:, t - 1], cells[:, t - 1]) if t else (h0, c0)
        here = {name: gates[name][:, t] for name in GATES}
        dx[:, t], dh, dc, *parts = lstm_step_backward(dh + dstates[:, t], dc, x[:, t], h, c, cells[:, t], here, W, U)
        total = [whole + part for whole, part in zip(total, parts, strict=True)]
    return dx, dh, dc, *total
