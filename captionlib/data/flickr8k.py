"""Step 1, data: Flickr8k, 8,091 photographs with five captions each. Lesson 13 trains on it.

The photographs may not be redistributed with the course, so they come from the reader's own copy or download. Copies
differ in layout, picture size and line ends, so what is checked is the content, never the digest of an archive.
M. Hodosh, P. Young and J. Hockenmaier, "Framing Image Description as a Ranking Task", JAIR 47 (2013).
"""

import hashlib
import json
import os
import threading
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from captionlib.data.dataset import CaptionDataset
from captionlib.data.images import open_image
from captionlib.errors import CaptionlibError
from captionlib.storage import cache_dir, data_dirs, fetch, open_zip, write_atomically

URL = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/"
PICTURES = 8091
# SHA-256 of each text file, its lines stripped at the right and ended by a newline: a copy saved on Windows passes.
DIGESTS = {
    "Flickr8k.token.txt": "9b8608b02da9040581f1e3d4c8738db1fb6f63314342100432adc3962f77d71a",
    "Flickr_8k.trainImages.txt": "e330ddd5156a4c2d2e2b67bc587e70e588f2d132bd8a10dc54dcb71e58115d8e",
    "Flickr_8k.devImages.txt": "18ba829f47f6df1cb830bf7f0506e2ddf333818925299babbd1bbcaf50fdc504",
    "Flickr_8k.testImages.txt": "c0924146c131458ceba45da59670fe9520eadce1e5cafffa16a817672a9b1f17",
}
MAX_FILE_BYTES = 64 * 2**20

# A file's bare name to where its content is: the path of a loose file, or the CRC-32 of a zip's member; and a function
# that reads it.
Files = dict[str, tuple[Path | int, Callable[[], bytes]]]


def load(data_dir: str | Path | None = None) -> CaptionDataset:
    """Load Flickr8k from a local copy, with the official splits: 6000 train, 1000 val, 1000 test.

    The copy is what lies in the folder flickr8k/ of a data folder: the public zips, their unpacked content, or both, in
    any layout. Pictures are read straight from a zip. Two keys of the caption file have no picture; they are left out.

    Args:
        data_dir: where to look first; see `captionlib.storage.data_dirs`.

    Returns:
        The CaptionDataset; its captions also name 91 pictures that are in no split.

    Raises:
        CaptionlibError: Flickr8k is not there, a text file is not the public one, or pictures are missing.
    """
    files = local_files(data_dir)
    tokens, *lists = (read_text(files, name) for name in DIGESTS)
    captions = {}
    for line in tokens:  # 997722733_0cb5439472.jpg#4	A rock climber practices on a rock climbing wall .
        key, caption = line.split("\t")
        captions.setdefault(key.split("#")[0], []).append(caption)
    captions = {name: captions[name] for name in captions if name in files}
    splits = dict(zip(("train", "val", "test"), lists, strict=True))
    missing = [name for names in splits.values() for name in names if name not in captions]
    if missing:
        raise absent(f"{len(missing)} of its pictures are missing, the first is {missing[0]}")
    crcs = checksums({name: files[name][0] for name in sorted(captions)})
    return CaptionDataset(
        name="flickr8k",
        version=hashlib.sha256(repr(crcs).encode()).hexdigest()[
            :8
        ],  # the captions are always the same: their digest is
        splits=splits,
        captions=captions,
        open_image=partial(open_picture, {name: files[name] for name in captions}),
    )


def checksums(sources: dict[str, Path | int]) -> dict[str, int]:
    """Compute the CRC-32 of each picture's content, the same for a loose file as for the member of a zip.

    A zip stores it. Loose files are read for it once, 1.1 GB; then the cache folder remembers it as long as a file
    keeps its size and its time of change.
    """
    memory = cache_dir() / "flickr8k-crc32.json"
    try:
        known = dict(json.loads(memory.read_text(encoding="utf8")))
    except (OSError, ValueError, TypeError):  # absent, or not what was written here
        known = {}

    def checksum(source: Path | int) -> tuple[str, int]:
        if isinstance(source, int):
            return "", source
        about = source.stat()
        key = f"{source.absolute()} {about.st_size} {about.st_mtime_ns}"
        return key, known[key] if key in known else zlib.crc32(source.read_bytes())

    with ThreadPoolExecutor() as pool:
        found = pool.map(checksum, sources.values())
        found = [*tqdm(found, "reading pictures", len(sources), unit="picture", delay=2, leave=False)]
    new = {key: crc for key, crc in found if key}
    if not new.items() <= known.items():
        with write_atomically(memory) as temporary:
            temporary.write_text(json.dumps(known | new), encoding="utf8")
    return {name: crc for name, (_, crc) in zip(sources, found, strict=True)}


def download(data_dir: str | Path | None = None) -> None:
    """Download what a local copy lacks, 1.1 GB at most, into the cache; an interrupted download can be resumed.

    Raises:
        CaptionlibError: see `captionlib.storage.fetch`.
    """
    files = local_files(data_dir)
    for archive, content in (("Flickr8k_text.zip", DIGESTS), ("Flickr8k_Dataset.zip", ["997722733_0cb5439472.jpg"])):
        if not files.keys() >= set(content):
            fetch(f"flickr8k/{archive}", URL + archive, None, data_dir)


def verify(data_dir: str | Path | None = None) -> int:
    """Open every picture of a local copy, with a progress bar.

    Returns:
        How many pictures there are: 8091.

    Raises:
        CaptionlibError: pictures are missing or broken; the sentence says how many and names the first.
    """
    dataset = load(data_dir)
    if len(dataset.captions) != PICTURES:
        raise absent(f"{len(dataset.captions)} of its {PICTURES} pictures are there")

    def fault(name: str) -> str | None:
        try:
            dataset.open_image(name)
        except CaptionlibError as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        faults = [*filter(None, tqdm(pool.map(fault, dataset.captions), desc="opening pictures", total=PICTURES))]
    if faults:
        raise CaptionlibError(f"{len(faults)} of {PICTURES} pictures of Flickr8k do not open; the first: {faults[0]}")
    return PICTURES


def local_files(data_dir: str | Path | None) -> Files:
    """List every file below flickr8k/ in the data folders by its bare name; a zip's member takes precedence.

    Loose files come second because unpacking may have stopped half-way. Bare names suffice, since only names that the
    caption file and the split lists know are ever looked up: `__MACOSX/._NAME.jpg` and other extras fall away.
    """
    found = {}
    for folder in data_dirs(data_dir):
        paths = [Path(top, name) for top, _, names in os.walk(folder / "flickr8k") for name in sorted(names)]
        for path in paths:
            if path.suffix == ".zip":
                archive = Archive(path)
                for member in archive.zip.infolist():
                    name = member.filename.rsplit("/", 1)[-1]
                    found.setdefault(name, (member.CRC, partial(archive.read, member)))
        for path in filter(Path.is_file, paths):
            found.setdefault(path.name, (path, path.read_bytes))
    return found


class Archive:
    """A zip that several threads may read at once. It pickles: another process opens the file for itself."""

    def __init__(self, path: Path):
        """Open the zip at `path`."""
        self.zip, self.lock = open_zip(path), threading.Lock()

    def __reduce__(self):
        """Pickle the path alone."""
        return Archive, (Path(self.zip.filename),)

    def read(self, member: zipfile.ZipInfo) -> bytes:
        """Read one file of the zip, checked against its CRC-32."""
        try:
            if member.file_size > MAX_FILE_BYTES:
                raise zipfile.BadZipFile(f"it claims {member.file_size} bytes")
            with self.lock:
                return self.zip.read(member)
        except Exception as error:  # zipfile.BadZipFile, zlib.error, EOFError, RuntimeError (a password) and more
            where = f"{member.filename} in {self.zip.filename}"
            raise CaptionlibError(f"{where} is damaged ({error}); get the zip again.") from error


def read_text(files: Files, name: str) -> list[str]:
    """Read the lines of a text file, checked against its digest."""
    if name not in files:
        raise absent(f"{name} is missing")
    lines = [line.rstrip() for line in files[name][1]().decode("utf-8", "replace").splitlines()]
    if hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() != DIGESTS[name]:
        raise CaptionlibError(f"{name} is not the file that Flickr8k's authors published; get Flickr8k_text.zip again.")
    return lines


def open_picture(files: Files, name: str) -> np.ndarray:
    """Open the picture `name` as (H, W, 3) uint8."""
    if name not in files:
        raise CaptionlibError(f"Flickr8k has no picture called {name}.")
    return open_image(files[name][1](), name)


def absent(what: str) -> CaptionlibError:
    """Make the error that says what of Flickr8k is missing, and how to get it."""
    return CaptionlibError(
        f"Flickr8k is not here in full ({what}); download it with `captionlib data flickr8k` (1.1 GB), "
        "or name the folder of your copy by --data-dir or CAPTIONLIB_DATA."
    )
