"""Four losses of two weights that can be drawn as a map, each with its gradient by hand (lesson 02).

N places at once, or one: weights (N, 2) in, the loss (N,) or the gradient (N, 2) out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Surface:
    """A loss of two weights.

    Attributes:
        loss: (N, 2) to (N,).
        slope: (N, 2) to the gradient (N, 2).
        lowest: Where the loss is smallest.
    """

    loss: Callable
    slope: Callable
    lowest: tuple[float, float]


def bowl(curve_x: float, curve_y: float) -> Surface:
    """Make a bowl whose slope grows by `curve_x` per unit eastwards and by `curve_y` per unit northwards."""
    curves = np.array([curve_x, curve_y])
    return Surface(lambda w: (curves * w**2).sum(-1) / 2, lambda w: curves * w, (0.0, 0.0))


def dips_loss(w: np.ndarray) -> np.ndarray:
    """Say how high (N,) the two dips are at (N, 2): a deep one at the left, a shallow one at the right."""
    x, y = w[..., 0], w[..., 1]
    return (x**2 - 1) ** 2 + 0.25 * x + 0.26 + 2 * y**2


def dips_slope(w: np.ndarray) -> np.ndarray:
    """Give the gradient (N, 2) of the two dips at (N, 2)."""
    x, y = w[..., 0], w[..., 1]
    return np.stack([4 * x * (x**2 - 1) + 0.25, 4 * y], axis=-1)


def bent_loss(w: np.ndarray) -> np.ndarray:
    """Say how high (N,) a bent valley is at (N, 2): steep across, nearly flat along (after Rosenbrock 1960)."""
    x, y = w[..., 0], w[..., 1]
    return 0.1 * (1 - x) ** 2 + (y - x**2 + 1) ** 2


def bent_slope(w: np.ndarray) -> np.ndarray:
    """Give the gradient (N, 2) of the bent valley at (N, 2)."""
    x, y = w[..., 0], w[..., 1]
    across = y - x**2 + 1
    return np.stack([-0.2 * (1 - x) - 4 * x * across, 2 * across], axis=-1)


SURFACES = {
    "round bowl": bowl(4, 4),
    "long valley": bowl(1, 10),
    "two dips": Surface(dips_loss, dips_slope, (-1.03, 0.0)),
    "bent valley": Surface(bent_loss, bent_slope, (1.0, 0.0)),
}
