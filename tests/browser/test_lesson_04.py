"""Lesson 04 in a real browser."""

from browser import driver

LESSON = "04_turn_captions_into_tokens"


def test_the_playground_answers_to_every_control(widget, drive):
    report = drive(widget("playground"))
    assert report["words in vocabulary"]["changed"] == ["alt", "picture", "readout"]
    assert report["caption"]["changed"] == ["alt", "picture", "readout"]


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
