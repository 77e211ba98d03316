"""Pixels that are scaled twice reach the network as black, and every caption is that of a black image (lesson 01)."""

import numpy as np
import pytest

from captionlib import Captioner
from captionlib.course.probes import input_range


@pytest.fixture(scope="module")
def captioner():
    return Captioner.load("toyscenes_show_attend_tell")


def test_pixels_scaled_twice_arrive_near_minus_one(captioner):
    images, wrong = input_range.four_scenes(), input_range.divided_first(captioner)
    low, high = input_range.after_rescaling(captioner, images)
    assert low == pytest.approx(images.min() / 127.5 - 1, abs=1e-6) and high == pytest.approx(images.max() / 127.5 - 1)
    assert low < -0.5 and high > 0.5
    low, high = input_range.after_rescaling(wrong, images)
    assert -1 <= low < high < -0.99


def test_each_gets_the_caption_of_a_black_image(captioner):
    images, wrong = input_range.four_scenes(), input_range.divided_first(captioner)
    right = [caption.text for caption in captioner.caption(list(images))]
    assert all(name in text for name, text in zip(["house", "car", "kite", "horse"], right, strict=True))
    (black,) = captioner.caption([np.zeros((96, 96, 3), np.uint8)])
    assert {caption.text for caption in wrong.caption(list(images))} == {black.text}
