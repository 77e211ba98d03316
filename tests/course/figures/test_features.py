"""The figures of lesson 03 show what they are given, in place and inside the figure."""

import numpy as np
import pytest

from captionlib.course import figures

IMAGE = np.random.default_rng(3).integers(0, 256, (96, 96, 3), np.uint8)


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def everything_is_inside(figure):
    figure.draw_without_rendering()
    words = [text for axes in figure.axes for text in (*axes.texts, axes.title) if text.get_text()]
    for text in (*words, *figure.texts):
        box = text.get_window_extent()
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text


def test_cam_maps_show_the_largest_location_and_frames_the_box():
    map_ = np.zeros((12, 12))
    map_[2, 9] = 3
    figure = figures.cam_maps(IMAGE, {"fox": map_, "nothing": np.zeros((12, 12))}, "Title", {"fox": (10, 20, 30, 44)})
    assert {"fox", "nothing", "the picture", "Title"} <= set(texts(figure))
    shown = figure.axes[1].images[-1].get_array()
    assert shown.max() == 1 and np.unravel_index(shown.argmax(), shown.shape) == (2, 9)
    assert [patch.get_width() for patch in figure.axes[1].patches] == [20, 20] and not figure.axes[2].patches
    everything_is_inside(figure)


def test_top_activating_patches_have_a_row_a_channel():
    rows = [(f"channel {i}", np.eye(12), np.stack([IMAGE[:27, :27]] * 8)) for i in range(4)]
    figure = figures.top_activating_patches(IMAGE, rows, "Title")
    assert len(figure.axes) == 1 + 4 * 9 and {f"channel {i}" for i in range(4)} <= set(texts(figure))
    everything_is_inside(figure)


def test_predictions_say_what_is_wrong():
    figure = figures.predictions(np.stack([IMAGE] * 8), ["fox"] * 8, ["fox"] * 7 + ["balloon"], "Title")
    assert texts(figure).count("“fox”") == 8 and texts(figure).count("right") == 7 and "a balloon" in texts(figure)
    everything_is_inside(figure)


def test_accuracy_bars_mark_chance():
    figure = figures.accuracy_bars({"which kind": {"one": 0.25, "two": 1.0}}, {"which kind": 0.1}, "Title", "share")
    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.25, 1.0]
    assert {"25%", "100%", "chance level", "which kind", "one"} <= set(texts(figure))
    assert list(figure.axes[0].lines[0].get_xdata()) == [0.1, 0.1]
    everything_is_inside(figure)


def test_feature_maps_have_a_row_per_layer_and_each_map_its_own_scale():
    layers = {"first": np.ones((48, 48, 3)), "last": np.arange(9 * 9 * 3.0).reshape(9, 9, 3)}
    figure = figures.feature_maps(IMAGE, layers, "Title")
    assert {"first\n48 × 48", "last\n9 × 9", "Title"} <= set(texts(figure)) and len(figure.axes) == 1 + 2 * 3
    shown = figure.axes[-1].images[0]
    assert (shown.get_array() == layers["last"][..., 2]).all() and shown.get_clim() == (0, layers["last"].max())
    everything_is_inside(figure)


@pytest.mark.parametrize("count", [1, 5])
def test_cam_maps_keep_their_panels_square(count):
    figure = figures.cam_maps(IMAGE, {f"map {i}": np.eye(12) for i in range(count)}, "T")
    for axes in figure.axes:
        box = axes.get_window_extent()
        assert box.width == pytest.approx(box.height, rel=0.02)
