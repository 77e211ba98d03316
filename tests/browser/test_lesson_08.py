"""Lesson 08 in a real browser."""

from browser import driver

LESSON = "08_show_attend_and_tell"


def test_the_scrubber_answers_to_every_control(widget, drive):
    report = drive(widget("scrubber"))
    assert report["word"]["changed"] == ["alt", "picture", "readout"]


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
