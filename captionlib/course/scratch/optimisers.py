"""How every network of this course learns: the steps that optimisers take, in NumPy (lesson 02).

Each function takes the weights (N,), their gradient (N,) and what it remembers, a dict that is empty at first; it gives
the new weights and the new memory. Names, defaults and the place of epsilon are those of `keras.optimizers`.
"""

from collections.abc import Callable

import numpy as np

Step = tuple[np.ndarray, dict]  # the new weights, the new memory


def sgd(weights: np.ndarray, gradient: np.ndarray, memory: dict, learning_rate: float = 0.01) -> Step:
    """Go downhill: weights (N,) minus the learning rate times their gradient (N,); the memory stays empty."""
    return weights - learning_rate * gradient, memory


def momentum(
    weights: np.ndarray, gradient: np.ndarray, memory: dict, learning_rate: float = 0.01, momentum: float = 0.9
) -> Step:
    """Roll downhill: weights (N,), gradient (N,); the memory holds a velocity (Polyak 1964), `momentum` of it stays."""
    velocity = momentum * memory.get("velocity", 0) - learning_rate * gradient
    return weights + velocity, {"velocity": velocity}


def rmsprop(
    weights: np.ndarray,
    gradient: np.ndarray,
    memory: dict,
    learning_rate: float = 0.001,
    rho: float = 0.9,
    epsilon: float = 1e-7,
) -> Step:
    """Divide each gradient by its usual size (Tieleman and Hinton 2012, lecture 6.5).

    Args:
        weights: (N,).
        gradient: (N,).
        memory: Holds the running mean of squared gradients.
        learning_rate: The usual length of a step.
        rho: How much of the mean stays at a step.
        epsilon: Added below the root, so that nothing is divided by 0.

    Returns:
        The new weights (N,) and the new memory.
    """
    square = rho * memory.get("square", 0) + (1 - rho) * gradient**2
    return weights - learning_rate * gradient / np.sqrt(square + epsilon), {"square": square}


def adam(
    weights: np.ndarray,
    gradient: np.ndarray,
    memory: dict,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Step:
    """Roll, and divide by the usual size (Kingma and Ba 2015, end of section 2: epsilon beside the uncorrected root).

    Args:
        weights: (N,).
        gradient: (N,).
        memory: Holds the number of steps taken and the running means of gradients and squared gradients.
        learning_rate: The longest usual step.
        beta_1: How much of the mean of gradients stays at a step.
        beta_2: How much of the mean of squared gradients stays.
        epsilon: Added to the root, so that nothing is divided by 0.

    Returns:
        The new weights (N,) and the new memory.
    """
    t = memory.get("t", 0) + 1
    mean = beta_1 * memory.get("mean", 0) + (1 - beta_1) * gradient
    square = beta_2 * memory.get("square", 0) + (1 - beta_2) * gradient**2
    rate = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)  # both means begin at 0, which is too small
    return weights - rate * mean / (np.sqrt(square) + epsilon), {"t": t, "mean": mean, "square": square}


def adamw(
    weights: np.ndarray, gradient: np.ndarray, memory: dict, weight_decay: float = 0.004, learning_rate: float = 0.001
) -> Step:
    """Shrink the weights (N,) a little, then step as Adam by the gradient (N,) (Loshchilov and Hutter 2019, alg. 2)."""
    return adam(weights - learning_rate * weight_decay * weights, gradient, memory, learning_rate)


def descend(step: Callable, slope: Callable, start: np.ndarray, steps: int, **settings: float) -> np.ndarray:
    """Walk down a surface.

    Args:
        step: One of the functions above.
        slope: Weights (D,) in, gradient (D,) out.
        start: (D,).
        steps: How many.
        **settings: Handed to `step`, such as `learning_rate`.

    Returns:
        The weights after 0, 1, … steps: (N, D); infinite or not a number where the walk flew off.
    """
    path, memory = [np.asarray(start, float)], {}
    with np.errstate(all="ignore"):
        for _ in range(steps):
            weights, memory = step(path[-1], slope(path[-1]), memory, **settings)
            path.append(weights)
    return np.stack(path)
