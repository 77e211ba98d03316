"""Pictures with their captions (lessons 00 and 13)."""

import textwrap

import numpy as np
from matplotlib.axes import Axes

from captionlib.plots.palette import Figure, house_style

WIDTH, GAP, TITLE = 9.2, 0.12, 0.36  # inches: a notebook's width, between pictures, above them for the title


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
def gallery(images: list[np.ndarray], captions: list[str], title: str) -> Figure:
    """Show several pictures side by side, each with a line of text below.

    Args:
        images: Each (H, W, 3) uint8, all of one shape.
        captions: One a picture.
        title: What the pictures say together.

    Returns:
        A figure as wide as a notebook, at most four pictures a row.
    """
    columns = max(2, min(len(images), 4))
    rows = -(-len(images) // columns)
    wrapped = [textwrap.wrap(caption, 100 // columns) for caption in captions]
    width, text = (WIDTH - GAP * (columns - 1)) / columns, 0.15 + 0.2 * max(map(len, wrapped))
    tall = width * images[0].shape[0] / images[0].shape[1]
    height = TITLE + rows * (tall + text)
    figure = Figure(figsize=(WIDTH, height))
    for number, (image, lines) in enumerate(zip(images, wrapped, strict=True)):
        row, column = divmod(number, columns)
        top = height - TITLE - row * (tall + text)
        place = (column * (width + GAP) / WIDTH, (top - tall) / height, width / WIDTH, tall / height)
        show_picture(axes := figure.add_axes(place), image)
        axes.text(0, -0.05 / tall, "\n".join(lines), transform=axes.transAxes, va="top")
    figure.text(0.002, 1 - 0.07 / height, title, ha="left", va="top", weight="bold", fontsize=12)
    return figure


def show_picture(axes: Axes, image: np.ndarray) -> None:
    """Fill axes with an image (H, W, 3), without ticks and frame."""
    axes.imshow(image, interpolation="lanczos" if image.shape[0] < 150 else "antialiased")
    axes.axis("off")
