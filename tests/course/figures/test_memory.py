"""Figures of lesson 06 show what they are given: gates in their rows, clamped gates framed, lines named."""

import matplotlib.patches
import numpy as np
import pytest
from matplotlib.text import Text

from captionlib.course import figures

VOCABULARY = ["<pad>", "<start>", "<end>", "<unk>", "a", "boat", "red", "the"]


def trace(words, units=3):
    rng = np.random.default_rng(0)
    gates = {name: rng.uniform(-1, 1, (words, units)) for name in "ifgoc"}
    probs = rng.uniform(0.1, 1, (words, len(VOCABULARY)))
    return gates | {"probs": probs / probs.sum(axis=1, keepdims=True)}


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


@pytest.mark.parametrize("count", [1, 4, 12])
def test_gates_have_a_row_each_and_words_a_column_each(count):
    words = ["<start>", "a", "red", "boat"] * 3
    figure = figures.gate_activations(words[:count], trace(count), {0: "first", 2: "third"}, VOCABULARY)
    (gates, signed), _ = ([image.get_array() for image in axes.images] for axes in figure.axes if axes.images)
    assert gates.shape == signed.shape == (5, count) and "unit 2: third" in texts(figure)
    assert (gates[1] == trace(count)["f"][:, 0]).all() and (signed[2] == trace(count)["g"][:, 0]).all()
    assert gates.mask[[2, 4]].all() and signed.mask[[0, 1, 3]].all()  # nothing is drawn there
    figure.draw_without_rendering()
    for label in figure.texts:
        box = label.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 + 1


def test_a_clamped_gate_is_framed_and_circles_show_the_probabilities_without_it():
    free = np.eye(len(VOCABULARY))[5]
    alone = figures.gate_activations(["<start>"], trace(1), {0: "x"}, VOCABULARY)
    figure = figures.gate_activations(["<start>"], trace(1), {0: "x"}, VOCABULARY, free, [("f", 0)], "frozen")
    frames = [p for p in figure.axes[0].patches if isinstance(p, matplotlib.patches.Rectangle) and not p.get_fill()]
    assert [frame.get_xy() for frame in frames] == [(-0.5, 0.5)] and "frozen" in texts(figure)
    rows = figures.gate_activations(
        ["a"] * 3, trace(3), {0: "x"}, VOCABULARY, clamped=[(g, t) for g in "if" for t in (0, 1, 2)]
    )
    frames = [p for p in rows.axes[0].patches if isinstance(p, matplotlib.patches.Rectangle) and not p.get_fill()]
    assert [(*frame.get_xy(), frame.get_width()) for frame in frames] == [(-0.5, -0.5, 3), (-0.5, 0.5, 3)]
    rings = figure.axes[1].collections[0].get_offsets()
    assert rings[:, 0].max() == 1 and "boat" in texts(figure) and not alone.axes[1].collections
    leader = VOCABULARY[int(trace(1)["probs"][0].argmax())]
    assert any(text.startswith(f"After “<start>”, “{leader}” leads with") for text in texts(alone))


def test_lines_are_named_apart_and_runs_are_dots():
    lines = {"alone": np.ones(4), "three runs": np.array([[0, 1, 2, 3]] * 3), "also one": np.ones(4)}
    figure = figures.line_chart(np.arange(4), lines, "Title", "words", "value", ylim=(0, 3))
    figure.draw_without_rendering()
    named = {text.get_text(): Text.get_window_extent(text) for text in figure.axes[0].texts}  # without its leader
    assert set(named) == set(lines) and not named["alone"].overlaps(named["also one"])
    assert all(box.x1 <= figure.bbox.x1 for box in named.values())
    assert sum(line.get_marker() == "o" for line in figure.axes[0].lines) == 3


def test_a_mark_is_a_dashed_line_with_its_name_and_a_line_without_a_name_has_none():
    figure = figures.line_chart(np.arange(4), {"": np.ones(4)}, "Title", "words", "value", (0.5, "half"))
    assert [text.get_text() for text in figure.axes[0].texts] == ["half"]
    assert [line.get_ydata()[0] for line in figure.axes[0].lines if line.is_dashed()] == [0.5]


def test_a_unit_has_a_histogram_for_each_group():
    values = np.concatenate([np.linspace(-2, -1, 50), np.linspace(1, 2, 50)])
    figure = figures.unit_histogram(values, values > 0, ("yes", "no"), "They stay apart", "cell")
    no, yes = figure.axes[0].patches
    assert no.get_data().values[:20].sum() > 0 == no.get_data().values[25:].sum()
    assert yes.get_data().values[25:].sum() > 0 and {"yes", "no", "They stay apart"} <= set(texts(figure))


def test_a_scene_stands_beside_the_probabilities_with_and_without_an_intervention():
    probs, free = np.eye(len(VOCABULARY))[[5, 7]]
    image = np.zeros((96, 96, 3), np.uint8)
    words = ["<start>", "a", "red"]
    figure = figures.next_word_with_intervention(image, words, probs, free, VOCABULARY, "Title")
    picture, bars = figure.axes
    assert picture.images[0].get_array().shape == (96, 96, 3) and {"a", "red", "?", "Title"} <= set(texts(figure))
    assert "<start>" not in [text.get_text() for text in figure.texts]
    labels = [label.get_text() for label in bars.get_yticklabels()]
    widths = dict(zip(labels, [bar.get_width() for bar in bars.patches], strict=True))
    assert widths["boat"] == 1 and widths["the"] == 0
    assert sorted(bars.collections[0].get_offsets()[:, 0])[-1] == 1
