"""Panels show pictures, kernels and outputs with their numbers; a stack of layers shows its receptive field."""

import numpy as np
import pytest

from captionlib.course import figures
from captionlib.course.figures.convolution import field_cells
from captionlib.course.scratch.convolution import receptive_field


def written(axes):
    return [text.get_text() for text in axes.texts]


def test_small_panels_show_their_numbers_and_large_ones_their_range():
    small, large = np.arange(9).reshape(3, 3), np.linspace(-7, 12, 400).reshape(20, 20)
    figure = figures.panels([small, large, np.zeros((20, 20), np.uint8)], ["a", "b", "c"], "Title")
    assert written(figure.axes[0]) == [str(i) for i in range(9)]
    assert written(figure.axes[1]) == ["from −7 to 12"] and written(figure.axes[2]) == []
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b", "c"]


@pytest.mark.parametrize("array", [[[-1.0, 0, 4]], [[0.0, 0, 4]], [[-9, 0, -1]], [[0, 0, 0]]])
def test_zero_is_white_in_every_map(array):
    figure = figures.panels([np.array(array), np.tile(array, (9, 9))], ["few", "many"], "Title")
    for axes in figure.axes:
        (shown,) = axes.images
        colours = shown.to_rgba(shown.get_array(), norm=True)[..., :3]
        assert colours[0, 1].min() > 0.95
        assert np.ptp(colours[..., 0]) > 0.2 or not np.any(array)


def test_panels_on_one_scale_show_twice_the_number_darker():
    arrays = [np.full((2, 2), 600.0), np.full((2, 2), 1200.0)]
    half, full = (
        axes.images[0].to_rgba(axes.images[0].get_array())[0, 0, :3].sum()
        for axes in figures.panels(arrays, ["half", "full"], "Title", darkest=1200).axes
    )
    assert half > full + 0.2


def test_one_location_writes_every_step():
    patch, kernel = np.arange(12).reshape(2, 2, 3), np.ones((2, 2, 3), int)
    kernel[..., 1] = -2  # red 18, green 22 times -2, blue 26
    for bias, told in ((9, ["0", "9", "+ 9", "9"]), (-9, ["0", "−9", "− 9", "0"])):
        texts = written(figures.one_location(patch, kernel, bias, "Title").axes[0])
        assert [each for each in texts if each in ("18", "−44", "26")] == ["18", "−44", "26"]
        steps = dict(zip(["sum of all", "with bias", "activation"], (told[0], told[1], told[3]), strict=True))
        for name, value in steps.items():
            assert texts[texts.index(name) - 1] == value
        assert told[2] in texts


@pytest.mark.parametrize("count, a_row", [(1, 4), (3, 4), (8, 4), (6, 3)])
def test_panels_keep_their_shape_and_stay_inside(count, a_row):
    figure = figures.panels([np.zeros((30, 45), np.uint8)] * count, ["x"] * count, "Title", {0: (1, 2, 3, 3)}, a_row)
    assert len(figure.axes) == count and len(figure.axes[0].patches) == 2
    for axes in figure.axes:
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(30 / 45, rel=0.02)
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 + 1 and box.y0 >= 0


@pytest.mark.parametrize("layers", [[(3, 1), (3, 1)], [(5, 1)], [(3, 2), (3, 2)], [(3, 1), (2, 2), (3, 1)]])
def test_the_lowest_row_is_the_receptive_field(layers):
    rows = field_cells(layers)
    assert len(rows) == len(layers) + 1 and len(rows[-1]) == 1
    assert len(rows[0]) == receptive_field(layers)
    figure = figures.receptive_fields([layers], ["stack"], "Title")
    assert f"stack: {receptive_field(layers)} pixels" in written(figure.axes[0])
