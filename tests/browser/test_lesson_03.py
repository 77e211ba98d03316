"""Lesson 03 in a real browser: the feature-map browser and the quiz."""

import pytest

from browser import driver

LESSON = "03_extract_cnn_features"


@pytest.fixture
def features(widget):
    return widget("browser")


def test_the_feature_browser_answers_to_every_control(features, drive):
    report = drive(features)
    assert set(report) == {"scene", "layer", "channel", "row", "column"}
    assert all(moved["changed"] == ["alt", "picture", "readout"] for moved in report.values())


def test_another_layer_has_other_channels(features):
    features.area.get_by_title("layer: layer 1", exact=True).click()
    features.area.get_by_text("of layer 1: ").first.wait_for()
    typed = features.area.get_by_role("spinbutton", name="channel", exact=True)
    assert typed.evaluate("box => box.max") == "24" and int(typed.input_value()) <= 24
    features.area.get_by_title("layer: shape", exact=True).click()
    features.area.get_by_text("of shape: ").first.wait_for()
    assert typed.evaluate("box => box.max") == "96"


def test_the_quiz_explains_every_option(widget):
    driver.answer_quiz(widget("quiz-widget"))
