"""Step 2, vision: features are computed once a picture and kept. Lesson 03 builds the store, lessons 07 to 13 read it.

Running the encoder is the dear part of captioning with a frozen network, and its answer never changes. The store keeps
it in one float16 memory map on disk, one row a picture (not one a caption), keyed by data set, encoder and version.
"""

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from captionlib import storage
from captionlib.data import CaptionDataset
from captionlib.data.images import resize
from captionlib.errors import CaptionlibError
from captionlib.vision.encoders import Encoder

CHUNK = 64  # pictures encoded at a time; progress is kept after each chunk


@dataclass(frozen=True)
class FeatureStore:
    """The features of a data set: `store[names]` gives (B, L, D) float16.

    Attributes:
        rows: picture name to row in `features`.
        features: (N, L, D) float16 memory map.
        broken: picture name to the reason why it could not be opened; such pictures have no row.
        grid: rows and columns of the L places.
    """

    rows: dict[str, int]
    features: np.ndarray
    broken: dict[str, str]
    grid: tuple[int, int]

    def __getitem__(self, names: Sequence[str]) -> np.ndarray:
        """The features of the named pictures, (B, L, D) float16."""
        return self.features[[self.rows[name] for name in names]]

    def usable(self, names: Sequence[str]) -> list[str]:
        """Those of `names` whose picture could be opened, in the same order."""
        return [name for name in names if name in self.rows]

    @staticmethod
    def extract(dataset: CaptionDataset, encoder: Encoder, splits: Sequence[str] | None = None) -> "FeatureStore":
        """Open the store of a data set and an encoder, computing what is not there yet.

        An extraction that was interrupted goes on where it stopped. A store whose content does not fit its checksum
        is made again.

        Args:
            dataset: the pictures.
            encoder: what turns them into features.
            splits: which splits; all by default.

        Returns:
            The store; pictures that cannot be opened are listed in `broken`.
        """
        names = [name for split in splits or dataset.splits for name in dataset.splits[split]]
        key = zlib.crc32("\n".join(names).encode())
        folder = f"{dataset.name}-{dataset.version}-{encoder.name}-{encoder.version}-{key:08x}"
        folder = storage.cache_dir() / "features" / folder
        if not is_whole(folder):
            compute(dataset, encoder, names, folder)
        about = json.loads((folder / "store.json").read_text())
        features = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
        rows = {name: row for row, name in enumerate(names) if name not in about["broken"]}
        return FeatureStore(rows, features, about["broken"], encoder.grid)


def is_whole(folder: Path) -> bool:
    """Whether the store in `folder` was finished and its bytes are those that were written."""
    try:
        about = json.loads((folder / "store.json").read_text())
        return about["crc32"] == checksum(folder / "features.npy")
    except (OSError, ValueError, KeyError):
        return False


def checksum(path: Path) -> int:
    """CRC-32 of a file, read 16 MiB at a time (about a second a gigabyte)."""
    crc = 0
    with open(path, "rb") as file:
        while block := file.read(2**24):
            crc = zlib.crc32(block, crc)
    return crc


def compute(dataset: CaptionDataset, encoder: Encoder, names: list[str], folder: Path) -> None:
    """Encode `names` into `folder`: features.npy first under a passing name, store.json last."""
    folder.mkdir(parents=True, exist_ok=True)
    part, progress = folder / "features.part.npy", folder / "progress.json"
    shape = (len(names), int(np.prod(encoder.grid)), encoder.depth)
    try:
        state = json.loads(progress.read_text())
        features = np.lib.format.open_memmap(part, mode="r+")
        if features.shape != shape:
            raise ValueError("another shape")
    except (OSError, ValueError):
        state = {"done": 0, "broken": {}}
        try:
            features = np.lib.format.open_memmap(part, mode="w+", dtype="float16", shape=shape)
            if hasattr(os, "posix_fallocate"):  # a map on a disk that fills up later would kill Python without a word
                with open(part, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
        except OSError as error:
            part.unlink(missing_ok=True)
            need = 2 * np.prod(shape, dtype=float) / 1e9
            raise CaptionlibError(f"Cannot keep {need:.1f} GB of features in {folder} ({error.strerror}).") from error

    bar = tqdm(total=len(names), initial=state["done"], desc=f"features of {dataset.name}", unit="picture")
    for images, broken in opened(dataset, encoder, names[state["done"] :]):
        start, state["done"] = state["done"], state["done"] + len(images)
        features[start : state["done"]] = encoder(images)
        features.flush()
        state["broken"] |= broken
        with storage.write_atomically(progress) as temporary:
            temporary.write_bytes(json.dumps(state).encode())
        bar.update(len(images))
    bar.close()
    if state["broken"]:
        first, reason = next(iter(state["broken"].items()))
        tqdm.write(f"{len(state['broken'])} pictures of {dataset.name} are left out, the first is {first}: {reason}")
    del features
    part.replace(folder / "features.npy")
    with storage.write_atomically(folder / "store.json") as temporary:
        temporary.write_bytes(
            json.dumps({"crc32": checksum(folder / "features.npy"), "broken": state["broken"]}).encode()
        )
    progress.unlink()


def opened(dataset: CaptionDataset, encoder: Encoder, names: list[str]) -> Iterator[tuple[np.ndarray, dict[str, str]]]:
    """Open pictures on threads, one chunk ahead of the encoder.

    Yields:
        (B, h, w, 3) uint8 images at the encoder's input size, black where a picture is broken, and the broken ones.
    """

    def open_one(name: str):
        try:
            return resize(dataset.open_image(name), encoder.input_size), None
        except CaptionlibError as error:
            return np.zeros((*encoder.input_size, 3), "uint8"), str(error)

    def chunk(start: int):
        return [(name, pool.submit(open_one, name)) for name in names[start : start + CHUNK]]

    with ThreadPoolExecutor(2) as pool:
        ahead = chunk(0)
        for start in range(0, len(names), CHUNK):
            now, ahead = ahead, chunk(start + CHUNK)
            results = [(name, *future.result()) for name, future in now]
            yield np.stack([image for _, image, _ in results]), {n: reason for n, _, reason in results if reason}
