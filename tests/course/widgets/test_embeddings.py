"""The embedding map: every word, every number of neighbours, every epoch gives a picture that says what it shows."""

import re
from random import Random

import numpy as np
import pytest

from captionlib.course import widgets
from captionlib.course.scratch import skipgram
from captionlib.course.widgets import embeddings, parts

WORDS = ["a", "red", "blue", "rabbit", "runs", "<b>"] + [f"word{i}" for i in range(24)]
EPOCHS = 4
HISTORY = np.random.default_rng(5).normal(size=(EPOCHS + 1, len(WORDS), 6))
HISTORY[-1, 2] = 3 * HISTORY[-1, 1]  # at the end blue points the way of red
POINTS = skipgram.pca(skipgram.unit(HISTORY))


def show(typed="red", count=5, epoch=EPOCHS):
    return embeddings.show(HISTORY, POINTS, WORDS, typed, count, epoch)


def alt(page):
    return re.search(r'alt="([^"]*)"', page)[1]


def test_the_nearest_word_is_named_first_in_picture_and_words():
    page = show(count=2)
    assert "nearest to “red” by cosine: blue 1.00, " in alt(page) and alt(page).startswith(
        "a map of 30 words, epoch 4; "
    )
    assert f'<p role="status">{alt(page).split("; ")[1]}</p>' in page
    assert "blue 1.00" not in alt(show(epoch=0))


def check(page, typed, count, epoch):
    told = alt(page)
    assert f"epoch {epoch};" in told and len(re.findall(r" -?[01]\.\d\d(?:,|\. Median)", told)) == count
    return told


@pytest.mark.parametrize("word", WORDS)
def test_every_word(word):
    assert "<b>" not in check(show(word), word, 5, EPOCHS).replace("&lt;b&gt;", "")


def test_every_number_of_neighbours_and_every_epoch():
    told = {check(show(count=count), "red", count, EPOCHS) for count in range(1, 16)}
    told |= {check(show(epoch=epoch), "red", 5, epoch) for epoch in range(EPOCHS + 1)}
    assert len(told) == 15 + EPOCHS  # the default is among both


def test_eighty_drawn_combinations(monkeypatch):
    monkeypatch.setattr(parts, "picture", lambda figure, alt, width: f'<img alt="{alt}">')  # drawn above often enough
    rng = Random(5)
    for _ in range(80):
        word, count, epoch = rng.choice(WORDS), rng.randint(1, 15), rng.randint(0, EPOCHS)
        check(show(f" {word.upper()}  ", count, epoch), word, count, epoch)


@pytest.mark.parametrize(
    "typed, told",
    [
        ("", "Type a word of the captions, such as red, and press Enter."),
        ("   ", "Type a word of the captions"),
        ("rabit", "“rabit” is not one of the 30 words of these captions; rabbit would be."),
        ("<script>", "“&lt;script&gt;” is not one of"),
        ("red blue", "is not one of the 30 words"),
        ("é" * 500, "“" + "é" * 30 + "” is not one of"),
    ],
)
def test_what_is_not_a_word_is_said_in_a_sentence(typed, told):
    page = show(typed)
    assert told in page and "<img" not in page and 'role="status"' in page


def test_box_buttons_and_sliders_move_the_page(monkeypatch):
    shown = []
    monkeypatch.setattr(parts, "present", lambda widget, words: shown.append((widget, words)))
    widgets.embedding_map(HISTORY, WORDS, ["red", "rabbit"])
    ((widget, words),) = shown
    controls, page = widget.children
    word, (_, examples), (_, count), (_, epoch) = (getattr(part, "children", part) for part in controls.children)
    buttons = examples.children
    pages = {page.value}
    buttons[1].click()
    assert word.value == "rabbit" and "nearest to “rabbit” by cosine" in page.value
    for control, value in ((word, "runs"), (count, 7), (epoch, 1), (word, "nothing")):
        control.value = value
        assert page.value not in pages
        pages.add(page.value)
    assert [line.split(":")[0] for line in words.splitlines()[1:]] == [
        "nearest to “red” by cosine",
        "nearest to “rabbit” by cosine",
    ]
