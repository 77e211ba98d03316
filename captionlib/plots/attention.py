"""Where a decoder looked at each word: attention as panels below each other (lessons 00, 08 and 13)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from captionlib.data.toyscenes import noun_of
from captionlib.errors import CaptionlibError
from captionlib.plots.captions import GAP, TITLE, WIDTH, show_picture
from captionlib.plots.palette import INK, MAP, QUIET, ROLES, Figure, house_style

LABEL = {"fontsize": 11, "fontweight": "normal"}

ABOVE, BELOW = 0.36, 0.26  # inches above a panel for its word, below it for its number
ON_ORANGE = {"boxstyle": "round,pad=0.25", "facecolor": ROLES["words"], "edgecolor": "none"}

PANELS_A_ROW = 6


def attention_strip(image: np.ndarray, tokens: list[str], attention: np.ndarray) -> Figure:
    """Show where a decoder looked as it said each word: one panel a word, yellow where that word looked most.

    Below a panel stands the largest share at one place; 1 / L would be an even look at everything.

    Args:
        image: (H, W, 3) uint8.
        tokens: The T words.
        attention: (T, rows, columns), where each word looked on the grid of L places; each map sums to 1.

    Returns:
        A figure as wide as a notebook; its title names the word that looked at one place most firmly, an object of
        ToyScenes if there is one.

    Raises:
        CaptionlibError: The shapes do not belong together.
    """
    return attention_strips([(image, tokens, attention)])


@house_style
def attention_strips(strips: list[tuple[np.ndarray, list[str], np.ndarray]]) -> Figure:
    """Show several pictures' attention below each other.

    Args:
        strips: For each picture what `attention_strip` takes: image (H, W, 3), tokens, attention (T, rows, columns).

    Returns:
        A figure as wide as a notebook and as tall as it must be.

    Raises:
        CaptionlibError: The shapes of one of them do not belong together.
    """
    heights = [strip_height(len(tokens) + 1, image) for image, tokens, _ in strips]
    figure = Figure(figsize=(WIDTH, sum(heights)))
    parts = figure.subfigures(len(strips), 1, height_ratios=heights, hspace=0, squeeze=False)[:, 0]
    for part, height, strip in zip(parts, heights, strips, strict=True):
        draw_strip(part, height, *strip)
    return figure


def draw_strip(part: SubFigure, height: float, image: np.ndarray, tokens: list[str], attention: np.ndarray) -> None:
    """Fill a part of a figure, `height` inches tall, with one picture's panels; the arrays as in `attention_strip`:
    image (H, W, 3), attention (T, rows, columns), with its tokens.
    """
    attention = np.asarray(attention, dtype=float)
    if attention.ndim != 3 or len(attention) != len(tokens):
        raise CaptionlibError(
            f"{len(tokens)} words need attention of shape ({len(tokens)}, rows, columns), not {attention.shape}."
        )
    places = attention[0].size
    panels = panel_rows(part, height, len(tokens) + 1, image)
    show_picture(panels[0], image)
    panels[0].set_title("the picture", LABEL, color=QUIET, loc="center")
    grey = np.repeat(image.mean(axis=2, keepdims=True) * 0.65 + 85, 3, axis=2).astype(np.uint8)  # (H, W, 3)
    extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
    for panel, token, weights in zip(panels[1:], tokens, attention, strict=True):
        show_picture(panel, grey)
        share = weights / max(weights.max(), 0.1)  # (rows, columns); who looks at nothing firmly stays dull
        panel.imshow(share, MAP, vmin=0, vmax=1, alpha=0.45 + 0.35 * share, extent=extent, interpolation="bilinear")
        panel.set_title(token, LABEL, color=INK, loc="center", bbox=ON_ORANGE)
        panel.text(0.5, -0.03, f"{weights.max():.0%}", transform=panel.transAxes, ha="center", va="top", color=QUIET)
    nouns = [t for t, token in enumerate(tokens) if noun_of(token)]  # “a” looks for nothing
    firmest = max(nouns or range(len(tokens)), key=lambda t: attention[t].max())
    title = f"“{tokens[firmest]}” gives {attention[firmest].max():.0%} of its attention to one of {places} places"
    part.text(0.002, 1 - 0.07 / height, title, ha="left", va="top", weight="bold", fontsize=12)


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
