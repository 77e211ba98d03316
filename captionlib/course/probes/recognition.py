"""Step 2, vision: what a small network calls crops of objects, one example per kind (lesson 03)."""

import numpy as np

from captionlib.course import figures
from captionlib.data.toyscenes.scene import KINDS
from captionlib.plots.palette import Figure

SHOWN = ("boat", "house", "box", "car", "flower", "kite", "duck", "tree")


def one_crop_per_kind(images: np.ndarray, predicted: np.ndarray, kinds: np.ndarray, name: str) -> Figure:
    """Draw the first crop of each of eight kinds, with what the network calls it.

    Args:
        images: (N, 32, 32, 3) uint8; each of the eight kinds is among them.
        predicted: (N,) kinds that the network predicts, as indices into `KINDS`.
        kinds: (N,) true kinds.
        name: Of the N crops; the title adds the share of all N predictions that is correct.

    Returns:
        A figure as wide as a notebook.
    """
    shown = [int(np.argmax(kinds == KINDS.index(kind))) for kind in SHOWN]
    words = ([KINDS[each[i]] for i in shown] for each in (predicted, kinds))
    return figures.predictions(images[shown], *words, f"{name}: {(predicted == kinds).mean():.0%} correct")
