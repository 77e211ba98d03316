"""The attention scrubber of lesson 08: step through the words of a caption, see the attention weights of each."""

import html

import ipywidgets
import numpy as np

from captionlib.course.widgets import parts
from captionlib.plots import INK, ROLES, attention_overlay


def attention_scrubber(image: np.ndarray, tokens: list[str], attention: np.ndarray) -> None:
    """Show the scrubber.

    Args:
        image: (H, W, 3) uint8.
        tokens: The T words.
        attention: (T, rows, columns), each map sums to 1.
    """
    page = ipywidgets.HTML()
    word, row = parts.slider("word", 1, len(tokens), 1)

    def redraw(_=None):
        page.value = show(image, tokens, attention, word.value - 1)

    word.observe(redraw, "value")
    redraw()
    parts.present(ipywidgets.VBox([parts.aligned(row), page]), in_plain_text(tokens, attention))


def show(image: np.ndarray, tokens: list[str], attention: np.ndarray, t: int) -> str:
    """Turn one step into HTML: the caption with its word marked, the picture, and that word's attention.

    Args:
        image: (H, W, 3) uint8.
        tokens: The T words.
        attention: (T, rows, columns).
        t: Which word, from 0.

    Returns:
        HTML; the picture's description names the location with the largest weight.
    """
    ground = f"background:{ROLES['words']};color:{INK};padding:0 0.25em"
    words = [html.escape(word) for word in tokens]
    words[t] = f'<mark style="{ground}">{words[t]}</mark>'
    lit = attention_overlay(image, attention[t])  # (H, W, 3)
    pair = np.concatenate([image, np.full_like(image[:, :4], 255), lit], axis=1)
    peak = peak_of(tokens[t], attention[t])
    scenes = parts.picture(pair, f"the scene, and beside it its attention; {peak}", 588)
    return f"<p>{' '.join(words)}</p>{scenes}<p>{peak}</p>"


def peak_of(word: str, weights: np.ndarray) -> str:
    """Say where one word's attention (rows, columns) is largest, locations counted from the top left."""
    row, column = divmod(int(weights.argmax()), weights.shape[1])
    return f"“{word}”: largest attention weight {weights.max():.0%} at row {row + 1}, column {column + 1}"


def in_plain_text(tokens: list[str], attention: np.ndarray) -> str:
    """Say of each word where its attention is largest; attention is (T, rows, columns)."""
    return "\n".join(peak_of(word, weights) for word, weights in zip(tokens, attention, strict=True))
