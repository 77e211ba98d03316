"""Step 2, vision: the range of the numbers that reach an encoder, and what happens if it is wrong (lesson 01)."""

from dataclasses import replace

import keras
import numpy as np

from captionlib import Captioner
from captionlib.data import toyscenes

SCENES = [
    ("snow", ("house", "green", "big", "stands")),
    ("street", ("car", "blue", "big", "drives")),
    ("moon", ("kite", "red", "big", "flies")),
    ("meadow", ("horse", "white", "big", "runs")),
]


def four_scenes() -> np.ndarray:
    """Draw four scenes that have little in common: (4, 96, 96, 3) uint8."""
    return np.stack([toyscenes.draw(toyscenes.scene_from(*each)) for each in SCENES])


def divided_first(captioner: Captioner) -> Captioner:
    """Copy a captioner, with one mistake: its pixels are divided by 255 before its encoder scales them again."""
    encoder = replace(captioner.encoder, preprocess=lambda images: captioner.encoder.preprocess(images / 255))
    return replace(captioner, encoder=encoder)


def after_rescaling(captioner: Captioner, images: np.ndarray) -> tuple[float, float]:
    """Compute the smallest and the largest number that leave the encoder's first layer, ToyNet's `Rescaling`.

    Args:
        captioner: With ToyNet as its encoder.
        images: (B, 96, 96, 3) uint8.

    Returns:
        The smallest and the largest.
    """
    encoder = captioner.encoder
    first_layer = keras.Model(encoder.model.input, encoder.model.layers[1].output)
    scaled = np.asarray(first_layer(encoder.preprocess(images.astype("float32"))))
    return float(scaled.min()), float(scaled.max())
