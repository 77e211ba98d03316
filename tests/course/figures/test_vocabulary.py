"""Figures of lesson 04: every piece is shown, rows of a batch stand in columns, nothing leaves the figure."""

import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch

from captionlib.course import figures


def chips(figure):
    return [p for p in figure.axes[0].patches if isinstance(p, FancyBboxPatch)]


@pytest.mark.parametrize("count", [1, 8, 60])
@pytest.mark.parametrize("numbered", [True, False])
def test_every_piece_is_shown_inside_the_figure(count, numbered):
    words = [f"word{i}" for i in range(count)]
    figure = figures.token_rows([("caption", words, list(range(count)) if numbered else None)], "A title")
    figure.draw_without_rendering()
    assert len(chips(figure)) == count
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert set(words) < set(shown) and ("0" in shown) == numbered
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1, text


def test_rows_of_a_batch_stand_in_columns():
    rows = [("1", ["<start>", "a", "<end>"], [1, 4, 2]), ("2", ["a", "house", "<end>", "<pad>"], [4, 9, 2, 0])]
    first, second = np.split(np.array([chip.get_x() for chip in chips(figures.token_rows(rows, ""))]), [3])
    np.testing.assert_allclose(first, second[:3])


def test_a_letter_that_is_mathematics_elsewhere_is_a_letter_here():
    figure = figures.token_rows([("", ["$x^$", "$\\frac{$"], None)], "Dollars")
    assert figure.png().startswith(b"\x89PNG")


def test_curves_keep_their_words_inside():
    counts = np.sort(np.random.default_rng(4).zipf(1.5, 500).clip(max=10_000))[::-1]
    sizes = np.array([7000, 2500, 900, 100])
    curve = figures.vocabulary_curve(
        sizes, np.array([0.01, 0.03, 0.1, 0.3]), np.array([0.1, 0.3, 0.6, 1]), 1, "A title"
    )
    for figure in (figures.word_counts({"people": counts, "a program": counts[:40]}, "A title"), curve):
        figure.draw_without_rendering()
        for text in figure.axes[0].texts:
            assert text.get_window_extent().x1 <= figure.bbox.x1
    assert "captions with an unknown word: 30%" in [text.get_text() for text in curve.axes[0].texts]
