"""The task of lesson 02: tell from 768 numbers which of six words names the place of a scene."""

from random import Random

import numpy as np

from captionlib.data import toyscenes

WORDS = ["meadow", "beach", "street", "snow", "lake", "moon"]


def scenes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw random scenes, what the network reads of each, and the right words.

    Args:
        count: How many, N.
        seed: Of the random generator.

    Returns:
        The images (N, 96, 96, 3), their numbers (N, 768) as `pixels` gives them, and a one-hot vector for the place of
        each, (N, 6), in the order of `WORDS`.
    """
    random = Random(seed)
    drawn = [toyscenes.random_scene(random) for _ in range(count)]
    images = np.stack([toyscenes.draw(scene) for scene in drawn])
    return images, pixels(images), np.eye(len(WORDS))[[WORDS.index(scene.place) for scene in drawn]]


def pixels(images: np.ndarray) -> np.ndarray:
    """Shrink images (N, 96, 96, 3) to 16 × 16 means of 6 × 6 pixels: (N, 768) from -0.5 to 0.5, middle grey is 0."""
    means = images.reshape(-1, 16, 6, 16, 6, 3).mean(axis=(2, 4))  # (N, 16, 16, 3)
    return means.reshape(-1, 768) / 255 - 0.5
