"""How every network of this course learns: the update rules of optimisers, in NumPy (lesson 02).

Each function takes the weights (N,), their gradient (N,) and the optimiser's state, a dict that is empty at first; it
returns the new weights and the new state. Names, defaults and the place of epsilon are those of `keras.optimizers`. In
the equations θ are the weights, ∇ the gradient and η the learning rate, as in docs/notation.md.
"""

from collections.abc import Callable

import numpy as np

Update = tuple[np.ndarray, dict]  # the new weights, the new state


def sgd(weights: np.ndarray, gradient: np.ndarray, state: dict, learning_rate: float = 0.01) -> Update:
    """Gradient descent (SGD) on weights (N,): θ ← θ − η ∇; its state stays empty (Robbins and Monro 1951)."""
    return weights - learning_rate * gradient, state


def momentum(
    weights: np.ndarray, gradient: np.ndarray, state: dict, learning_rate: float = 0.01, momentum: float = 0.9
) -> Update:
    """SGD with momentum μ (Polyak 1964) on weights (N,): Δ ← μ Δ − η ∇, θ ← θ + Δ; the state holds the velocity Δ."""
    velocity = momentum * state.get("velocity", 0) - learning_rate * gradient
    return weights + velocity, {"velocity": velocity}


def rmsprop(
    weights: np.ndarray,
    gradient: np.ndarray,
    state: dict,
    learning_rate: float = 0.001,
    rho: float = 0.9,
    epsilon: float = 1e-7,
) -> Update:
    """RMSProp (Tieleman and Hinton 2012, lecture 6.5): ν ← ρ ν + (1 − ρ) ∇², θ ← θ − η ∇ / √(ν + ε).

    Args:
        weights: (N,).
        gradient: (N,).
        state: Holds ν, the running mean of the squared gradient.
        learning_rate: η.
        rho: ρ, the share of the running mean that stays.
        epsilon: ε, which keeps the divisor above 0.

    Returns:
        The new weights (N,) and the new state.
    """
    square = rho * state.get("square", 0) + (1 - rho) * gradient**2
    return weights - learning_rate * gradient / np.sqrt(square + epsilon), {"square": square}


def adam(
    weights: np.ndarray,
    gradient: np.ndarray,
    state: dict,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Update:
    """Adam (Kingma and Ba 2015, alg. 1, in the order of computation of the end of sec. 2).

    m ← β₁ m + (1 − β₁) ∇ and ν ← β₂ ν + (1 − β₂) ∇²; then θ ← θ − η √(1 − β₂ˢ) / (1 − β₁ˢ) · m / (√ν + ε) in step s.

    Args:
        weights: (N,).
        gradient: (N,).
        state: Holds s, the number of steps; m, the running mean of the gradient (first moment); and ν, that of the
            squared gradient (second moment).
        learning_rate: η.
        beta_1: β₁, the share of m that stays.
        beta_2: β₂, the share of ν that stays.
        epsilon: ε, which keeps the divisor above 0.

    Returns:
        The new weights (N,) and the new state.
    """
    step = state.get("step", 0) + 1
    mean = beta_1 * state.get("mean", 0) + (1 - beta_1) * gradient
    square = beta_2 * state.get("square", 0) + (1 - beta_2) * gradient**2
    rate = learning_rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)  # bias correction: both means start at 0
    return weights - rate * mean / (np.sqrt(square) + epsilon), {"step": step, "mean": mean, "square": square}


def adamw(
    weights: np.ndarray, gradient: np.ndarray, state: dict, weight_decay: float = 0.004, learning_rate: float = 0.001
) -> Update:
    """AdamW (Loshchilov and Hutter 2019, alg. 2) on weights (N,): θ ← θ − η λ θ, decoupled weight decay; then Adam."""
    return adam(weights - learning_rate * weight_decay * weights, gradient, state, learning_rate)


def descend(update: Callable, gradient: Callable, start: np.ndarray, steps: int, **settings: float) -> np.ndarray:
    """Minimise a function of a few weights and keep the path.

    Args:
        update: One of the functions above.
        gradient: Weights (D,) in, their gradient (D,) out.
        start: (D,).
        steps: How many.
        **settings: Passed on to `update`, such as `learning_rate`.

    Returns:
        The weights after 0, 1, … steps: (N, D); infinite or NaN where the descent diverged.
    """
    path, state = [np.asarray(start, float)], {}
    with np.errstate(all="ignore"):
        for _ in range(steps):
            weights, state = update(path[-1], gradient(path[-1]), state, **settings)
            path.append(weights)
    return np.stack(path)
