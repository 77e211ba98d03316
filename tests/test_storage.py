"""Finding, writing and downloading. The hostile cases stand in tests/test_faults.py."""

import hashlib
import os

import pytest

from captionlib import storage
from captionlib.errors import CaptionlibError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAPTIONLIB_DATA", raising=False)


def test_the_named_folder_comes_first_then_the_environment_then_the_cache(tmp_path, monkeypatch):
    for folder in ("named", "environment", "cache/data"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text(folder)
    assert storage.find("a.txt") == tmp_path / "cache/data/a.txt"
    monkeypatch.setenv("CAPTIONLIB_DATA", str(tmp_path / "environment"))
    assert storage.find("a.txt") == tmp_path / "environment/a.txt"
    assert storage.find("a.txt", tmp_path / "named") == tmp_path / "named/a.txt"
    assert storage.find("b.txt", tmp_path / "named") is None


def test_a_local_copy_is_not_downloaded_but_its_digest_is_checked(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"right")
    nowhere = "http://127.0.0.1:9/a.bin"
    assert storage.fetch("a.bin", nowhere, hashlib.sha256(b"right").hexdigest(), tmp_path) == tmp_path / "a.bin"
    with pytest.raises(CaptionlibError, match="a.bin is damaged"):
        storage.fetch("a.bin", nowhere, hashlib.sha256(b"wrong").hexdigest(), tmp_path)


def test_writing_replaces_the_file_only_when_the_block_succeeds(tmp_path):
    target = tmp_path / "new folder" / "a.weights.h5"
    with storage.write_atomically(target) as path:
        assert path.name.endswith(".weights.h5")  # Keras and NumPy look at the ending
        path.write_text("old")
        assert not target.exists()
    with pytest.raises(ZeroDivisionError), storage.write_atomically(target) as path:
        path.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert os.listdir(target.parent) == [target.name]


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(KeyboardInterrupt), storage.write_atomically(tmp_path / "folder") as path:
        path.mkdir()
        (path / "a").write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
    with storage.write_atomically(tmp_path / "folder") as path:
        path.mkdir()
        (path / "a").write_text("whole")
    assert (tmp_path / "folder" / "a").read_text() == "whole"
