"""What every figure shares in its layout: a notebook's width, the title, pictures, boxes on pictures (every lesson)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.patches import Rectangle

from captionlib.plots.palette import PAPER, ROLES

WIDTH, GAP, TITLE = 9.2, 0.12, 0.36  # inches: a notebook's width, between pictures, above them for the title


def add_title(figure: FigureBase, title: str) -> None:
    """Write what a figure, or a part of one, says: in bold, at the top left; a layout engine makes room for it."""
    if figure.get_layout_engine():
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
    else:
        inches = figure.bbox.height / figure.dpi
        figure.text(0.002, 1 - 0.07 / inches, title, ha="left", va="top", weight="bold", fontsize=12)


def show_picture(axes: Axes, image: np.ndarray) -> None:
    """Fill axes with an image (H, W, 3), without ticks and frame."""
    axes.imshow(image, interpolation="lanczos" if image.shape[0] < 150 else "antialiased")
    axes.axis("off")


def in_grey(image: np.ndarray, black: int, white: int) -> np.ndarray:
    """Turn an image (H, W, 3) uint8 grey and pale, from its black, shown as `black`, to its white: (H, W, 3) uint8."""
    grey = black + (white - black) / 255 * image.mean(axis=2, keepdims=True)  # (H, W, 1)
    return np.repeat(grey.round().astype(np.uint8), 3, axis=2)


def add_box(axes: Axes, x0: float, y0: float, x1: float, y1: float) -> None:
    """Draw a purple rectangle with a white rim on an image; the corners count pixels, the second lies behind the last.

    Args:
        axes: What shows the image.
        x0: Left edge.
        y0: Top edge.
        x1: Right edge.
        y1: Bottom edge.
    """
    for colour, line in ((PAPER, 4), (ROLES["attention"], 2)):
        edge = Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, color=colour, lw=line, clip_on=False)
        axes.add_patch(edge)
