"""Exercises of lesson 03: pooling that tells left from right, and Grad-CAM from feature maps and gradients."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare


def left_and_right(grid):
    """Pool the left half and the right half of a feature grid, and concatenate the two means."""
    middle = grid.shape[1] // 2
    return np.concatenate([grid[:, :middle].mean(axis=(0, 1)), grid[:, middle:].mean(axis=(0, 1))])  # (2 D,)


def check_halves(mine):
    """Try a grid that is higher than wide, then a large one."""
    for grid in (np.arange(24.0).reshape(3, 4, 2), np.random.default_rng(3).normal(size=(12, 12, 128))):
        halves = call(mine, grid)
        expected = left_and_right(grid)
        if not (wrong := compare(halves, expected)):
            continue
        case = f"for a grid of shape {grid.shape}"
        if isinstance(halves, np.ndarray) and halves.shape == expected.shape:
            depth = grid.shape[2]
            upper = np.concatenate([half.mean(axis=(0, 1)) for half in np.array_split(grid, 2)])
            if np.isnan(halves).any():
                return f"{case} a half is empty, and so its mean is NaN; this grid has {grid.shape[1]} columns"
            if np.allclose(halves, np.roll(expected, depth)):
                return f"{case} the right half comes first, and the left one is expected first"
            if np.allclose(halves, upper):
                return f"{case} it pools above and below; axis 0 holds the rows, and left and right are columns"
        return f"{case}, {wrong}"
    return None


def weighted_maps(maps, gradients):
    """Sum the feature maps weighted by their mean gradients, apply ReLU, and scale the maximum to 1."""
    weights = gradients.mean(axis=(0, 1))  # (D,)
    total = np.maximum(maps @ weights, 0)  # (rows, cols)
    return total / max(total.max(), 1e-9)  # where no location raises the score, all stay 0


def check_grad_cam(mine):
    """Try two locations by hand, then many maps, then a score that no location raises."""
    rng = np.random.default_rng(3)
    by_hand = np.array([[[4.0, 0], [1, 2]]]), np.array([[[1.0, -2], [3, -2]]])  # weights 2 and -2: (8, -2), then (1, 0)
    large = rng.random((3, 4, 6)), rng.normal(size=(3, 4, 6))
    negative = rng.random((2, 2, 3)), -rng.random((2, 2, 3))
    for name, (maps, gradients) in (
        ("two locations", by_hand),
        ("12 locations", large),
        ("gradients that are all negative", negative),
    ):
        with np.errstate(all="ignore"):  # the learner reads our sentence instead of NumPy's warning
            found = call(mine, maps, gradients)
        expected = weighted_maps(maps, gradients)
        if not (wrong := compare(found, expected)):
            continue
        case = f"for {name}, maps and gradients of shape {maps.shape}"
        if isinstance(found, np.ndarray) and found.shape == expected.shape:
            if np.isnan(found).any() and not expected.any():
                return f"{case}, no location raises the score and 0 is divided by 0; every location has to be 0 then"
            if found.min() < -1e-6:
                return f"{case}, a location has {found.min():.3g}; what lowers the score has to be 0"
            if np.isfinite(found).all() and expected.max() > 0 and abs(found.max() - 1) > 1e-6:
                return f"{case}, the maximum is {found.max():.3g}, and 1 is expected"
        return f"{case}, {wrong}"
    return None


halves = Exercise(
    check_halves,
    left_and_right,
    [
        "A grid is (rows, columns, D). `grid[:, :6]` is the left half of one with 12 columns.",
        "Take the mean of each half over its rows and columns, `mean(axis=(0, 1))`: (D,) each.",
        "`np.concatenate([left, right])` joins them; `grid.shape[1] // 2` is the middle.",
    ],
)
grad_cam = Exercise(
    check_grad_cam,
    weighted_maps,
    [
        "First one weight per map: its mean gradient over all locations, `gradients.mean(axis=(0, 1))`.",
        "`maps @ weights` is the weighted sum: one number per location. ReLU is `np.maximum(…, 0)`.",
        "Divide by the largest; where everything is 0 there is nothing to divide by: `max(total.max(), 1e-9)`.",
    ],
)
