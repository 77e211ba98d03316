"""Lesson 05 in a real browser: the embedding map, its sentence for a word it does not know, and the quiz."""

import pytest

from browser import driver

LESSON = "05_embed_words"


@pytest.fixture
def embedding_map(widget):
    return widget("map-widget")


def test_the_map_answers_to_every_control(embedding_map, drive):
    assert "nearest to “red” by cosine" in embedding_map.shown()["alt"]
    report = drive(embedding_map, typed={"word": "rabbit"}, idle=["red"])  # red is lit already
    assert {"word", "neighbours", "epoch", "orange", "left"} <= set(report)
    assert all(report[name]["changed"] == ["alt", "picture", "readout"] for name in ("word", "neighbours", "epoch"))


def test_an_unknown_word_is_answered_with_words_that_are_spelled_like_it(embedding_map):
    line = embedding_map.area.get_by_role("textbox", name="word")
    line.fill("rabit")
    line.press("Enter")
    embedding_map.area.get_by_text("“rabit” is not one of the 101 words of these captions; rabbit").wait_for()


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
