"""Attention is shown as light: what got the weight keeps its colours, the rest is pale grey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from captionlib import plots

GRID = (5, 7)
IMAGES = arrays(np.uint8, (20, 35, 3))
WEIGHTS = arrays(float, GRID, elements=st.floats(0, 1))


def colours_kept(image, weights):
    """Each pixel's share of its own colours, (H, W), from images of one colour that is far from any grey."""
    red = np.full((*image, 3), (255, 0, 0), np.uint8)
    nothing, lit = plots.attention_overlay(red, 0 * weights), plots.attention_overlay(red, weights)
    return (lit.astype(float) - nothing)[..., 1] / (0.0 - nothing[..., 1])


@given(IMAGES)
@settings(deadline=None)
def test_full_weight_is_the_image_and_none_is_pale_grey(image):
    assert (plots.attention_overlay(image, np.ones(GRID)) == image).all()
    grey = plots.attention_overlay(image, np.zeros(GRID))
    assert (grey == grey[..., :1]).all() and grey.min() >= 180 and grey.max() <= 235


@given(IMAGES, WEIGHTS)
@settings(deadline=None)
def test_each_pixel_lies_between_grey_and_its_own_colour_and_nothing_given_is_changed(image, weights):
    before, given_weights = image.copy(), weights.copy()
    lit, grey = plots.attention_overlay(image, weights), plots.attention_overlay(image, np.zeros(GRID))
    assert lit.shape == image.shape and lit.dtype == np.uint8
    assert (np.minimum(image, grey) <= lit).all() and (lit <= np.maximum(image, grey)).all()
    assert (image == before).all() and (weights == given_weights).all()


@given(WEIGHTS, WEIGHTS)
@settings(deadline=None)
def test_more_weight_is_never_less_colour(weights, more):
    assert (colours_kept((20, 35), weights) <= colours_kept((20, 35), np.maximum(weights, more))).all()


@pytest.mark.parametrize("side", [7, 9, 12])
def test_an_even_look_lights_nothing_and_a_peak_of_4_percent_can_be_seen(side):
    assert colours_kept((180, 180), np.full((side, side), 1 / side**2)).max() < 0.01
    seen = []
    for peak in (0.04, 0.1, 0.4, 1):
        weights = np.full((side, side), (1 - peak) / (side**2 - 1))
        weights[2, 4] = peak
        kept = colours_kept((180, 180), weights)
        row, column = np.unravel_index(kept.argmax(), kept.shape)
        assert (row * side // 180, column * side // 180) == (2, 4)
        assert np.quantile(kept, 0.9) < 0.05  # the rest stays grey
        seen.append(kept.max())
    assert seen[0] > 0.3 and (np.diff(seen) > 0.05).all() and seen[-1] > 0.95


def test_a_location_is_lit_as_a_round_spot_on_an_image_of_any_shape():
    weights = np.zeros((9, 9))
    weights[4, 4] = 1
    kept = colours_kept((90, 180), weights)
    np.testing.assert_allclose(kept, kept[::-1], atol=0.01)
    np.testing.assert_allclose(kept, kept[:, ::-1], atol=0.01)
    inside = kept > 0.5
    assert inside.any(axis=1).sum() * 2 == pytest.approx(inside.any(axis=0).sum(), abs=2)  # as the image is stretched
    assert (colours_kept((90, 180), np.ones((1, 1))) == 1).all()
