"""A learner's copy of the lessons is brought up to date, and never loses what the learner wrote."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from captionlib.course import lab

LESSON = "notebooks/00_start_here.ipynb"
PRINTED = {"output_type": "stream", "name": "stdout", "text": ["printed"]}


def write(folder, text, name=LESSON, outputs=()):
    cell = {"cell_type": "code", "id": "a", "source": [text], "metadata": {}}
    cell |= {"outputs": list(outputs), "execution_count": 3}
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf8"
    )


@pytest.fixture
def folders(tmp_path):
    """A project with one lesson and one page, and the learner's copy of it."""
    project, copy = tmp_path, tmp_path / "my-lessons"
    write(project, "first", outputs=[PRINTED])
    (project / "docs").mkdir()
    (project / "docs" / "glossary.md").write_text("words", "utf8")
    assert lab.deliver(project, copy) == []
    return project, copy


def test_a_lesson_comes_without_outputs_and_a_page_as_it_is(folders):
    _, copy = folders
    (cell,) = json.loads((copy / LESSON).read_text("utf8"))["cells"]
    assert (cell["source"], cell["outputs"], cell["execution_count"]) == (["first"], [], None)
    assert (copy / "docs" / "glossary.md").read_text("utf8") == "words"


def test_an_untouched_or_merely_run_lesson_is_updated(folders):
    project, copy = folders
    write(copy, "first", outputs=[PRINTED])
    assert lab.deliver(project, copy) == [] and "printed" in (copy / LESSON).read_text("utf8")
    write(project, "second")
    (project / "docs" / "glossary.md").write_text("more words", "utf8")
    assert lab.deliver(project, copy) == []
    assert "second" in (copy / LESSON).read_text("utf8")
    assert (copy / "docs" / "glossary.md").read_text("utf8") == "more words"


def test_an_edited_lesson_is_kept_and_said_so_only_when_there_is_a_newer_one(folders):
    project, copy = folders
    write(copy, "mine", outputs=[PRINTED])
    assert lab.deliver(project, copy) == []
    write(project, "second")
    for _ in range(2):  # also the next time
        assert lab.deliver(project, copy) == [LESSON]
        assert "mine" in (copy / LESSON).read_text("utf8") and "printed" in (copy / LESSON).read_text("utf8")


@pytest.mark.parametrize("manifest", ["", "{", "[1, 2]", b"\xff\xfe"])
def test_with_a_damaged_manifest_nothing_is_lost(folders, manifest):
    project, copy = folders
    write(copy, "mine")
    (copy / ".delivered.json").write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
    assert lab.deliver(project, copy) == [LESSON]
    assert "mine" in (copy / LESSON).read_text("utf8")
    assert "docs/glossary.md" in json.loads((copy / ".delivered.json").read_text("utf8"))


def test_a_deleted_lesson_comes_back_and_own_files_stay(folders):
    project, copy = folders
    (copy / LESSON).unlink()
    write(copy, "own", name="notebooks/my_experiment.ipynb")
    (copy / "notebooks" / "01_broken.ipynb").write_text("not a notebook")
    write(project, "one", name="notebooks/01_broken.ipynb")
    assert lab.deliver(project, copy) == ["notebooks/01_broken.ipynb"]
    assert (copy / LESSON).exists() and "own" in (copy / "notebooks" / "my_experiment.ipynb").read_text("utf8")
    assert (copy / "notebooks" / "01_broken.ipynb").read_text() == "not a notebook"


def test_lessons_of_the_old_layout_move_and_keep_their_history(tmp_path):
    """Before, lessons lay in my-lessons/ itself, under their bare names in the manifest."""
    project, copy = tmp_path, tmp_path / "my-lessons"
    mine, run, own = "00_mine.ipynb", "01_run.ipynb", "02_own.ipynb"
    delivered = {}
    for name in (mine, run):
        write(copy, "old", name=name)
        delivered[name] = lab.digest(copy / name)
        write(project, "new", name=f"notebooks/{name}")
    (copy / ".delivered.json").write_text(json.dumps(delivered))
    write(copy, "changed", name=mine)
    write(copy, "own", name=own)
    assert lab.move_lessons(project, copy) == [mine, run]
    assert lab.deliver(project, copy) == [f"notebooks/{mine}"]
    assert "changed" in (copy / "notebooks" / mine).read_text("utf8")
    assert "new" in (copy / "notebooks" / run).read_text("utf8")
    assert sorted(file.name for file in copy.glob("*.ipynb")) == [own]
    write(copy, "again", name=mine)  # what lies in both places stays in both
    assert lab.move_lessons(project, copy) == []
    assert "again" in (copy / mine).read_text("utf8")


def test_what_is_delivered_links_to_what_is_delivered(tmp_path):
    lab.deliver(lab.PROJECT, tmp_path)
    files = [file for file in tmp_path.rglob("*.*") if file.suffix in (".md", ".ipynb")]
    assert {"docs/glossary.md", "docs/notation.md", LESSON} <= {f.relative_to(tmp_path).as_posix() for f in files}
    for file in files:
        text = file.read_text("utf8")
        if file.suffix == ".ipynb":
            cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
            text = "\n\n".join("".join(cell["source"]) for cell in cells)
        text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
        targets = re.findall(r"\]\(\s*<?([^)\s>#]+)|^\[[^\]]+\]: ([^\s#]+)|src=\"([^\"]+)\"", text, re.M)
        for target in filter(None, map("".join, targets)):
            assert re.match(r"[a-z]+:", target) or (file.parent / target).exists(), f"{file.name} links to {target}"


def test_a_folder_that_cannot_be_written_to_is_told_in_one_sentence(folders, monkeypatch, capsys):
    project, _ = folders
    monkeypatch.setattr(lab, "PROJECT", project)
    monkeypatch.setattr(lab.doctor, "run", lambda: True)
    monkeypatch.setattr(lab, "serve", lambda folder: pytest.fail("nothing to serve"))
    blocked = project / "my-lessons" / "docs"
    (blocked / "glossary.md").unlink()
    blocked.rmdir()
    blocked.write_text("a file where a folder belongs")
    assert lab.main() == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("The lessons could not be copied to my-lessons/: ") and str(blocked) in line


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot send Ctrl-C there")
def test_it_prints_an_address_that_answers_at_once_shows_no_news_and_stops_with_ctrl_c(tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env |= {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path)}
    write(tmp_path, "first")
    code = "import sys; from captionlib.course import lab; lab.doctor.run = lambda: True; "
    code += f"lab.PROJECT = lab.Path({str(tmp_path)!r}); sys.exit(lab.main())"
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has just stopped does not count
        with contextlib.suppress(OSError):  # somebody else has Jupyter's own port already
            taken.bind(("127.0.0.1", 8888))
            taken.listen()
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen([sys.executable, "-c", code], env=env, **pipes)
        try:
            address = next(m[0] for line in process.stdout if (m := re.search(r"http://\S+", line)))
            port = re.fullmatch(rf"http://127\.0\.0\.1:(\d+)/lab/tree/{LESSON}\?token=.+", address)[1]
            assert port != "8888"
            page = urllib.request.urlopen(address, timeout=30).read().decode()
            assert re.search(r'"disabledExtensions": \[[^]]*"@jupyterlab/apputils-extension:announcements"', page)
            contents = urllib.request.urlopen(address.replace("/lab/tree/", "/api/contents/"), timeout=30)
            assert json.load(contents)["content"]["cells"]
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert process.stdout.read() == "Stop with Ctrl-C.\n"
        finally:
            process.kill()
            process.wait()
