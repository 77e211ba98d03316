"""Step 2, vision: small crops around one object each, for the networks that lesson 03 trains while the reader waits.

A cell of ToyNet sees 27 pixels, so a crop of 32 holds all that one cell needs, and a step of training costs a ninth.
"""

from random import Random

import numpy as np

from captionlib.data import toyscenes
from captionlib.data.toyscenes.drawing import COLOURS
from captionlib.data.toyscenes.scene import KINDS
from captionlib.vision.toynet import repainted

SIDE = 32


def crops(count: int, seed: int, novel: bool = False, painted: bool = False) -> tuple[np.ndarray, ...]:
    """Cut the first object out of scenes that are drawn afresh.

    Args:
        count: How many scenes, N.
        seed: Which ones.
        novel: Give the object the colour that no other scene shows on its kind.
        painted: Paint half of the objects in colours that have no name, as the shipped ToyNet's scenes are.

    Returns:
        Images (N, 32, 32, 3) uint8, kinds (N,) as numbers of `KINDS`, and colours (N,) as numbers of `COLOURS`, -1
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
