"""Pictures with their captions, and where a decoder looked while it spoke (lessons 00, 08 and 13)."""

import textwrap

import numpy as np
from matplotlib.axes import Axes

from captionlib.errors import CaptionlibError
from captionlib.plots.palette import INK, MAP, QUIET, ROLES, Figure, house_style

PANELS_A_ROW = 6
LABEL = {"fontsize": 11, "fontweight": "normal"}
ON_ORANGE = {"boxstyle": "round,pad=0.25", "facecolor": ROLES["words"], "edgecolor": "none"}


@house_style
def captioned(image: np.ndarray, caption: str) -> Figure:
    """Show a picture with its caption below.

    Args:
        image: (H, W, 3) uint8.
        caption: A sentence.

    Returns:
        A figure 3.6 inches wide.
    """
    lines = textwrap.wrap(caption, 34)
    picture_height = min(3.6 * image.shape[0] / image.shape[1], 5.0)
    height = picture_height + 0.25 + 0.25 * len(lines)
    figure = Figure(figsize=(3.6, height))
    axes = figure.add_axes((0, 1 - picture_height / height, 1, picture_height / height))
    show_picture(axes, image)
    figure.text(0.5, 0.12 / height, "\n".join(lines), ha="center", va="bottom", fontsize=13)
    return figure


@house_style
def attention_strip(image: np.ndarray, tokens: list[str], attention: np.ndarray) -> Figure:
    """Show where a decoder looked as it said each word: one panel a word, yellow where that word looked most.

    Below a panel stands the largest share at one place; 1 / L would be an even look at everything.

    Args:
        image: (H, W, 3) uint8.
        tokens: The T words.
        attention: (T, rows, columns), where each word looked on the grid of L places; each map sums to 1.

    Returns:
        A figure as wide as a notebook; its title names the word that looked at one place most firmly.

    Raises:
        CaptionlibError: The shapes do not belong together.
    """
    if attention.ndim != 3 or len(attention) != len(tokens):
        raise CaptionlibError(
            f"{len(tokens)} words need attention of shape ({len(tokens)}, rows, columns), not {attention.shape}."
        )
    places = attention[0].size
    figure, panels = panel_rows(len(tokens) + 1, image.shape[0] / image.shape[1])
    show_picture(panels[0], image)
    panels[0].set_title("the picture", LABEL, color=QUIET, loc="center")
    grey = np.repeat(image.mean(axis=2, keepdims=True) * 0.65 + 85, 3, axis=2).astype(np.uint8)  # (H, W, 3)
    for panel, token, weights in zip(panels[1:], tokens, attention, strict=True):
        show_picture(panel, grey)
        extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
        share = weights / max(weights.max(), 3 / places)  # (rows, columns); an even spread stays dull
        panel.imshow(share, MAP, vmin=0, vmax=1, alpha=0.45 + 0.35 * share, extent=extent, interpolation="bilinear")
        panel.set_title(token, LABEL, color=INK, loc="center", bbox=ON_ORANGE)
        panel.text(0.5, -0.03, f"{weights.max():.0%}", transform=panel.transAxes, ha="center", va="top", color=QUIET)
    firmest = int(attention.max(axis=(1, 2)).argmax())
    title = f"“{tokens[firmest]}” looks most firmly: {attention.max():.0%} of its attention at one of {places} places"
    figure.suptitle(title, x=0.002, ha="left", y=0.99, va="top", weight="bold", fontsize=12)
    return figure


def panel_rows(count: int, aspect: float) -> tuple[Figure, list[Axes]]:
    """Lay out panels of one shape in rows, with room for a word above and a number below each, and a title above all.

    Args:
        count: How many panels.
        aspect: A panel's height divided by its width.

    Returns:
        The figure, 9.2 inches wide, and its axes in reading order.
    """
    gap, above, below, title = 0.12, 0.36, 0.26, 0.3  # inches
    columns = min(max(count, 4), PANELS_A_ROW)
    rows = -(-count // columns)
    width = (9.2 - gap * (columns - 1)) / columns
    height = title + rows * (above + width * aspect + below)
    figure = Figure(figsize=(9.2, height))
    panels = []
    for number in range(count):
        row, column = divmod(number, columns)
        bottom = height - title - (row + 1) * (above + width * aspect + below) + below
        panels.append(
            figure.add_axes((column * (width + gap) / 9.2, bottom / height, width / 9.2, width * aspect / height))
        )
    return figure, panels


def show_picture(axes: Axes, image: np.ndarray) -> None:
    """Fill axes with an image (H, W, 3), without ticks and frame."""
    axes.imshow(image, interpolation="lanczos" if image.shape[0] < 150 else "antialiased")
    axes.axis("off")
