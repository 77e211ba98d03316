"""Step 1, data: pictures with their captions, in splits. Every lesson that trains or scores uses it.

A data set names its pictures and opens one when asked, so that eight thousand photographs never sit in memory together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from captionlib.errors import CaptionlibError

if TYPE_CHECKING:
    from captionlib.data.toyscenes.scene import Scene


@dataclass(frozen=True)
class CaptionDataset:
    """Pictures with their captions.

    It pickles, so that spawned processes can open its pictures: `open_image` must not be a lambda or a closure.

    Args:
        name: what the data set is called, for example "toyscenes".
        version: changes whenever a picture or a caption changes; stored features are keyed by it.
        splits: split name ("train", "val", "test") to picture names in a fixed order. No picture is in two splits.
        captions: picture name to its captions, raw text, at least one each.
        open_image: picture name to (H, W, 3) uint8 upright RGB; raises CaptionlibError for a broken picture.
        scenes: picture name to the truth about it; only ToyScenes has it.

    Raises:
        CaptionlibError: a picture stands twice, in one split or in two, or has no caption.
    """

    name: str
    version: str
    splits: dict[str, list[str]]
    captions: dict[str, list[str]]
    open_image: Callable[[str], np.ndarray]
    scenes: dict[str, Scene] | None = None

    def __post_init__(self):
        """Check what would silently distort scores: a picture in two splits, a picture without a caption."""
        split_of = {}
        for split, names in self.splits.items():
            for name in names:
                if name in split_of:
                    raise CaptionlibError(
                        f"Picture {name} of {self.name} stands in split {split_of[name]} and again in {split}; "
                        "give every picture to exactly one split."
                    )
                if not self.captions.get(name):
                    raise CaptionlibError(f"Picture {name} of {self.name} has no caption; add one or leave it out.")
                split_of[name] = split

    def names(self, split: str) -> list[str]:
        """Return the names of the pictures in a split.

        Raises:
            CaptionlibError: there is no such split, or it is empty; the sentence says why.
        """
        if split not in self.splits:
            raise CaptionlibError(f"{self.name} has no split {split!r}: use one of {', '.join(self.splits)}.")
        if not self.splits[split]:
            count = sum(map(len, self.splits.values()))
            raise CaptionlibError(
                f"The split {split} of {self.name} is empty; it takes three different pictures to fill train, val and "
                f"test (there are {count} in all), or a column split in captions.csv that names it."
            )
        return self.splits[split]


def mirrored(dataset: CaptionDataset) -> CaptionDataset:
    """Mirror the training pictures, as data augmentation for a small data set; their captions stay true.

    Args:
        dataset: pictures and captions.

    Returns:
        Its split `train` flipped left to right, without the pictures that have "left" or "right" in a caption.
    """

    def has_sides(name: str) -> bool:
        return any(re.search(r"\b(left|right)\b", caption, re.IGNORECASE) for caption in dataset.captions[name])

    names = [name for name in dataset.splits["train"] if not has_sides(name)]
    return CaptionDataset(
        name=f"{dataset.name}-mirrored",
        version=dataset.version,
        splits={"train": names},
        captions={name: dataset.captions[name] for name in names},
        open_image=partial(open_mirrored, dataset.open_image),
    )


def open_mirrored(open_image: Callable[[str], np.ndarray], name: str) -> np.ndarray:
    """Open a picture flipped left to right, (H, W, 3) uint8."""
    return np.ascontiguousarray(open_image(name)[:, ::-1])
