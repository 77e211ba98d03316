"""Four loss functions of two weights that can be drawn as a map, each with its gradient (lesson 02).

One point or N at once: weights (N, 2) in, the loss (N,) or the gradient (N, 2) out. `losses_at_the_end` compares
optimisers on them over many learning rates; `descend_in_keras` takes the steps of an optimiser of Keras.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from captionlib.course.scratch import optimisers

RULES = {
    "SGD": optimisers.sgd,
    "momentum": optimisers.momentum,
    "RMSProp": optimisers.rmsprop,
    "Adam": optimisers.adam,
}


@dataclass(frozen=True)
class Surface:
    """A loss of two weights.

    Attributes:
        loss: (N, 2) to (N,).
        gradient: (N, 2) to (N, 2).
        minimum: The weights with the smallest loss.
    """

    loss: Callable
    gradient: Callable
    minimum: tuple[float, float]


def bowl(curvature_x: float, curvature_y: float) -> Surface:
    """Make a quadratic bowl: the loss is (curvature_x · x² + curvature_y · y²) / 2."""
    curvatures = np.array([curvature_x, curvature_y])
    return Surface(lambda w: (curvatures * w**2).sum(-1) / 2, lambda w: curvatures * w, (0.0, 0.0))


def dips_loss(w: np.ndarray) -> np.ndarray:
    """Loss (N,) at (N, 2) with two minima: the global one at the left, a local one at the right."""
    x, y = w[..., 0], w[..., 1]
    return (x**2 - 1) ** 2 + 0.25 * x + 0.26 + 2 * y**2


def dips_gradient(w: np.ndarray) -> np.ndarray:
    """Gradient (N, 2) of `dips_loss` at (N, 2)."""
    x, y = w[..., 0], w[..., 1]
    return np.stack([4 * x * (x**2 - 1) + 0.25, 4 * y], axis=-1)


def bent_loss(w: np.ndarray) -> np.ndarray:
    """Loss (N,) at (N, 2) in a curved valley, steep across and nearly flat along it (after Rosenbrock 1960)."""
    x, y = w[..., 0], w[..., 1]
    return 0.1 * (1 - x) ** 2 + (y - x**2 + 1) ** 2


def bent_gradient(w: np.ndarray) -> np.ndarray:
    """Gradient (N, 2) of `bent_loss` at (N, 2)."""
    x, y = w[..., 0], w[..., 1]
    across = y - x**2 + 1
    return np.stack([-0.2 * (1 - x) - 4 * x * across, 2 * across], axis=-1)


SURFACES = {
    "round bowl": bowl(4, 4),
    "long valley": bowl(1, 10),
    "two dips": Surface(dips_loss, dips_gradient, (-1.03, 0.0)),
    "bent valley": Surface(bent_loss, bent_gradient, (1.0, 0.0)),
}


def losses_at_the_end(surface: Surface, rates: np.ndarray, start=(-2.0, 1.5), steps: int = 60) -> dict[str, np.ndarray]:
    """Minimise a loss with each optimiser of `RULES` and each learning rate.

    Args:
        surface: The loss.
        rates: The learning rates, (N,).
        start: The two weights at the start.
        steps: How many updates.

    Returns:
        Name of each optimiser to the loss after the last step at each rate, (N,); infinite where it overflowed.
    """
    ends = {}
    for name, update in RULES.items():
        paths = [optimisers.descend(update, surface.gradient, start, steps, learning_rate=rate) for rate in rates]
        with np.errstate(all="ignore"):
            losses = np.array([surface.loss(path[-1]) for path in paths])
        ends[name] = np.where(np.isfinite(losses), losses, np.inf)
    return ends


def descend_in_keras(optimizer, surface: Surface, start: tuple[float, float], steps: int) -> np.ndarray:
    """Minimise a loss with an optimiser of Keras, as `optimisers.descend` does with one of ours.

    Args:
        optimizer: Such as `keras.optimizers.Adam(0.1)`, not used before.
        surface: The loss.
        start: The two weights at the start.
        steps: How many updates.

    Returns:
        The weights after 0, 1, … steps: (N, 2), computed with 32 bits.
    """
    import keras  # here, because figures import this module and need no Keras

    weights = keras.Variable(np.array(start, "float32"))
    path = [np.array(weights)]
    for _ in range(steps):
        optimizer.apply([surface.gradient(path[-1]).astype("float32")], [weights])
        path.append(np.array(weights))
    return np.stack(path)
