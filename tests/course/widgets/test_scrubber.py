"""The attention scrubber says where each word looked, in a picture and in words."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from captionlib.course import widgets
from captionlib.course.widgets import parts, scrubber

IMAGE = np.full((96, 96, 3), 120, np.uint8)
TOKENS = ["a", "<end>"]
ATTENTION = np.zeros((2, 12, 12))
ATTENTION[0, 2, 9] = 1
ATTENTION[1] = 1 / 144


def test_a_step_marks_its_word_and_its_picture_says_where_it_looked():
    page = scrubber.show(IMAGE, TOKENS, ATTENTION, 0)
    assert re.search(r"<mark [^>]*>a</mark> &lt;end&gt;", page)
    told = "“a”: largest attention weight 100% at row 3, column 10"
    assert f'alt="the scene, and beside it its attention; {told}"' in page and page.endswith(f"<p>{told}</p>")
    assert "&lt;end&gt;</mark>" in scrubber.show(IMAGE, TOKENS, ATTENTION, 1)


def test_what_keeps_its_colour_is_where_it_looked():
    page = scrubber.show(np.full((96, 96, 3), (240, 60, 60), np.uint8), TOKENS, ATTENTION, 0)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)', page)[1])))).astype(int)
    scale = picture.shape[1] / 196  # of the picture's pixels: 96, a gap of 4, 96
    red = (picture[..., 0] - picture[..., 2])[:, round(100 * scale) :]
    rows, columns = np.nonzero(red > 90)
    assert abs(rows.mean() / scale - 20) < 1 and abs(columns.mean() / scale - 76) < 1
    assert 4 < np.sqrt(len(rows)) / scale < 24 and (red[:, : red.shape[1] // 2] == 0).all()  # some 8 pixels wide


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    return seen


def test_slider_and_named_number_box_step_through_the_words(shown):
    widgets.attention_scrubber(IMAGE, TOKENS, ATTENTION)
    ((widget, words),) = shown
    column, page = widget.children
    slide, box = column.children[0].children
    assert (slide.min, slide.max, box.description) == (1, 2, "word")
    assert ">a</mark>" in page.value
    box.value = 2
    assert slide.value == 2 and ">&lt;end&gt;</mark>" in page.value
    assert words.splitlines()[0] == "“a”: largest attention weight 100% at row 3, column 10"
    assert len(words.splitlines()) == 2
