"""Step 1, data: ToyScenes, Flickr8k or your own photographs, all as one CaptionDataset.

To add a data set, write a module with a function that returns a `CaptionDataset`, and give it a line in `DATASETS`.
"""

from __future__ import annotations

from pathlib import Path

from captionlib.data.dataset import CaptionDataset, mirrored
from captionlib.errors import CaptionlibError

__all__ = ["DATASETS", "CaptionDataset", "load_dataset", "mirrored"]


def load_toyscenes(data_dir: str | Path | None = None) -> CaptionDataset:
    """Load ToyScenes, which captionlib draws itself."""
    from captionlib.data import toyscenes

    return toyscenes.load()


def load_flickr8k(data_dir: str | Path | None = None) -> CaptionDataset:
    """Load Flickr8k from the reader's own copy or download."""
    from captionlib.data import flickr8k

    return flickr8k.load(data_dir)


# Name to loader; a loader imports its module when it is called, so that only the data set in use is imported.
DATASETS = {"toyscenes": load_toyscenes, "flickr8k": load_flickr8k}


def load_dataset(name_or_dir: str | Path, data_dir: str | Path | None = None) -> CaptionDataset:
    """Load a data set by its name, or your own photographs by their folder.

    Args:
        name_or_dir: a key of `DATASETS`, or a folder with pictures and a captions.csv.
        data_dir: where to look for downloaded files first; see `captionlib.storage.data_dirs`.

    Returns:
        The CaptionDataset.

    Raises:
        CaptionlibError: there is no such data set or folder, or its files do not fit.
    """
    if str(name_or_dir) in DATASETS:
        return DATASETS[str(name_or_dir)](data_dir)
    if Path(name_or_dir).is_dir():
        from captionlib.data import folder

        return folder.load(name_or_dir)
    raise CaptionlibError(
        f"There is no data set or folder called {name_or_dir}: use {', '.join(DATASETS)} or a folder with captions.csv."
    )
