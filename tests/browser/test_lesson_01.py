"""Lesson 01 in a real browser: the kernel workbench with its nine weights, and the quiz."""

import pytest

from browser import driver

LESSON = "01_see_with_convolutions"


@pytest.fixture
def bench(widget):
    return widget("bench-widget")


def test_the_workbench_answers_to_every_control(bench, drive):
    report = drive(bench)
    names = {"picture", "kernel", "divide by", "bias", "stride", "padding", "activation", "pooling", "row", "column"}
    assert names | {"steps up to"} <= set(report)
    assert all(
        moved["changed"] == ["alt", "picture", "readout"] for name, moved in report.items() if name != "steps up to"
    )


@pytest.mark.parametrize("name", [f"row {row}, column {column}" for row in (1, 2, 3) for column in (1, 2, 3)])
def test_each_of_the_nine_weights_takes_keys_and_typed_values(bench, name):
    box = bench.area.get_by_role("spinbutton", name=name, exact=True)
    start = box.input_value()

    def key():
        box.click()
        bench.page.keyboard.press("ArrowUp")
        bench.page.keyboard.press("Tab")

    def type_a_value():
        box.fill(start)
        box.press("Enter")

    for act in (key, type_a_value):
        changed, _ = driver.must_change(bench, act, name)
        assert changed == {"picture", "alt", "readout"}
    assert box.input_value() == start


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
