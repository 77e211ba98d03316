"""Step 2, vision: which questions can be answered linearly from frozen features? (Lesson 03.)

A linear probe is a linear classifier on the activations of a network that is not trained any further (Alain and Bengio
2016, "Understanding intermediate layers using linear classifier probes"). Here it is fitted in closed form, so that
there is no training to set up: ridge regression towards one number per class, 1 for the right one and 0 for the others.
"""

from random import Random

import numpy as np

from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS

WITH_A_FRONT = ("cat", "fox", "rabbit", "horse", "duck", "bird", "car")
RIDGE = 0.1  # added to the diagonal; the features are scaled to variance 1


def accuracy(features: np.ndarray, labels: np.ndarray, fit: int = 400) -> float:
    """Fit a linear probe to the first examples, and measure it on the others.

    Args:
        features: (N, F), any numbers.
        labels: (N,), classes from 0.
        fit: How many examples the probe is fitted to.

    Returns:
        The share of the other N − fit examples whose class is right.
    """
    scaled = np.array(features, "float32")  # one copy, changed in place: grids of features take much memory
    scaled -= scaled[:fit].mean(axis=0)
    scaled /= scaled[:fit].std(axis=0) + 1e-3
    products = scaled @ scaled[:fit].T / scaled.shape[1]  # (N, fit): with them, F may be larger than N
    targets = np.eye(labels.max() + 1)[labels[:fit]]  # (fit, classes)
    weights = np.linalg.solve(products[:fit] + RIDGE * np.eye(fit), targets - targets.mean(axis=0))
    predicted = (products[fit:] @ weights + targets.mean(axis=0)).argmax(axis=1)
    return float((predicted == labels[fit:]).mean())


def cats_left_or_right(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw scenes with a cat that is not in the middle third.

    Args:
        count: How many, N.
        seed: Of the scenes.

    Returns:
        images (N, 96, 96, 3) uint8, and (N,) labels: 0 for a cat on the left, 1 for one on the right.
    """
    rng, scenes = Random(seed), []
    while len(scenes) < count:
        scene = toyscenes.random_scene(rng)
        if scene["cat"] and abs(scene["cat"].x - 48) > 16:
            scenes.append(scene)
    right = np.array([scene["cat"].x > 48 for scene in scenes], int)
    return np.stack([toyscenes.draw(scene) for scene in scenes]), right


def objects_with_a_front(count: int, seed: int) -> tuple[np.ndarray, tuple[np.ndarray, ...], dict[str, np.ndarray]]:
    """Draw scenes, and list their animals and cars: everything that faces left or right.

    Args:
        count: How many scenes.
        seed: Of the scenes.

    Returns:
        images (count, 96, 96, 3) uint8; the cell of a 12 by 12 grid that holds the middle of each of the N objects, as
        three arrays (N,), scene, row and column; and three labels (N,) by question: "which colour?", "which kind?" and
        "facing left or right?".
    """
    rng = Random(seed)
    scenes = [toyscenes.random_scene(rng) for _ in range(count)]
    objects = [(i, each) for i, scene in enumerate(scenes) for each in scene.objects if each.kind in WITH_A_FRONT]
    cells = [(i, (each.box[1] + each.box[3]) // 16, (each.box[0] + each.box[2]) // 16) for i, each in objects]
    labels = {
        "which colour?": np.array([list(COLOURS).index(each.colour) for _, each in objects]),
        "which kind?": np.array([WITH_A_FRONT.index(each.kind) for _, each in objects]),
        "facing left or right?": np.array([int(each.faces == "left") for _, each in objects]),
    }
    return np.stack([toyscenes.draw(scene) for scene in scenes]), tuple(np.transpose(cells)), labels


def middle_pixels(images: np.ndarray, cells: tuple[np.ndarray, ...]) -> np.ndarray:
    """Take the colour of the pixel in the middle of each cell, the input of a probe without any network.

    Args:
        images: (count, 96, 96, 3) uint8.
        cells: Scene, row and column of N cells of a 12 by 12 grid, as from `objects_with_a_front`.

    Returns:
        (N, 3) float32, 0 to 255.
    """
    return images[:, 4::8, 4::8][cells].astype("float32")
