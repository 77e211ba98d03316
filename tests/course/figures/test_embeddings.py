"""Pictures of word vectors: every word can be read, none on another, and what is lit is what was asked for."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba

from captionlib import plots
from captionlib.course import figures
from captionlib.course.figures import embeddings

WORDS = [f"{a}{b}" for a in ("red", "sailboat", "an", "leaping", "of") for b in range(16)]


def boxes(figure):
    """The drawn rectangle of every word on the figure's axes, the figure's own frame last."""
    figure.draw_without_rendering()
    return [text.get_window_extent() for axes in figure.axes for text in axes.texts], figure.bbox


@pytest.mark.parametrize("lit, least", [(None, 80), ("red0", 3)])
@pytest.mark.parametrize("spread", [1, 0.05])
def test_no_word_lies_on_another_or_hangs_out(spread, lit, least):
    rng = np.random.default_rng(1)
    islands = rng.normal(size=(80, 2)) * spread + rng.normal(size=(5, 2)).repeat(16, axis=0)
    figure = figures.word_map(islands, WORDS, "Islands", lit, ("red1", "an3"))
    rectangles, frame = boxes(figure)
    assert 80 >= len(rectangles) >= least
    for box in rectangles:
        assert box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1
    for one, two in combinations(rectangles, 2):
        width = min(one.x1, two.x1) - max(one.x0, two.x0)
        height = min(one.y1, two.y1) - max(one.y0, two.y0)
        assert width < 4 or height < 4  # pixels; a rim of letters may touch


@given(st.integers(0, 999), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_words_stand_near_their_dots_in_reach_of_each_other(seed, count):
    dots = np.random.default_rng(seed).uniform(1, 4, (count, 2))
    half = np.full((count, 2), [0.3, 0.08])
    spots = embeddings.free_spots(dots, half, (5, 5), dots, np.full(len(dots), np.inf))
    assert (np.abs(spots - dots).max(axis=1) < 3).all() and (spots >= half).all() and (spots <= 5 - half).all()
    apart = np.abs(spots[:, None] - spots) > 2 * half[0]
    assert (apart.any(axis=2) | np.eye(count, dtype=bool)).all()


def test_the_lit_word_stands_on_orange_and_its_neighbours_are_bold():
    figure = figures.word_map(np.random.default_rng(0).normal(size=(80, 2)), WORDS, "Lit", "red0", ("red1",))
    texts = {text.get_text(): text for text in figure.axes[0].texts}
    orange = to_rgba(plots.ROLES["words"])
    grounds = {word: text.get_bbox_patch() for word, text in texts.items()}
    assert [word for word, ground in grounds.items() if ground and ground.get_facecolor() == orange] == ["red0"]
    assert {word for word, text in texts.items() if text.get_weight() == "bold"} == {"red0", "red1"}


def test_no_line_runs_through_a_word_on_islands():
    rng = np.random.default_rng(1)
    dots = (rng.normal(size=(40, 2)) * 0.3 + rng.integers(2, 8, (5, 2)).repeat(8, axis=0)).clip(1, 9)
    half = np.full((40, 2), [0.3, 0.08])
    spots = embeddings.free_spots(dots, half, (10, 10), dots, np.full(len(dots), np.inf))
    for i in range(40):
        line = embeddings.leader(dots[i], spots[i], half[i])
        struck = (np.abs(line[:, None] - spots) < half - 0.01).all(axis=2).any(axis=0)
        assert struck.sum() == struck[i]


def test_crowds_get_room_and_keep_their_order_from_left_to_right():
    points = np.array([[0, 5], [1, 6], [1.01, 6], [1.02, 6.01], [9, 8.0]])
    half = np.full((5, 2), [0.4, 0.1])
    spread = embeddings.uncrowded(points, half, (6, 4))
    assert (spread[:, 0].argsort() == [0, 1, 2, 3, 4]).all()
    apart = np.abs(spread[:, None] - spread)
    touching = (apart < 2 * half * 0.95).all(axis=2)
    assert touching.sum() == 5  # each only itself


def test_a_frame_keeps_a_word_where_it_was():
    points = np.random.default_rng(0).normal(size=(2, 80, 2))
    points[1, 0] = points[0, 0]
    every = points.reshape(-1, 2)
    first, second = (embeddings.in_inches(now, every, (9, 6))[0] for now in points)
    np.testing.assert_array_equal(first, second)


def test_an_update_is_an_arrow_from_each_dot_that_moves():
    before, after = np.array([[1.0, 1]]), np.array([[0.3, 1.5]])
    context = np.array([[0.0, 2], [2, -1]]), np.array([[0.06, 2.06], [1.6, -1.4]])
    figure = figures.update_step((before[0], after[0]), context, ["boat", "sails", "moon"], np.array([1, 0]), "Moved")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if text] == ["boat\ncentre word", "sails\ncontext word", "moon\nnegative sample"]
    assert texts.count("") == 2  # an arrow for boat and for moon


def test_cosines_are_marked_in_the_row_of_their_epoch():
    every = {"epoch 1": np.linspace(0.2, 1, 50), "epoch 2": np.linspace(-0.5, 0.5, 50)}
    figure = figures.cosines_by_epoch(every, {"red – blue": [0.9, 0.4]}, "Apart")
    handles, names = figure.axes[0].get_legend_handles_labels()
    where = {name: handle.get_offsets().tolist() for name, handle in zip(names, handles, strict=True)}
    assert where["red – blue"] == [[0.9, 0], [0.4, 1]]
    np.testing.assert_allclose(where["median of all pairs"], [[0.6, 0], [0, 1]], atol=1e-9)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["epoch 1", "epoch 2"]


def test_pairs_stand_beside_the_band_of_all_pairs():
    every = np.linspace(0, 1, 101)
    figure = figures.pairs_and_baseline({"big – tiny": 0.97, "runs – running": 0.6}, every, "Alike")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.97", "0.60"]
    assert axes.collections[0].get_offsets()[:, 0].tolist() == [0.97, 0.6]
    assert (axes.patches[0].get_x(), axes.patches[0].get_width()) == pytest.approx((0.05, 0.9))


def test_a_ring_joins_its_dots_in_order_and_names_a_crowd_once():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    crowd = np.array([[0, 0], [1, 1], [1, 1.01], [1.01, 1]])
    paints = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    figure = figures.colour_circles({"left": square, "right": crowd}, ["a", "b", "c", "d"], paints, "Rings")
    for axes, named in zip(figure.axes, [{"a", "b", "c", "d"}, {"a", "b, c,\nd"}], strict=True):
        ring = axes.lines[0].get_xydata()
        assert len(ring) == 5 and (ring[0] == ring[-1]).all()
        np.testing.assert_allclose(axes.collections[0].get_facecolors()[:, :3] * 255, paints)
        assert {text.get_text() for text in axes.texts} == named


def test_dots_are_close_together_through_others():
    dots = np.array([[0, 0], [3, 0], [0.9, 0], [1.8, 0], [3, 3]])
    assert sorted(embeddings.close_together(dots, 1)) == [[0, 2, 3], [1], [4]]


def test_words_of_a_category_share_a_colour_and_the_legend_names_it():
    categories = {"reds": ("red0", "red1"), "ofs": ("of0", "not drawn")}
    figure = figures.word_map(np.random.default_rng(0).normal(size=(80, 2)), WORDS, "Two", categories=categories)
    texts = {text.get_text(): text.get_bbox_patch().get_facecolor() for text in figure.axes[0].texts}
    assert texts["red0"] == texts["red1"] != texts["of0"] != texts["an0"] == texts["an1"]
    assert [text.get_text() for text in figure.legends[0].texts] == ["reds", "ofs"]
    dots = figure.axes[0].collections[-1].get_facecolors()
    assert (dots[WORDS.index("red0")][:3] == texts["red0"][:3]).all()
    assert (dots[WORDS.index("of0")][:3] == texts["of0"][:3]).all()
