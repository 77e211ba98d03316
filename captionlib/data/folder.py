"""Step 1, data: your own photographs, as a folder with a captions.csv. Lesson 13 asks for one.

    picture,caption,split
    beach.jpg,"A dog runs along the sea, wet and happy.",train
    beach.jpg,A brown dog on a beach.,train
    birthday.png,Six candles on a cake.,test

The column `split` may be left out, or empty in some rows: pictures without one are dealt out.
"""

import csv
import hashlib
import os
from pathlib import Path

from captionlib.data.dataset import CaptionDataset
from captionlib.data.images import open_image
from captionlib.errors import CaptionlibError

SPLITS = ("train", "val", "test")


def load(folder: str | Path) -> CaptionDataset:
    """Load the pictures that the folder's captions.csv names, several rows a picture where it has several captions.

    A picture is known by its content: a copy under another name gets the same split, so that none is trained on and
    tested on. Pictures without a split are put in the order of their digests, which is as good as shuffled and the same
    on every machine, and dealt out 80 : 10 : 10, at least one each to val and test when there are three or more.

    Args:
        folder: pictures at any depth, and captions.csv in UTF-8.

    Returns:
        The CaptionDataset; its version changes with the content of captions.csv and of every picture.

    Raises:
        CaptionlibError: captions.csv or a picture that it names is missing, or a row is faulty; the line is named.
    """
    folder = Path(folder)
    rows = read_rows(folder / "captions.csv")
    captions, digests, given = {}, {}, {}
    for line, picture, caption, split in rows:
        captions.setdefault(picture, []).append(caption)
        if picture not in digests:
            digests[picture] = picture_digest(folder, picture, line)
        if split and given.setdefault(digests[picture], split) != split:
            raise fault(
                folder, line, f"gives {picture} the split {split}, but it is in {given[digests[picture]]} already"
            )
    split_of = deal(sorted(set(digests.values()) - given.keys())) | given
    return CaptionDataset(
        name=folder.resolve().name,
        version=hashlib.sha256(repr((captions, digests, given)).encode()).hexdigest()[:8],
        splits={split: [name for name in captions if split_of[digests[name]] == split] for split in SPLITS},
        captions=captions,
        open_image=lambda name: open_image(folder / name),
    )


def read_rows(path: Path) -> list[tuple[int, str, str, str]]:
    """Read captions.csv as (line number, picture, caption, split or ""), each row checked by itself."""
    if not path.is_file():
        raise CaptionlibError(f"{path} is missing; write it with the columns picture,caption and one row a caption.")
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
        raise CaptionlibError(f"{path} has no rows below its first line; add one row a caption.")
    return rows


def picture_digest(folder: Path, picture: str, line: int) -> str:
    """Compute a digest of a picture's size and first 64 KiB: enough to tell pictures apart, quick for large ones."""
    path = folder / picture
    if not os.path.isfile(path):  # Path.is_file would raise for a name that no file can have
        raise fault(folder, line, f"names the picture {picture!r}, which is not there")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise fault(folder, line, f"names the picture {picture!r}, which lies outside the folder")
    with open(path, "rb") as file:
        return hashlib.sha256(str(path.stat().st_size).encode() + file.read(2**16)).hexdigest()


def deal(digests: list[str]) -> dict[str, str]:
    """Deal digests in a given order out to train, val and test, about 80 : 10 : 10."""
    tenth = max(round(len(digests) / 10), len(digests) >= 3)
    return {
        digest: "val" if place < tenth else "test" if place < 2 * tenth else "train"
        for place, digest in enumerate(digests)
    }


def fault(folder: Path, line: int, what: str) -> CaptionlibError:
    """Say what is wrong in a line of captions.csv."""
    return CaptionlibError(f"Line {line} of {folder / 'captions.csv'} {what}.")
