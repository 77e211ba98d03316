"""Figures of lesson 04: every piece is shown, rows of a batch stand in columns, nothing leaves the figure."""

import numpy as np
import pytest
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from captionlib.course import figures
from captionlib.text import SPECIALS, Tokenizer


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


def test_a_batch_shows_every_token_with_its_id():
    tokenizer = Tokenizer([*SPECIALS, "a", "red", "boat"])
    figure = figures.token_batch(["A red boat!", "a zebra"], tokenizer, "A title")
    assert len(chips(figure)) == 10
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown.count("<pad>") == 1 and shown.count("<unk>") == 1 and shown.count("a") == 2
    assert {"1", "4", "5", "6", "2"} < set(shown)


def test_targets_stand_one_position_before_the_same_token_and_end_faces_a_pad():
    tokenizer = Tokenizer([*SPECIALS, "a", "red", "boat"])
    figure = figures.shifted_captions(["a boat", "a red boat"], tokenizer, "A title")
    words = {"<start>", "<end>", "<pad>", "a", "red", "boat"}
    shown = [text.get_text() for text in figure.axes[0].texts if text.get_text() in words]
    assert shown[:8] == ["<start>", "a", "boat", "<end>", "a", "boat", "<end>", "<pad>"]
    assert len(chips(figure)) == 16 and "1 targets" in [text.get_text() for text in figure.axes[0].texts]


def test_curves_keep_their_words_inside_and_apart():
    counts = np.sort(np.random.default_rng(4).zipf(1.5, 500).clip(max=10_000))[::-1]
    sizes = np.array([7630, 4499, 2537, 1068])
    words, captions = np.array([0.013, 0.02, 0.034, 0.073]), np.array([0.125, 0.18, 0.28, 0.5])
    curve = figures.vocabulary_curve(sizes, words, captions, [1, 2, 5, 20], "A title")
    for figure in (figures.word_counts({"people": counts, "a program": counts[:40]}, "A title"), curve):
        figure.draw_without_rendering()
        boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without leader lines
        assert all(box.x1 <= figure.bbox.x1 for box in boxes)
        assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])
    shown = [text.get_text() for text in curve.axes[0].texts]
    assert {"28%", "3%", "captions with at least one", "out-of-vocabulary words"} <= set(shown)


def test_zipfs_law_is_drawn_from_the_first_word_down():
    figure = figures.word_counts({"people": np.array([8, 4, 2, 1]), "a program": np.array([3, 1])}, "A title")
    [law] = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(law.get_ydata(), [8 / 15, 8 / 15 / 4])


def test_each_curve_says_how_often_its_rarest_word_occurs():
    figure = figures.word_counts({"people": np.array([8, 4, 2, 1]), "a program": np.array([300, 100])}, "A title")
    shown = {text.get_text() for text in figure.axes[0].texts}
    assert {"people, rarest word: 1×", "a program, rarest word: 100×"} < shown
