"""Step 2: does a kernel find the mast of a boat? Its largest value in a scene counts as its answer (lesson 01)."""

from random import Random

import numpy as np

from captionlib.course.scratch.convolution import conv2d
from captionlib.data import toyscenes
from captionlib.data.toyscenes.scene import Scene

UNDER_SAIL = 66  # percent of the boat's height; below it the drawing has the hull


def boats(count: int, seed: int) -> tuple[list[Scene], np.ndarray]:
    """Draw random scenes that have a boat.

    Args:
        count: How many, N.
        seed: Of the random generator.

    Returns:
        The scenes, and their images in grey, (N, 96, 96), 0 to 255.
    """
    rng, scenes = Random(seed), []
    while len(scenes) < count:
        scene = toyscenes.random_scene(rng)
        if scene["boat"]:
            scenes.append(scene)
    return scenes, np.stack([toyscenes.draw(scene).mean(axis=2) for scene in scenes])


def strongest_locations(kernel: np.ndarray, images: np.ndarray) -> list[tuple[int, int]]:
    """Find where the feature map of each image is largest.

    Args:
        kernel: (k, l).
        images: (N, rows, columns).

    Returns:
        For each image the row and the column of the pixel in the middle of that patch.
    """
    feature_maps = conv2d(images[..., None], kernel[:, :, None, None])[..., 0]  # (N, rows, columns)
    best = [np.unravel_index(feature_map.argmax(), feature_map.shape) for feature_map in feature_maps]
    return [(int(row) + kernel.shape[0] // 2, int(column) + kernel.shape[1] // 2) for row, column in best]


def on_mast(scene: Scene, row: int, column: int) -> bool:
    """Whether a pixel lies within one column of the centre line of the boat's mast, which is four pixels wide."""
    return abs(column - scene["boat"].x) <= 1 and row in mast_rows(scene)


def mast_rows(scene: Scene) -> range:
    """List the rows of the mast of the scene's boat; `x` of the boat is its column."""
    _, top, _, bottom = scene["boat"].box
    return range(top, top + (bottom - top) * UNDER_SAIL // 100)


def hit_rate(kernel: np.ndarray, scenes: list[Scene], images: np.ndarray) -> float:
    """Compute the share of scenes in which the strongest location of a kernel (k, l) lies on the mast."""
    found = strongest_locations(kernel, images)
    return float(np.mean([on_mast(scene, *location) for scene, location in zip(scenes, found, strict=True)]))


def chance_level(scenes: list[Scene]) -> float:
    """Compute the hit rate of a random pixel, with the same chance for every pixel of a scene."""
    return float(np.mean([3 * len(mast_rows(scene)) / 96**2 for scene in scenes]))
