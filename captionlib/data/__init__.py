"""Step 1, data: ToyScenes, Flickr8k or your own photographs, all as one CaptionDataset."""

from __future__ import annotations

from pathlib import Path

from captionlib.data.dataset import CaptionDataset, mirrored
from captionlib.errors import CaptionlibError

__all__ = ["CaptionDataset", "load_dataset", "mirrored"]


def load_dataset(name_or_dir: str | Path, data_dir: str | Path | None = None) -> CaptionDataset:
    """Load a data set by its name, or your own photographs by their folder.

    Args:
        name_or_dir: "toyscenes", "flickr8k", or a folder with pictures and a captions.csv.
        data_dir: where to look for Flickr8k first; see `captionlib.storage.data_dirs`.

    Returns:
        The CaptionDataset.

    Raises:
        CaptionlibError: there is no such data set or folder, or its files do not fit.
    """
    if str(name_or_dir) == "toyscenes":
        from captionlib.data import toyscenes

        return toyscenes.load()
    if str(name_or_dir) == "flickr8k":
        from captionlib.data import flickr8k

        return flickr8k.load(data_dir)
    if Path(name_or_dir).is_dir():
        from captionlib.data import folder

        return folder.load(name_or_dir)
    raise CaptionlibError(
        f"There is no data set or folder called {name_or_dir}; give toyscenes, flickr8k or a folder with captions.csv."
    )
