"""Step 2, vision: features are computed once per picture and kept. Lesson 03 builds the store, lessons 07 to 13 use it.

Running the encoder is the expensive part of captioning with a frozen network, and its output never changes. The store
keeps it as one float16 memory map per split, one row per picture (not per caption).
"""

import json
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
        features: picture name to (L, D) float16, on disk until it is read.
        broken: picture name to the reason why it could not be opened; such pictures have no features.
    """

    features: dict[str, np.ndarray]
    broken: dict[str, str]

    def __getitem__(self, names: Sequence[str]) -> np.ndarray:
        """Read the features of the named pictures, (B, L, D) float16."""
        return np.stack([self.features[name] for name in names])

    def usable(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` whose picture could be opened, in the same order."""
        return [name for name in names if name in self.features]

    @staticmethod
    def extract(dataset: CaptionDataset, encoder: Encoder, splits: Sequence[str] | None = None) -> "FeatureStore":
        """Open the stores of some splits, computing what is not there yet.

        An extraction that was interrupted is resumed. A store that is truncated or was changed is computed
        again. When another process is computing the same store, this one waits for it.

        Args:
            dataset: the pictures.
            encoder: what turns them into features.
            splits: names of splits; by default all that are not empty.

        Returns:
            The features of these splits; pictures that cannot be opened are listed in `broken`.

        Raises:
            CaptionlibError: a split does not exist or is empty, or the cache folder cannot be written to.
        """
        splits = splits or [split for split, names in dataset.splits.items() if names]
        folders = {split: store_folder(dataset, encoder, split) for split in splits}
        if not all(map(is_whole, folders.values())):
            key = f"{dataset.name}-{dataset.version}-{encoder.name}-{encoder.version}"
            waiting = f"Another process is computing the features of {dataset.name}; waiting for it."
            with storage.lock(key, waiting):
                for split, folder in folders.items():
                    if not is_whole(folder):
                        compute(dataset, encoder, split, folder)
        features, broken = {}, {}
        for split, folder in folders.items():
            about = json.loads((folder / "store.json").read_text(encoding="utf8"))
            rows = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)  # (N, L, D)
            pairs = zip(dataset.names(split), rows, strict=True)
            features |= {name: row for name, row in pairs if name not in about["broken"]}
            broken |= about["broken"]
        return FeatureStore(features, broken)


def store_folder(dataset: CaptionDataset, encoder: Encoder, split: str) -> Path:
    """Return the folder for the features of a split, keyed by everything that they depend on.

    The names of the pictures are part of the key, because a subset of a data set keeps the version of the whole.
    """
    names = zlib.crc32("\n".join(dataset.names(split)).encode())
    key = f"{dataset.name}-{dataset.version}-{encoder.name}-{encoder.version}-{split}-{names:08x}"
    return storage.cache_dir() / "features" / key


def is_whole(folder: Path) -> bool:
    """Return whether the store in `folder` is finished and unchanged since it was written."""
    try:
        about = json.loads((folder / "store.json").read_text(encoding="utf8"))
        return about["checksum"] == checksum(folder / "features.npy")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def checksum(path: Path) -> int:
    """Compute a CRC-32 of a file's size and of 64 pages spread over it, the first and the last among them.

    Reading gigabytes at every start would take seconds to minutes. The pages reveal a file that was truncated,
    replaced or partly lost; all of it was on disk before the checksum was written.
    """
    size = path.stat().st_size
    crc = zlib.crc32(str(size).encode())
    with open(path, "rb") as file:
        for i in range(64):
            file.seek(max(size - 4096, 0) * i // 63)
            crc = zlib.crc32(file.read(4096), crc)
    return crc


def compute(dataset: CaptionDataset, encoder: Encoder, split: str, folder: Path) -> None:
    """Encode a split into `folder`: features.npy first, under a temporary name, then store.json."""
    names = dataset.names(split)
    part, progress = folder / "features.part.npy", folder / "progress.json"
    shape = (len(names), int(np.prod(encoder.grid)), encoder.depth)
    try:
        state = json.loads(progress.read_text(encoding="utf8"))
        features = np.lib.format.open_memmap(part, mode="r+")
        if features.shape != shape or not {"done", "broken"} <= state.keys():
            raise ValueError("not what was begun here")
    except (OSError, ValueError, AttributeError):
        state, features = {"done": 0, "broken": {}}, storage.create_array(part, "float16", shape)

    bar = tqdm(total=len(names), initial=state["done"], desc=f"features of {dataset.name}, {split}", unit="picture")
    for images, broken in opened(dataset, encoder, names[state["done"] :]):
        start, state["done"] = state["done"], state["done"] + len(images)
        features[start : state["done"]] = encoder(images)
        features.flush()
        state["broken"] |= broken
        write_json(progress, state)
        bar.update(len(images))
    bar.close()
    if state["broken"]:
        first, reason = next(iter(state["broken"].items()))
        tqdm.write(f"{len(state['broken'])} pictures of {dataset.name} are left out, the first is {first}: {reason}")
    del features
    with storage.write_errors(folder):
        part.replace(folder / "features.npy")
    write_json(folder / "store.json", {"checksum": checksum(folder / "features.npy"), "broken": state["broken"]})
    progress.unlink()


def write_json(path: Path, content: dict) -> None:
    """Write a small JSON file."""
    with storage.write_atomically(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf8")


def opened(dataset: CaptionDataset, encoder: Encoder, names: list[str]) -> Iterator[tuple[np.ndarray, dict[str, str]]]:
    """Open and resize pictures on threads, one chunk ahead of the encoder.

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
