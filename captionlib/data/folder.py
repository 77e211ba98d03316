"""Step 1, data: your own photographs, as a folder with a captions.csv. Lesson 13 asks for one.

    picture,caption,split
    beach.jpg,"A dog runs along the sea, wet and happy.",train
    beach.jpg,A brown dog on a beach.,train
    birthday.png,Six candles on a cake.,test

The column `split` may be left out, or empty in some rows: pictures without one are assigned to a split.
"""

import csv
import hashlib
import os
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from captionlib.data.dataset import CaptionDataset
from captionlib.data.images import open_image
from captionlib.errors import CaptionlibError
from captionlib.storage import digest

SPLITS = ("train", "val", "test")


def load(folder: str | Path) -> CaptionDataset:
    """Load the pictures that the folder's captions.csv names, one row per caption.

    A picture is identified by the SHA-256 of its file: a copy under another name gets the same split, so that no
    picture is both trained on and tested on. Two spellings of one path (`a.jpg`, `./a.jpg`) are one picture. See
    `assign_splits` for the pictures without a split.

    Args:
        folder: pictures at any depth, and captions.csv in UTF-8.

    Returns:
        The CaptionDataset; its version changes with the content of captions.csv and of every picture. With fewer than
        three different pictures, val and test are empty.

    Raises:
        CaptionlibError: captions.csv or a picture that it names is missing, or a row is wrong (its line is named).
    """
    folder = Path(folder)
    rows = read_rows(folder / "captions.csv")
    captions, digests, given = {}, {}, {}
    for line, picture, caption, split in tqdm(rows, "reading pictures", unit="row", delay=2, leave=False):
        picture = name_of(folder, picture, line)
        captions.setdefault(picture, []).append(caption)
        if picture not in digests:
            digests[picture] = digest(folder / picture)
        if split and given.setdefault(digests[picture], split) != split:
            raise fault(
                folder, line, f"gives {picture} the split {split}, but it is in {given[digests[picture]]} already"
            )
    split_of = assign_splits(set(digests.values()), given)
    return CaptionDataset(
        name=folder.resolve().name,
        version=hashlib.sha256(repr((captions, digests, given)).encode()).hexdigest()[:8],
        splits={split: [name for name in captions if split_of[digests[name]] == split] for split in SPLITS},
        captions=captions,
        open_image=partial(open_picture, folder),
    )


def open_picture(folder: Path, name: str) -> np.ndarray:
    """Open a picture of the folder as (H, W, 3) uint8."""
    return open_image(folder / name)


def read_rows(path: Path) -> list[tuple[int, str, str, str]]:
    """Read captions.csv as (line number, picture, caption, split or ""), and check each row."""
    if not path.is_file():
        raise CaptionlibError(f"{path} is missing; write it with the columns picture,caption and one row per caption.")
    rows = []
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            columns = reader.fieldnames or []
            for column in ("picture", "caption"):
                if column not in columns:
                    raise CaptionlibError(f"{path} has no column {column}; its first line must be picture,caption.")
            for row in reader:
                if None in row:
                    raise fault(path.parent, reader.line_num, "has too many commas; put the caption in double quotes")
                picture = (row["picture"] or "").strip().replace("\\", "/")
                caption, split = ((row.get(column) or "").strip() for column in ("caption", "split"))
                if not picture or not caption:
                    raise fault(path.parent, reader.line_num, f"has no {'caption' if picture else 'picture'}")
                if split not in (*SPLITS, ""):
                    raise fault(path.parent, reader.line_num, f"has the split {split!r}, not train, val or test")
                rows.append((reader.line_num, picture, caption, split))
    except UnicodeDecodeError as error:
        raise CaptionlibError(f"{path} is not UTF-8 text; save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise CaptionlibError(f"{path} is not a readable CSV file ({error} after line {reader.line_num}).") from error
    if not rows:
        raise CaptionlibError(f"{path} has no rows below its first line; add one row per caption.")
    return rows


def name_of(folder: Path, picture: str, line: int) -> str:
    """Return the one name of a picture, however a row spells it: its path below the folder, with links resolved."""
    path = folder / picture
    if not os.path.isfile(path):  # Path.is_file would raise for a name that no file can have
        raise fault(folder, line, f"names the picture {picture!r}, which is not there")
    path, top = path.resolve(), folder.resolve()
    if not path.is_relative_to(top):
        raise fault(folder, line, f"names the picture {picture!r}, which lies outside the folder")
    return path.relative_to(top).as_posix()


def assign_splits(digests: set[str], given: dict[str, str]) -> dict[str, str]:
    """Assign pictures to train, val and test so that the whole comes to about 80 : 10 : 10.

    The pictures are taken in the order of their digests, which is as good as shuffled and the same on every machine.
    With three pictures or more no split stays empty, as far as `given` leaves pictures to assign.

    Args:
        digests: of all pictures.
        given: digest to split, for the pictures whose split the user chose.

    Returns:
        Digest to split, for all pictures.
    """
    free, have = sorted(digests - given.keys()), Counter(given.values())
    tenth = max(round(len(digests) / 10), len(digests) >= 3)
    spare = max(len(free) - (not have["train"]), 0)  # train keeps one at least
    val = min(max(tenth - have["val"], 0), spare)
    test = min(max(tenth - have["test"], 0), spare - val)
    splits = ["val"] * val + ["test"] * test + ["train"] * (len(free) - val - test)
    return dict(zip(free, splits, strict=True)) | given


def fault(folder: Path, line: int, what: str) -> CaptionlibError:
    """Make the error that says what is wrong in a line of captions.csv."""
    return CaptionlibError(f"Line {line} of {folder / 'captions.csv'} {what}.")
