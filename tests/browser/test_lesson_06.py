"""Lesson 06 in a real browser: the LSTM answers to every intervention."""

from browser import driver

LESSON = "06_remember_with_an_lstm"


def test_the_workbench_answers_to_every_control(widget, drive):
    report = drive(widget("workbench-widget"))
    assert {"scene", "intervention", "words so far", "at word (0: every word)"} <= set(report)
    assert report["at word (0: every word)"]["changed"] == ["alt", "picture", "readout"]


def test_an_unknown_word_is_said_to_be_unknown(widget):
    bench = widget("workbench-widget")
    line = bench.control("text", "words so far").locator("input")

    def type_an_unknown_word():
        line.fill("a red dinosaur")
        line.press("Enter")

    driver.must_change(bench, type_an_unknown_word, "words so far")
    assert "read as <unk>: “dinosaur”" in bench.area.inner_text()


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
