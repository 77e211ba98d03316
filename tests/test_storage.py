"""Finding, writing and downloading. The hostile cases stand in tests/test_faults.py."""

import errno
import hashlib
import multiprocessing
import os
import pwd
import time

import numpy as np
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


@pytest.mark.parametrize("variable", [None, "~/captionlib"])
def test_without_a_home_folder_one_sentence_names_the_variable_to_set(tmp_path, monkeypatch, variable):
    def nobody(*_):
        raise KeyError("no such user")

    for name in ("HOME", "XDG_CACHE_HOME", "CAPTIONLIB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv("CAPTIONLIB_CACHE", variable)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaptionlibError, match="no home folder .* set CAPTIONLIB_CACHE"):
        storage.cache_dir()
    assert os.listdir(tmp_path) == []


def test_the_cache_is_the_platforms_own_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("CAPTIONLIB_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if os.uname().sysname == "Linux":
        assert storage.cache_dir() == tmp_path / ".cache" / "captionlib"
    assert storage.cache_dir().is_relative_to(tmp_path)


@pytest.mark.parametrize("below", ["cache", "elsewhere"])
def test_a_folder_that_cannot_be_written_is_named_with_what_to_change(tmp_path, monkeypatch, below):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(storage.tempfile, "TemporaryDirectory", read_only)
    says = "set CAPTIONLIB_CACHE" if below == "cache" else "choose a folder"
    sentence = rf"a.txt could not be written \(Read-only file system\); {says}"
    with pytest.raises(CaptionlibError, match=sentence), storage.write_atomically(tmp_path / below / "a.txt"):
        pytest.fail("there is nowhere to write")


def test_an_error_about_another_file_passes_through(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.txt"), storage.write_atomically(tmp_path / "a.txt") as path:
        path.write_text((tmp_path / "absent.txt").read_text())
    with pytest.raises(ConnectionResetError), storage.write_atomically(tmp_path / "a.txt"):
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), None])
def test_an_error_of_writing_is_one_sentence_about_the_target(tmp_path, error):
    sentence = "/a.txt could not be written"
    with pytest.raises(CaptionlibError, match=sentence), storage.write_atomically(tmp_path / "a.txt") as path:
        if error:
            raise error
        (path / "below").write_text("its folder is not there")


def test_an_array_has_its_room_on_the_disk_from_the_start(tmp_path):
    storage.create_array(tmp_path / "new" / "a.npy", "float16", (3, 1000))[1] = 7
    assert np.load(tmp_path / "new" / "a.npy").sum(1).tolist() == [0, 7000, 0]
    assert (tmp_path / "new" / "a.npy").stat().st_blocks * 512 >= 6000


def hold(start, stop, die):
    with storage.lock("store", "somebody waits"):
        start.set()
        stop.wait(30)
        if die:
            os.kill(os.getpid(), 9)


@pytest.mark.parametrize("die", [False, True])
def test_a_second_process_waits_says_so_once_and_goes_on_when_the_first_ends(capfd, die):
    context = multiprocessing.get_context("fork")
    start, stop = context.Event(), context.Event()
    first = context.Process(target=hold, args=(start, stop, die))
    first.start()
    assert start.wait(30)
    context.Process(target=lambda: (time.sleep(0.7), stop.set())).start()
    began = time.monotonic()
    with storage.lock("store", "Another process is computing; waiting for it."):
        assert time.monotonic() - began > 0.5
    first.join(30)
    assert first.exitcode == (-9 if die else 0)
    assert capfd.readouterr().err.count("Another process is computing; waiting for it.") == 1
    with storage.lock("store", "nobody is there"):
        pass
    assert capfd.readouterr().err == ""


def test_ctrl_c_ends_the_waiting(monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.time, "sleep", interrupt)
    with storage.lock("store", ""), pytest.raises(KeyboardInterrupt), storage.lock("store", "waiting"):
        pytest.fail("two at once")
    with storage.lock("store", ""):
        pass
