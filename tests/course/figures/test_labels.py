"""Names at line ends can be told apart, stay in the figure, and are joined to their lines by thin grey leaders."""

from itertools import combinations

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.text import Text

from captionlib.course.figures.labels import label_line_ends, powers_of_ten
from captionlib.plots.palette import QUIET, ROLES, Figure


def labelled(values, scale="linear"):
    figure = Figure(figsize=(7.6, 3.7), layout="constrained")
    axes = figure.subplots()
    for value in values:
        axes.plot([0, 1], [1, value], linewidth=2.5)
    axes.set_yscale(scale)
    label_line_ends(axes, [(1, value, f"line {i}") for i, value in enumerate(values)])
    figure.draw_without_rendering()
    return figure, axes


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("values", [[0.5], [1, 1, 1, 1, 1], [1e-6, 0.5, 0.51, 1], [0.1, 0.1, 0.1, 3, 3, 3]])
def test_names_stand_apart_in_the_order_of_their_lines(values, scale):
    figure, axes = labelled(values, scale)
    names = {text.get_text(): Text.get_window_extent(text) for text in axes.texts}
    assert list(names) == [f"line {i}" for i in np.argsort(values, kind="stable")]
    for one, two in combinations(names.values(), 2):
        assert one.y1 <= two.y0 + 1
    for box in names.values():
        assert box.x0 > axes.get_window_extent().x1 and box.x1 <= figure.bbox.x1
        assert box.y0 >= 0 and box.y1 <= figure.bbox.y1


def test_leaders_are_thinner_than_data_and_of_no_colour_that_data_have():
    _, axes = labelled([0.2, 0.21, 0.9])
    assert len(axes.texts) == 3 and len(axes.lines) == 3
    for text in axes.texts:
        leader = text.arrow_patch
        assert matplotlib.colors.to_hex(leader.get_edgecolor()) == QUIET not in ROLES.values()
        assert leader.get_linewidth() < axes.lines[0].get_linewidth() / 3


def test_powers_of_ten_are_written_without_mathematics():
    figure = Figure()
    axes = figure.subplots()
    axes.loglog([1, 1000], [1e-5, 1])
    powers_of_ten(axes.xaxis)
    powers_of_ten(axes.yaxis)
    assert axes.xaxis.get_major_formatter()(1000, 0) == "10³" and axes.yaxis.get_major_formatter()(1e-5, 0) == "10⁻⁵"
