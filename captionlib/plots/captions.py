"""Pictures with their captions (lessons 00 and 13)."""

import textwrap

import numpy as np

from captionlib.plots.layout import GAP, TITLE, WIDTH, add_title, show_picture
from captionlib.plots.palette import Figure, house_style


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
        captions: One per picture.
        title: What the pictures say together.

    Returns:
        A figure as wide as a notebook, at most four pictures per row.
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
    add_title(figure, title)
    return figure
