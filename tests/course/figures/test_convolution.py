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
    assert written(figure.axes[1]) == ["from -7 to 12"] and written(figure.axes[2]) == []
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b", "c"]


def test_zero_is_the_middle_of_a_map_that_goes_below_it_and_the_bottom_of_one_that_does_not():
    figure = figures.panels([np.array([[-1.0, 4.0]]), np.array([[0.0, 4.0]]), np.zeros((2, 2))], list("abc"), "Title")
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(-4, 4), (0, 4), (0, 1)]


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
