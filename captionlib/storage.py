"""Where the course's files live, and how they get there: found in a local copy, or downloaded, checked and kept.

Every step of the pipeline that reads or writes a file does it through here. Lesson 13 (caption_flickr8k) uses it to get
the photographs; the learner of any lesson meets it only when something is wrong, as one sentence.
"""

import errno
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pooch
import requests
from tqdm.auto import tqdm

from captionlib.errors import CaptionlibError

PRETRAINED = Path(__file__).parent / "pretrained"  # the weights that come with captionlib, a folder for each network


def cache_dir() -> Path:
    """The folder for everything that can be made or downloaded again: $CAPTIONLIB_CACHE, else the platform's own."""
    return Path(os.environ.get("CAPTIONLIB_CACHE") or pooch.os_cache("captionlib")).expanduser()


def data_dirs(data_dir: str | Path | None = None) -> list[Path]:
    """List the folders in which data is looked for, first choice first: `data_dir`, $CAPTIONLIB_DATA, the cache.

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
    """Find a file in a data folder, or else download it into the cache; a broken download goes on where it stopped.

    Args:
        relative: path below a data folder.
        url: where the public copy lies.
        sha256: hex digest of the file, or None when the caller checks the content by itself.
        data_dir: a folder to look in first.

    Returns:
        The path of the whole, checked file.

    Raises:
        CaptionlibError: no network, an answer other than the file, a wrong digest, or a disk that is full. What has
            arrived stays beside the target as `NAME.part` until it is whole; with a wrong digest it is removed.
    """
    found = find(relative, data_dir)
    if found:
        if sha256 and digest(found) != sha256:
            raise CaptionlibError(f"{found} is damaged or another version (its SHA-256 is not {sha256}); delete it.")
        return found
    target = cache_dir() / "data" / relative
    part = target.with_name(target.name + ".part")
    try:
        download(url, part)
        if sha256 and digest(part) != sha256:
            part.unlink()
            raise CaptionlibError(
                f"{target.name} from {url} is not the expected file (its SHA-256 is not {sha256}) and was removed; "
                f"try again, or put a good copy at {target}."
            )
        os.replace(part, target)
    except requests.RequestException as error:
        raise CaptionlibError(why_not_downloaded(error, url, part, target)) from error
    except OSError as error:
        raise CaptionlibError(f"{target} {why_not_written(error)}.") from error
    return target


def download(url: str, part: Path) -> None:
    """Append to the file `part` what it still lacks of `url`, with a progress bar."""
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=30) as reply:
        if reply.status_code == 416:  # nothing lies beyond `done`: the part is whole, or it belongs to another file
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
    """Say in one sentence why a download failed and what helps."""
    if isinstance(error, requests.HTTPError):
        return f"{url} answered {error.response.status_code} {error.response.reason}; put a copy at {target} yourself."
    if part.exists() and part.stat().st_size:
        return (
            f"The download of {target.name} broke off after {part.stat().st_size / 1e6:.1f} MB; "
            "run the same command again and it goes on from there."
        )
    return f"{url} cannot be reached; check the network, or put a copy of the file at {target}."


def why_not_written(error: OSError) -> str:
    """Say why a file could not be written, as the end of a sentence that begins with its name."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "could not be written because the disk is full; make room and run the same command again"
    return f"could not be written ({error.strerror or str(error).splitlines()[0]}); choose a folder that can be"


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Give a temporary path with the same name to write to; it takes `path`'s place only when the block succeeds.

    Works for a file and for a whole folder; `path`'s own folder is made when absent.

    Raises:
        CaptionlibError: the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            yield Path(folder) / path.name
            os.replace(Path(folder) / path.name, path)
    except OSError as error:
        raise CaptionlibError(f"{path} {why_not_written(error)}.") from error


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
