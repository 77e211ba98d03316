"""Step 2, vision: small crops around one object each, for the networks that lesson 03 trains while the reader waits.

The receptive field of a location in ToyNet's grid is 27 pixels, so a crop of 32 holds all that one location sees, and a
training step costs a ninth.
"""

from random import Random

import numpy as np

from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS
from captionlib.data.toyscenes.scene import KINDS
from captionlib.vision.toynet import repainted

SIDE = 32


def crops(count: int, seed: int, novel: bool = False, painted: bool = False) -> tuple[np.ndarray, ...]:
    """Crop the first object out of random scenes.

    Args:
        count: how many scenes, N.
        seed: of the scenes.
        novel: give the object the colour that no other scene shows on its kind.
        painted: paint half of the objects in colours that have no name, as in the scenes ToyNet was trained on.

    Returns:
        images (N, 32, 32, 3) uint8, kinds (N,) as indices into `KINDS`, and colours (N,) as indices into `COLOURS`, -1
        where the colour has no name.
    """
    rng, names = Random(seed), list(COLOURS)
    images, kinds, colours = np.zeros((count, SIDE, SIDE, 3), np.uint8), np.zeros(count, int), np.zeros(count, int)
    for i in range(count):
        scene = toyscenes.random_scene(rng, novel)
        scene = repainted(scene, rng) if painted else scene
        thing, half = scene.objects[0], SIDE // 2
        wide = np.pad(toyscenes.draw(scene), ((half, half), (half, half), (0, 0)), mode="edge")
        x0, y0, x1, y1 = thing.box
        left, top = (x0 + x1) // 2 + int(7 * rng.random()) - 3, (y0 + y1) // 2 + int(7 * rng.random()) - 3
        images[i] = wide[top : top + SIDE, left : left + SIDE]  # the object's middle, up to 3 pixels aside
        kinds[i] = KINDS.index(thing.kind)
        colours[i] = names.index(thing.colour) if thing.colour in names else -1
    return images, kinds, colours
