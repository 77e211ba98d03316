"""A decoder's attention shown as light: one panel per word (lessons 00, 08 and 13)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from captionlib.data.toyscenes import noun_of
from captionlib.errors import CaptionlibError
from captionlib.plots.layout import GAP, TITLE, WIDTH, add_title, in_grey, show_picture
from captionlib.plots.palette import INK, QUIET, ROLES, Figure, house_style

LABEL = {"fontsize": 11, "fontweight": "normal"}

ABOVE, BELOW = 0.36, 0.26  # inches above a panel for its word, below it for its number
ON_ORANGE = {"boxstyle": "round,pad=0.25", "facecolor": ROLES["words"], "edgecolor": "none"}

PANELS_A_ROW = 6

PALE_GREY = 190, 228  # what black and white fade to: shapes can still be made out
SPOT = 0.4  # standard deviation of a location's spot of light, in locations: neighbours just meet


def attention_overlay(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Show attention weights as light: the image keeps its colours where the weight is and is pale grey elsewhere.

    The scale is logarithmic, from 1 / L (uniform attention over all L locations) to 1: at a weight w a pixel keeps the
    share √(log(w · L) / log L) of its colours. On a grid of 9 × 9 that is 0.5 at 4 %, 0.7 at 10 %, 0.9 at 40 %, and 0
    up to 1.2 %. One scale serves all words of a caption, so that their panels can be compared.

    Args:
        image: (H, W, 3) uint8.
        weights: (rows, columns) from 0 to 1, on the grid of L locations that covers the image.

    Returns:
        (H, W, 3) uint8.
    """
    down, across = (spread(pixels, cells) for pixels, cells in zip(image.shape, weights.shape, strict=False))
    locations = max(weights.size, 2)
    times_even = locations * (down @ weights @ across.T)[..., None]  # (H, W, 1)
    share = np.sqrt(np.log(np.clip(times_even, 1, locations)) / np.log(locations))
    grey = in_grey(image, *PALE_GREY).astype(float)
    return (grey + share * (image - grey)).round().astype(np.uint8)


def spread(pixels: int, cells: int) -> np.ndarray:
    """Mix a grid's cells into the pixels along an axis: (pixels, cells), rows sum to 1.

    A Gaussian stands around the middle of each cell, so that a single one becomes a round spot.
    """
    middles = (np.arange(pixels) + 0.5) * cells / pixels - 0.5  # of the pixels, in cells
    nearness = np.exp(-(((middles[:, None] - np.arange(cells)) / SPOT) ** 2) / 2)
    return nearness / nearness.sum(axis=1, keepdims=True)


def attention_strip(image: np.ndarray, tokens: list[str], attention: np.ndarray, title: str | None = None) -> Figure:
    """Show a decoder's attention: one panel per word, in its own colours where the weights of that word are large.

    Below each panel is the largest weight at one location; 1 / L would be uniform attention.

    Args:
        image: (H, W, 3) uint8.
        tokens: The T words.
        attention: (T, rows, columns), the weights of each word on the grid of L locations; each map sums to 1.
        title: What is seen. Without it, the title names the word with the largest weight at one location, among the
            nouns of ToyScenes if there are any.

    Returns:
        A figure as wide as a notebook.

    Raises:
        CaptionlibError: The shapes do not belong together.
    """
    return attention_strips([(image, tokens, attention, title)])


@house_style
def attention_strips(strips: list[tuple]) -> Figure:
    """Show several pictures' attention below each other.

    Args:
        strips: For each picture what `attention_strip` takes: image (H, W, 3), tokens, attention (T, rows, columns),
            and a title or nothing.

    Returns:
        A figure as wide as a notebook and as tall as it must be.

    Raises:
        CaptionlibError: The shapes of one of them do not belong together.
    """
    heights = [strip_height(len(tokens) + 1, image) for image, tokens, *_ in strips]
    figure = Figure(figsize=(WIDTH, sum(heights)))
    parts = figure.subfigures(len(strips), 1, height_ratios=heights, hspace=0, squeeze=False)[:, 0]
    for part, height, strip in zip(parts, heights, strips, strict=True):
        draw_strip(part, height, *strip)
    return figure


def draw_strip(
    part: SubFigure,
    height: float,
    image: np.ndarray,
    tokens: list[str],
    attention: np.ndarray,
    title: str | None = None,
) -> None:
    """Fill a part of a figure, `height` inches tall, with one picture's panels; the arrays as in `attention_strip`:
    image (H, W, 3), attention (T, rows, columns), with its tokens and its title.
    """
    attention = np.asarray(attention, dtype=float)
    if attention.ndim != 3 or len(attention) != len(tokens):
        raise CaptionlibError(
            f"{len(tokens)} words need attention of shape ({len(tokens)}, rows, columns), not {attention.shape}."
        )
    panels = panel_rows(part, height, len(tokens) + 1, image)
    show_picture(panels[0], image)
    panels[0].set_title("the picture", LABEL, color=QUIET, loc="center")
    for panel, token, weights in zip(panels[1:], tokens, attention, strict=True):
        show_picture(panel, attention_overlay(image, weights))
        panel.set_title(token, LABEL, color=INK, loc="center", bbox=ON_ORANGE)
        panel.text(0.5, -0.03, f"{weights.max():.0%}", transform=panel.transAxes, ha="center", va="top", color=QUIET)
    nouns = [t for t, token in enumerate(tokens) if noun_of(token)]  # “a” names nothing in the picture
    firmest = max(nouns or range(len(tokens)), key=lambda t: attention[t].max())
    share, locations = attention[firmest].max(), attention[firmest].size
    add_title(part, title or f"“{tokens[firmest]}” gives {share:.0%} of its attention to one of {locations} locations")


def panel_width(count: int) -> tuple[int, float]:
    """Say how many panels stand in a row when there are `count`, and each one's width in inches."""
    columns = min(max(count, 4), PANELS_A_ROW)
    return columns, (WIDTH - GAP * (columns - 1)) / columns


def strip_height(count: int, image: np.ndarray) -> float:
    """Say how tall a strip with `count` panels of an image (H, W, 3) is, in inches."""
    columns, width = panel_width(count)
    return TITLE + -(-count // columns) * (ABOVE + width * image.shape[0] / image.shape[1] + BELOW)


def panel_rows(part: SubFigure, height: float, count: int, image: np.ndarray) -> list[Axes]:
    """Lay out `count` panels of an image's shape (H, W, 3) in reading order, in a part `height` inches tall."""
    columns, width = panel_width(count)
    tall = width * image.shape[0] / image.shape[1]
    panels = []
    for number in range(count):
        row, column = divmod(number, columns)
        bottom = height - TITLE - (row + 1) * (ABOVE + tall + BELOW) + BELOW
        place = (column * (width + GAP) / WIDTH, bottom / height, width / WIDTH, tall / height)
        panels.append(part.add_axes(place))
    return panels
