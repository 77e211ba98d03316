"""Below the six steps: the cache folder, checked downloads, atomic writes and locks, for every step that keeps files.

Lesson 13 (caption_flickr8k) gets its photographs through it; other lessons show it only when a file cannot be read or
written, as one sentence.
"""

import errno
import hashlib
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import platformdirs
import requests
from tqdm.auto import tqdm

from captionlib.errors import CaptionlibError

if os.name == "nt":
    import msvcrt
else:
    import fcntl

PRETRAINED = Path(__file__).parent / "pretrained"  # the weights that come with captionlib, a folder for each network


def cache_dir() -> Path:
    """The folder for everything that can be made or downloaded again: $CAPTIONLIB_CACHE, else the platform's own.

    Raises:
        CaptionlibError: there is no home folder, neither in the environment nor in the system's list of users.
    """
    try:
        named = os.environ.get("CAPTIONLIB_CACHE") or platformdirs.user_cache_dir("captionlib", appauthor=False)
        return Path(named).expanduser()
    except RuntimeError as error:
        raise CaptionlibError(
            "There is no home folder to keep files in; set CAPTIONLIB_CACHE to the path of a folder for them."
        ) from error


def data_dirs(data_dir: str | Path | None = None) -> list[Path]:
    """List the folders in which data is looked for, in this order: `data_dir`, $CAPTIONLIB_DATA, the cache.

    Raises:
        CaptionlibError: a folder that the user named does not exist.
    """
    named = [Path(folder).expanduser() for folder in (data_dir, os.environ.get("CAPTIONLIB_DATA")) if folder]
    for folder in named:
        if not folder.is_dir():
            raise CaptionlibError(f"The data folder {folder} does not exist; check --data-dir and CAPTIONLIB_DATA.")
    return [*named, cache_dir() / "data"]


def find(relative: str, data_dir: str | Path | None = None) -> Path | None:
    """Find a file by its path below a data folder, for instance "flickr8k/Flickr8k_text.zip"; None when absent."""
    return next((folder / relative for folder in data_dirs(data_dir) if (folder / relative).is_file()), None)


def fetch(relative: str, url: str, sha256: str | None, data_dir: str | Path | None = None) -> Path:
    """Find a file in a data folder, or else download it into the cache; an interrupted download is resumed.

    Args:
        relative: path below a data folder.
        url: of the public copy.
        sha256: hex digest of the file, or None when the caller checks the content by itself.
        data_dir: a folder to look in first.

    Returns:
        The path of the whole, checked file.

    Raises:
        CaptionlibError: no network, a reply other than the file, a wrong digest, or a full disk. What has
            arrived stays beside the target as `NAME.part` until it is whole; with a wrong digest it is removed.
    """
    found = find(relative, data_dir)
    if found:
        if sha256 and digest(found) != sha256:
            raise CaptionlibError(f"{found} is damaged or another version (its SHA-256 is not {sha256}); delete it.")
        return found
    target = cache_dir() / "data" / relative
    part = target.with_name(target.name + ".part")
    with lock(f"download-{relative}", f"Another process is downloading {target.name}; waiting for it."):
        if not target.is_file():
            with write_errors(target):
                try:
                    download(url, part)
                except requests.RequestException as error:
                    raise CaptionlibError(why_not_downloaded(error, url, part, target)) from error
                if sha256 and digest(part) != sha256:
                    part.unlink()
                    raise CaptionlibError(
                        f"{target.name} from {url} is not the expected file (its SHA-256 is not {sha256}) and was "
                        f"removed; try again, or put a good copy at {target}."
                    )
                os.replace(part, target)
    return target


def download(url: str, part: Path) -> None:
    """Append to the file `part` what it still lacks of `url`, with a progress bar."""
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=30) as reply:
        if reply.status_code == 416:  # there is nothing beyond `done`: the part is whole, or it belongs to another file
            if reply.headers.get("Content-Range") == f"bytes */{done}":
                return
            part.unlink()
            return download(url, part)
        reply.raise_for_status()
        if reply.status_code != 206:  # the server sends the file from its start, whatever was asked
            done = 0
        total = done + int(reply.headers.get("Content-Length", 0)) or None
        part.parent.mkdir(parents=True, exist_ok=True)
        bar = tqdm(total=total, initial=done, desc=part.stem, unit="B", unit_scale=True, unit_divisor=1024)
        with open(part, "ab" if done else "wb") as file, bar:
            for chunk in reply.iter_content(2**16):
                file.write(chunk)
                bar.update(len(chunk))


def why_not_downloaded(error: requests.RequestException, url: str, part: Path, target: Path) -> str:
    """Explain in one sentence why a download failed and what to do."""
    if isinstance(error, requests.HTTPError):
        return f"{url} answered {error.response.status_code} {error.response.reason}; put a copy at {target} yourself."
    if part.exists() and part.stat().st_size:
        return (
            f"The download of {target.name} broke off after {part.stat().st_size / 1e6:.1f} MB; "
            "run the same command again and it goes on from there."
        )
    return f"{url} cannot be reached; check the network, or put a copy of the file at {target}."


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into one sentence that says why `path` could not be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "because the disk is full; make room and run the same command again"
        elif path.is_relative_to(cache_dir()):
            what = f"({reason}); set CAPTIONLIB_CACHE to the path of a folder that can be"
        else:
            what = f"({reason}); choose a folder that can be"
        raise CaptionlibError(f"{path} could not be written {what}.") from error


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Give a temporary path with the same name to write to; it takes `path`'s place only when the block succeeds.

    Works for a file and for a whole folder; `path`'s own folder is made when absent.

    Raises:
        CaptionlibError: the disk is full or the folder cannot be written to. Other errors of the block pass through, an
            OSError about another file too.
    """
    path = Path(path)
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-")
    with folder:
        temporary = Path(folder.name) / path.name
        try:
            yield temporary
        except OSError as error:
            named = error.filename and Path(os.fsdecode(error.filename)).is_relative_to(folder.name)
            if named or error.errno in (errno.ENOSPC, errno.EDQUOT):  # a full disk's error names no file
                with write_errors(path):
                    raise
            raise
        with write_errors(path):
            os.replace(temporary, path)


def create_array(path: Path, dtype: str, shape: tuple[int, ...]) -> np.memmap:
    """Create an .npy file as a memory map, with its room on the disk taken at once.

    Otherwise a disk that fills up later would kill Python with SIGBUS, without a message.

    Args:
        path: of the file; overwritten when it exists.
        dtype: of the numbers.
        shape: of the array, at least one number.

    Returns:
        The array, all zeros; `flush` writes what was assigned to it.

    Raises:
        CaptionlibError: the disk is full or the folder cannot be written to; no file is left.
    """
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            array = np.lib.format.open_memmap(path, "w+", dtype, shape)
            if hasattr(os, "posix_fallocate"):
                with open(path, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    return array


@contextmanager
def lock(name: str, waiting: str) -> Iterator[None]:
    """Let one process (and one thread of it) at a time through the block; the next one waits.

    It is the operating system's lock on an open file, so it ends with its process, however that ends. The empty file
    stays in the cache folder: deleting it could let two processes through.

    Args:
        name: of the task that only one process may do at a time.
        waiting: the sentence to print, once, when another process has the lock.

    Yields:
        Nothing; the lock is held during the block.

    Raises:
        CaptionlibError: the cache folder cannot be written to.
    """
    path = cache_dir() / "locks" / f"{name.replace('/', '-')}.lock"
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with open(path, "ab") as file:
        if not try_lock(file):
            tqdm.write(waiting, file=sys.stderr)
            while not try_lock(file):
                time.sleep(0.2)
        yield


def try_lock(file: BinaryIO) -> bool:
    """Lock an open file if nobody else has; on a file system without locks it always succeeds."""
    try:
        if os.name == "nt":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    return True


def open_zip(path: str | Path) -> zipfile.ZipFile:
    """Open a zip for reading.

    Raises:
        CaptionlibError: there is no such file, or it is not a whole zip.
    """
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        missing = not Path(path).exists()
        reason = "does not exist; check the path" if missing else "is not a whole zip archive; delete it, get it again"
        raise CaptionlibError(f"{path} {reason}.") from error
