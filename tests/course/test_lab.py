"""A learner's copy of the lessons is brought up to date, and never loses what the learner wrote."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest

from captionlib.course import lab

NAME = "00_start_here.ipynb"


def write(folder, text, name=NAME, outputs=()):
    cell = {"cell_type": "code", "source": [text], "outputs": list(outputs), "execution_count": None, "metadata": {}}
    (folder / name).write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf8"
    )


@pytest.fixture
def folders(tmp_path):
    source, copy = tmp_path / "notebooks", tmp_path / "my-lessons"
    source.mkdir()
    write(source, "first")
    assert lab.copy_lessons(source, copy) == []
    return source, copy


def test_an_untouched_or_merely_run_lesson_is_updated(folders):
    source, copy = folders
    write(copy, "first", outputs=[{"output_type": "stream", "name": "stdout", "text": ["run by the learner"]}])
    write(source, "second")
    assert lab.copy_lessons(source, copy) == []
    assert "second" in (copy / NAME).read_text("utf8")


def test_an_edited_lesson_is_kept_and_said_so_only_when_there_is_a_newer_one(folders):
    source, copy = folders
    write(copy, "mine")
    assert lab.copy_lessons(source, copy) == []
    write(source, "second")
    for _ in range(2):  # also the next time
        assert lab.copy_lessons(source, copy) == [NAME]
        assert "mine" in (copy / NAME).read_text("utf8")


def test_a_lesson_that_was_there_before_the_manifest_is_kept(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "my-lessons").mkdir()
    write(tmp_path / "notebooks", "first")
    write(tmp_path / "my-lessons", "mine")
    assert lab.copy_lessons(tmp_path / "notebooks", tmp_path / "my-lessons") == [NAME]
    assert "mine" in (tmp_path / "my-lessons" / NAME).read_text("utf8")


def test_a_deleted_lesson_comes_back_and_own_files_stay(folders):
    source, copy = folders
    (copy / NAME).unlink()
    write(copy, "own", name="my_experiment.ipynb")
    (copy / "01_broken.ipynb").write_text("not a notebook")
    write(source, "one", name="01_broken.ipynb")
    assert lab.copy_lessons(source, copy) == ["01_broken.ipynb"]
    assert (copy / NAME).exists() and "own" in (copy / "my_experiment.ipynb").read_text("utf8")
    assert (copy / "01_broken.ipynb").read_text() == "not a notebook"


@pytest.mark.skipif(sys.platform == "win32", reason="JupyterLab is a child process there")
def test_without_a_display_it_prints_an_address_that_serves_lesson_00(tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env |= {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    (tmp_path / "notebooks").mkdir()
    write(tmp_path / "notebooks", "first")
    code = f"from captionlib.course import lab; lab.PROJECT = lab.Path({str(tmp_path)!r}); lab.main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    try:
        address = next(m[0] for line in process.stdout if (m := re.search(r"http://\S+", line)))
        server, token = re.fullmatch(
            r"(http://127\.0\.0\.1:\d+)/lab/tree/00_start_here\.ipynb\?token=(.+)", address
        ).groups()
        contents = f"{server}/api/contents/{NAME}?token={token}"
        for _ in range(120):
            try:
                notebook = json.load(urllib.request.urlopen(contents, timeout=5))
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        assert notebook["content"]["cells"]
        assert "jupyter" in urllib.request.urlopen(address, timeout=30).read().decode().lower()
    finally:
        process.terminate()
        process.wait(30)
