"""Step 2, vision: does the largest value of a map lie on the object? The pointing game (lesson 03).

Zhang et al. 2016, "Top-down neural attention by excitation backprop", section 4.1. A score needs two baselines: a
random location, and the same method on an untrained network (Adebayo et al. 2018, "Sanity checks for saliency maps").
"""

from collections.abc import Callable
from random import Random

import keras
import numpy as np

from captionlib.data import toyscenes
from captionlib.data.toyscenes.scene import KINDS
from captionlib.explain.grad_cam import grad_cam
from captionlib.vision import toynet

BATCH = 16  # gradients of whole layers take memory
Objects = list[tuple[toyscenes.Scene, str]]


def class_score(kinds: list[str]) -> Callable:
    """Make the function that gives, for each image of a batch, ToyNet's class score (logit) of one kind.

    Args:
        kinds: (B,) kinds of object, one per image.

    Returns:
        A function from the recogniser's output to (B,) class scores, as `grad_cam` takes it.
    """
    columns = np.array([KINDS.index(kind) for kind in kinds])[:, None]  # (B, 1)
    return lambda output: keras.ops.take_along_axis(toynet.pool(output["logits"])["kind"], columns, axis=1)[:, 0]


def objects(count: int, seed: int) -> Objects:
    """Sample scenes until they hold `count` objects; returns pairs of a scene and the kind of one object in it."""
    rng, found = Random(seed), []
    while len(found) < count:
        scene = toyscenes.random_scene(rng)
        found += [(scene, thing.kind) for thing in scene.objects]
    return found[:count]


def share_of_hits(network: keras.Model, layer: str, sample: Objects) -> float:
    """Play the pointing game with Grad-CAM on one layer.

    Args:
        network: ToyNet, trained or not, with both its outputs.
        layer: Whose maps are weighted.
        sample: From `objects`.

    Returns:
        The share of objects in whose box the largest value of the map lies.
    """
    hits = []
    for start in range(0, len(sample), BATCH):
        scenes, kinds = zip(*sample[start : start + BATCH], strict=True)
        images = np.stack([toyscenes.draw(scene) for scene in scenes])
        for map_, scene, kind in zip(grad_cam(network, layer, images, class_score(kinds)), scenes, kinds, strict=True):
            peak = np.unravel_index(map_.argmax(), map_.shape)
            hits.append(tuple(map(int, peak)) in toyscenes.cells_of(scene, kind, map_.shape, grown=0))
    return float(np.mean(hits))


def random_baseline(sample: Objects, grid: tuple[int, int] = toynet.GRID) -> float:
    """Compute the share of hits of random locations: the mean share of the grid that an object's box covers."""
    cells = [len(toyscenes.cells_of(scene, kind, grid, grown=0)) for scene, kind in sample]
    return float(np.mean(cells)) / (grid[0] * grid[1])
