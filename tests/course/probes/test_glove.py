"""Word vectors from a file that others made: read line by line, and refused with a sentence when it is damaged."""

import numpy as np
import pytest

from captionlib.course.probes import glove
from captionlib.errors import CaptionlibError

LINES = ["the 0.1 0.2 0.3\n", "red 1 -2 3e-1\n", ". 0 0 0\r\n", "blue 4 5 6\n"]


def test_it_reads_the_wanted_words_and_no_others():
    found = glove.read(LINES, ["blue", "red", "unheard"])
    assert set(found) == {"blue", "red"} and found["red"].dtype == np.float32
    np.testing.assert_allclose(found["red"], [1, -2, 0.3])


def test_it_stops_at_nothing_that_was_not_asked_for():
    odd = ["the 0.1 0.2 0.3\n", "\n", ". . . 1 2 3\n", "cut 1\n", "red 1 2 3\n"]
    assert set(glove.read(odd, ["red"])) == {"red"}


@pytest.mark.parametrize(
    "lines, told",
    [
        ([*LINES, "sea 1 2\n"], "Line 5, of 'sea', is not a word and 3 numbers: the file is damaged."),
        ([*LINES, "sea 1 two 3\n"], "Line 5, of 'sea'"),
        ([*LINES, "sea 1 nan 3\n"], "Line 5, of 'sea'"),
        ([*LINES, "sea 1 2 inf\n"], "Line 5, of 'sea'"),
        (["sea\n", "red\n"], "Line 1, of 'sea'"),
        (LINES, "None of the words is in the file"),
        ([], "None of the words is in the file"),
    ],
)
def test_what_is_damaged_is_refused_with_its_line(lines, told):
    with pytest.raises(CaptionlibError, match=told):
        glove.read(lines, ["sea"])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_DATA", str(tmp_path))
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "glove").mkdir()
    return tmp_path


def test_an_absent_file_explains_how_to_get_it_and_names_no_folder_of_this_machine(folder):
    with pytest.raises(CaptionlibError) as caught:
        glove.load(["red"])
    assert "this lesson does not need one" in str(caught.value) and str(folder) not in str(caught.value)


def test_a_file_in_its_place_is_read(folder):
    (folder / glove.NAME).write_text("".join(LINES), "utf8")
    np.testing.assert_allclose(glove.load(["blue"])["blue"], [4, 5, 6])


def test_a_zip_that_was_only_renamed_is_refused(folder):
    (folder / glove.NAME).write_bytes(b"PK\x03\x04" + bytes(range(128, 256)) * 99)
    with pytest.raises(CaptionlibError, match="unpack the zip again"):
        glove.load(["red"])
