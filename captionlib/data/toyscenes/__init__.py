"""Step 1, data: small picture-book scenes that the course draws itself and knows the truth about.

Every lesson runs on ToyScenes. `scene` says what there is and where, `drawing` and `places` paint it, `language`
describes it in five captions, and `truth` judges any caption of it.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
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
    return CaptionDataset("toyscenes", version, splits, captions, stored_pictures(scenes, version), scenes)


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


class StoredPictures:
    """The drawn scenes in the cache folder; `pictures(name)` gives (96, 96, 3) uint8. It pickles as its path and names.

    Args:
        path: of an array of shape (N, 96, 96, 3), uint8.
        names: of the N scenes, in the order of the array.

    Raises:
        OSError, ValueError: the file is absent, cut off or of another shape.
    """

    def __init__(self, path: Path, names: list[str]):
        """Open the file as a memory map."""
        self.path, self.names, self.row = path, names, {name: i for i, name in enumerate(names)}
        self.pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        if (self.pictures.shape, self.pictures.dtype) != ((len(names), 96, 96, 3), np.uint8):
            raise ValueError(f"{path} has another shape")

    def __reduce__(self):
        """Pickle no pixels."""
        return StoredPictures, (self.path, self.names)

    def __call__(self, name: str) -> np.ndarray:
        """Return a copy of a scene's picture."""
        return np.array(self.pictures[self.row[name]])


def stored_pictures(scenes: dict[str, Scene], version: str) -> StoredPictures:
    """Open the pictures of scenes, by name; draw them first where the stored ones are absent or broken."""
    path, names = storage.cache_dir() / f"toyscenes-{version}.npy", list(scenes)
    with suppress(OSError, ValueError):
        return StoredPictures(path, names)
    with storage.lock(path.name, "Another process is drawing ToyScenes; waiting for it."):
        with suppress(OSError, ValueError):
            return StoredPictures(path, names)
        with storage.write_atomically(path) as temporary:
            pictures = storage.create_array(temporary, "uint8", (len(names), 96, 96, 3))
            for i, scene in enumerate(tqdm(scenes.values(), "Drawing ToyScenes", unit="scene", leave=False)):
                pictures[i] = draw(scene)
            pictures.flush()
            del pictures  # closed, so that Windows lets it be renamed
        return StoredPictures(path, names)
