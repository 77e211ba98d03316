"""Step 1, data: small picture-book scenes that the course draws itself and knows the truth about.

Every lesson runs on ToyScenes. `scene` says what there is and where, `drawing` and `places` paint it, `language`
describes it in five captions, and `truth` judges any caption of it.
"""

import hashlib
from random import Random

import numpy as np
from tqdm.auto import tqdm

from captionlib import storage
from captionlib.data.dataset import CaptionDataset
from captionlib.data.toyscenes.drawing import draw
from captionlib.data.toyscenes.language import describe, noun_of
from captionlib.data.toyscenes.scene import Object, Scene, cells_of, random_scene, scene_from
from captionlib.data.toyscenes.truth import Statement, Truth, truth

__all__ = ["Object", "Scene", "Statement", "Truth", "cells_of", "describe", "draw", "load", "noun_of", "random_scene"]
__all__ += ["scene_from", "truth"]

VERSION = "2"  # a new one whenever the drawing changes; scenes and captions carry their own digest
SPLITS = {"train": 6000, "val": 1000, "test": 1000, "novel": 500}


def load() -> CaptionDataset:
    """Load ToyScenes; the first time its pictures are drawn (a few seconds) and kept in the cache folder.

    Returns:
        A CaptionDataset with 6000, 1000 and 1000 scenes in train, val and test, and 500 in `novel`, each of which shows
        a colour on a kind of object that no other split shows.

    Raises:
        CaptionlibError: the cache folder cannot be written.
    """
    splits, scenes, captions = compose()
    version = f"{VERSION}-{hashlib.sha256(repr((scenes, captions)).encode()).hexdigest()[:8]}"
    pictures, row = stored_pictures(scenes, version), {name: i for i, name in enumerate(scenes)}
    return CaptionDataset("toyscenes", version, splits, captions, lambda name: np.array(pictures[row[name]]), scenes)


def compose() -> tuple[dict[str, list[str]], dict[str, Scene], dict[str, list[str]]]:
    """Make up all scenes and their captions, the same ones everywhere: splits, scenes and captions, both by name."""
    splits, scenes, captions = {}, {}, {}
    for seed, (split, count) in enumerate(SPLITS.items()):
        rng = Random(seed)
        splits[split] = [f"{split}_{i:04d}" for i in range(count)]
        for name in splits[split]:
            scenes[name] = random_scene(rng, novel=split == "novel")
            captions[name] = describe(scenes[name], rng)
    return splits, scenes, captions


def stored_pictures(scenes: dict[str, Scene], version: str) -> np.ndarray:
    """Open the drawn scenes as a (N, 96, 96, 3) uint8 memory map; draw them first where they are absent or broken."""
    path, shape = storage.cache_dir() / f"toyscenes-{version}.npy", (len(scenes), 96, 96, 3)
    try:
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        if (pictures.shape, pictures.dtype) == (shape, np.uint8):
            return pictures
    except (OSError, ValueError):
        pass  # absent, cut short, or not an array: draw again
    with storage.write_atomically(path) as part:
        pictures = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
        for i, scene in enumerate(tqdm(scenes.values(), "Drawing ToyScenes", unit="scene", leave=False)):
            pictures[i] = draw(scene)
        pictures.flush()
        del pictures  # closed, so that Windows lets it be renamed
    return np.load(path, mmap_mode="r", allow_pickle=False)
