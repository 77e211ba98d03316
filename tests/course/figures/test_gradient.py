"""Figures of lesson 02 show the numbers they are given, inside the figure, and survive descents that diverge."""

import re

import numpy as np
import pytest
from matplotlib.text import Text

from captionlib.course import figures
from captionlib.course.figures.gradient import NODES
from captionlib.course.probes.surfaces import SURFACES
from captionlib.course.scratch import optimisers

VALLEY = SURFACES["long valley"]


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def local_gradients(figure):
    return sorted(text for text in texts(figure) if re.fullmatch("×−?[0-9.]+", text))


def nothing_hangs_out(figure):
    figure.draw_without_rendering()
    written = [*figure.texts, *(part for axes in figure.axes for part in (*axes.texts, axes.title, axes._left_title))]
    written += [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    for text in written:
        if text.get_text().strip():
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text


def test_a_graph_shows_its_numbers_and_each_arrow_its_local_gradient():
    values = {"x": 2, "w_snow": 0, "w_moon": 0.55, "z_snow": 0, "z_moon": 1.1, "exp_snow": 1, "exp_moon": 3}
    values |= {"total": 4, "log_total": 1.39, "loss": 1.39}
    figure = figures.computation_graph(values, "Forwards")
    assert len(NODES) == 10 and {"Forwards", "0.55", "1.39", "−", *NODES} <= set(texts(figure))
    assert not local_gradients(figure)
    figure = figures.computation_graph(values, "Backwards", {name: -number for number, name in enumerate(NODES)})
    assert local_gradients(figure) == sorted(["×2", "×0", "×2", "×0.55", "×1", "×3", "×1", "×1", "×0.25", "×1", "×−1"])
    assert {"−9", "−8"} <= set(texts(figure))
    nothing_hangs_out(figure)


def test_a_slope_is_written_and_its_line_touches_the_curve():
    weights = np.linspace(-1, 1, 21)
    figure = figures.tangent_line(weights, weights**2, 0.5, 1.0, "Up")
    curve, line, point = figure.axes[0].lines
    assert "slope 1" in texts(figure) and point.get_ydata()[0] == pytest.approx(0.25)
    (x0, x1), (y0, y1) = line.get_data()
    assert (y1 - y0) / (x1 - x0) == pytest.approx(1) and y0 + (0.5 - x0) == pytest.approx(0.25)
    nothing_hangs_out(figure)


@pytest.mark.parametrize("rate", [0.02, 0.5])
def test_a_descent_ends_where_it_diverges(rate):
    path = optimisers.descend(optimisers.sgd, SURFACES["two dips"].gradient, (2, 2), 40, learning_rate=rate)
    figure = figures.descent(SURFACES["two dips"], path, "Down")
    nothing_hangs_out(figure)
    assert "Down" in texts(figure)
    for line in figure.axes[0].lines:
        assert np.isfinite(line.get_xydata()).all()
    flown = {len(line.get_xdata()) < 41 for line in figure.axes[0].lines if len(line.get_xdata()) > 1}
    assert (True in flown) == (rate == 0.5)


def test_a_loss_below_the_chart_leaves_it():
    path = optimisers.descend(optimisers.sgd, VALLEY.gradient, (1, 1), 60, learning_rate=0.15)
    chart = figures.descent(VALLEY, path, "Gone").axes[1]
    assert chart.lines[0].get_ydata()[-1] < chart.get_ylim()[0]


def test_a_learning_rate_is_a_square_of_one_of_three_kinds():
    rates, losses = np.array([0.001, 0.01, 0.1, 1]), np.array([0.5, 1e-9, 20, np.inf])
    ends = {"wide": {"SGD": losses, "Adam": losses}, "narrow": {"SGD": losses, "Adam": losses}}
    figure = figures.learning_rate_sweep(rates, ends, {"wide": 10, "narrow": 100}, "Rates")
    wide, narrow, _ = figure.axes
    for chart, kinds in ((wide, [[0.01], [0.001], [0.1, 1], [0.1, 1]]), (narrow, [[0.001, 0.01], [0.1], [1], [1]])):
        assert [line.get_xdata().tolist() for line in chart.lines[:4]] == kinds  # the last line: crosses
    assert {"SGD", "Adam", "wide", "narrow", "Rates", "ends above 1 %"} <= set(texts(figure))
    nothing_hangs_out(figure)


def test_descents_stand_on_maps_of_their_own():
    sgd, start = optimisers.sgd, (1, 1)
    paths = {f"rate {r}": optimisers.descend(sgd, VALLEY.gradient, start, 5, learning_rate=r) for r in (0, 1)}
    figure = figures.descent_paths(VALLEY, paths, "Two rates")
    assert len(figure.axes) == 2 and {"rate 0", "rate 1", "Two rates"} <= set(texts(figure))
    nothing_hangs_out(figure)


def test_words_are_images_of_their_weights():
    weights = np.zeros((12, 2))  # 2 × 2 pixels of 3 channels, 2 words
    weights[0, 0], weights[11, 1] = 2.0, -4.0
    figure = figures.weights_as_images({"after 1 step": weights, "nothing": 0 * weights}, ["snow", "moon"], "Two words")
    pictures = [axes.images[0].get_array() for axes in figure.axes]
    assert pictures[0][0, 0].tolist() == [0.75, 0.5, 0.5] and pictures[1][1, 1].tolist() == [0.5, 0.5, 0.0]
    assert (pictures[2] == 0.5).all() and {"snow", "moon", "after 1 step"} <= set(texts(figure))
    nothing_hangs_out(figure)


def test_learning_curves_are_named_and_stand_above_their_floor():
    figure = figures.learning_curves(
        {"right": np.geomspace(2, 0.1, 50), "wrong": np.geomspace(2, 1, 50)}, "t", ("low", 1)
    )
    assert {"right", "wrong", "low"} <= set(texts(figure))
    nothing_hangs_out(figure)
