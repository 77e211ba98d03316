"""Exercises of lesson 03: a short vector that knows left from right, and Grad-CAM from maps and slopes."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, ask, unlike


def left_and_right(grid):
    """Take the mean of the left half and of the right half of a grid, and lay one behind the other."""
    middle = grid.shape[1] // 2
    return np.concatenate([grid[:, :middle].mean(axis=(0, 1)), grid[:, middle:].mean(axis=(0, 1))])  # (2 D,)


def judge_halves(mine):
    """Try a grid that is higher than wide, then a large one."""
    for grid in (np.arange(24.0).reshape(3, 4, 2), np.random.default_rng(3).normal(size=(12, 12, 128))):
        halves = ask(mine, grid)
        wanted = left_and_right(grid)
        if not (wrong := unlike(halves, wanted)):
            continue
        told = f"for a grid of shape {grid.shape}"
        if isinstance(halves, np.ndarray) and halves.shape == wanted.shape:
            depth = grid.shape[2]
            upper = np.concatenate([half.mean(axis=(0, 1)) for half in np.array_split(grid, 2)])
            if np.isnan(halves).any():
                return f"{told} a half is empty, and so its mean is no number; this grid has {grid.shape[1]} columns"
            if np.allclose(halves, np.roll(wanted, depth)):
                return f"{told} the right half comes first, and the left one is wanted first"
            if np.allclose(halves, upper):
                return f"{told} it tells above from below; axis 0 holds the rows, and left and right are columns"
        return f"{told}, {wrong}"
    return None


def weighted_maps(maps, slopes):
    """Weigh each map by its mean slope, add the maps up, cut off what is negative, and make the largest 1."""
    weights = slopes.mean(axis=(0, 1))  # (D,)
    total = np.maximum(maps @ weights, 0)  # (rows, cols)
    return total / max(total.max(), 1e-9)  # a map without any place that speaks for it stays 0


def judge_grad_cam(mine):
    """Try two places by hand, then many maps, then a score that nothing speaks for."""
    rng = np.random.default_rng(3)
    hand = np.array([[[4.0, 0], [1, 2]]]), np.array([[[1.0, -2], [3, -2]]])  # weights 2 and -2: (8, -2), then (1, 0)
    large = rng.random((3, 4, 6)), rng.normal(size=(3, 4, 6))
    nothing = rng.random((2, 2, 3)), -rng.random((2, 2, 3))
    for name, (maps, slopes) in (("two places", hand), ("12 places", large), ("slopes that are all negative", nothing)):
        with np.errstate(all="ignore"):  # the learner reads our sentence instead of NumPy's warning
            found = ask(mine, maps, slopes)
        wanted = weighted_maps(maps, slopes)
        if not (wrong := unlike(found, wanted)):
            continue
        told = f"for {name}, maps and slopes of shape {maps.shape}"
        if isinstance(found, np.ndarray) and found.shape == wanted.shape:
            if np.isnan(found).any() and not wanted.any():
                return f"{told}, no place speaks for the score and 0 is divided by 0; every place shall be 0 then"
            if found.min() < -1e-6:
                return f"{told}, a place has {found.min():.3g}; what speaks against the score shall be 0"
            if np.isfinite(found).all() and wanted.max() > 0 and abs(found.max() - 1) > 1e-6:
                return f"{told}, the largest place has {found.max():.3g}, and 1 is wanted"
        return f"{told}, {wrong}"
    return None


halves = Exercise(
    judge_halves,
    left_and_right,
    [
        "A grid is (rows, columns, D). `grid[:, :6]` is the left half of one with 12 columns.",
        "Take the mean of each half over its rows and columns, `mean(axis=(0, 1))`: D numbers each.",
        "`np.concatenate([left, right])` lays them one behind the other; `grid.shape[1] // 2` is the middle.",
    ],
)
grad_cam = Exercise(
    judge_grad_cam,
    weighted_maps,
    [
        "First one weight a map: the mean of its slopes over all places, `slopes.mean(axis=(0, 1))`.",
        "`maps @ weights` weighs and adds up the maps: one number a place. Negative ones become 0 with `np.maximum`.",
        "Divide by the largest; where everything is 0 there is nothing to divide by: `max(total.max(), 1e-9)`.",
    ],
)
