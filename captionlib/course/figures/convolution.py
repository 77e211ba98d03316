"""Step 2: pictures, kernels and outputs side by side, and the receptive field of a stack of layers (lesson 01)."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from captionlib.plots.layout import TITLE, WIDTH, add_box, add_title
from captionlib.plots.palette import INK, LETTERS, PALE, PAPER, QUIET, ROLES, SIGNED, Figure, house_style

GAP, ABOVE, BELOW = 0.22, 0.3, 0.28  # inches: between panels, above one for its label, below one for its range
MOST_NUMBERS = 6  # a wider panel has no room to write its numbers down

SPAN = 0.84  # of the colour map: its ends are nearly black

Mark = tuple[int, int, int, int]  # a rectangle of a panel: top row, left column, rows, columns


@house_style
def panels(
    arrays: list[np.ndarray],
    labels: list[str],
    title: str,
    marks: dict[int, Mark] | None = None,
    a_row: int = 4,
    width: float = WIDTH,
    darkest: float | None = None,
) -> Figure:
    """Show images, kernels and feature maps side by side; small ones with their numbers.

    Whole numbers of eight bits are an image, grey or in colour. In everything else 0 is white, numbers below it are
    brown and numbers above it green, darkest at the panel's largest distance from 0; the range stands below.

    Args:
        arrays: Each (rows, columns) or, for an image in colour, (rows, columns, 3).
        labels: One per panel.
        title: What they say together; without one, no room is left for it.
        marks: For some panels, by their number, the rectangle to frame: (row, column, rows, columns).
        a_row: Panels per row.
        width: Inches; a slide's figure is narrower than a notebook's, so that its letters are larger.
        darkest: The distance from 0 that is darkest in all panels, so that the same colour is the same number.

    Returns:
        A figure.
    """
    rows = [range(start, min(start + a_row, len(arrays))) for start in range(0, len(arrays), a_row)]
    breadths = [[arrays[i].shape[1] / arrays[i].shape[0] for i in row] for row in rows]
    tall = min(*[(width - 0.04 - GAP * (len(b) - 1)) / sum(b) for b in breadths], 2.6)  # one height for all panels
    top = TITLE if title else 0
    height = top + len(rows) * (ABOVE + tall + BELOW)
    figure = Figure(figsize=(width, height))
    for line, (row, shapes) in enumerate(zip(rows, breadths, strict=True)):
        left, bottom = 0.02, height - top - (line + 1) * (ABOVE + tall + BELOW) + BELOW
        for i, breadth in zip(row, shapes, strict=True):
            axes = figure.add_axes((left / width, bottom / height, tall * breadth / width, tall / height))
            show(axes, np.asarray(arrays[i]), tall, darkest)
            axes.set_title(labels[i], fontsize=11, fontweight="normal", color=QUIET, loc="left")
            if marks and i in marks:
                first_row, first, rows_marked, columns = marks[i]
                add_box(axes, first, first_row, first + columns, first_row + rows_marked)
            left += tall * breadth + GAP
    add_title(figure, title)
    return figure


def show(axes: Axes, array: np.ndarray, tall: float, darkest: float | None) -> None:
    """Fill axes, `tall` inches tall, with an array (rows, columns) or an image in colour; write numbers if they fit."""
    axes.set(xticks=[], yticks=[])
    image = array.dtype == np.uint8
    for spine in axes.spines.values():
        spine.set(visible=not image, color=QUIET)  # a feature map of zeros is white paper
    if array.ndim == 3:
        axes.imshow(array, interpolation="antialiased")
        return
    written = max(array.shape) <= MOST_NUMBERS
    limit = darkest or np.quantile(abs(array), 1 if written else 0.99) or 1  # an extreme number must not dim all others
    shades = shade(array, limit)  # (rows, columns, 3)
    if written:
        colours, low, high = ("gray", 0, 255) if image else (SIGNED, -limit / SPAN, limit / SPAN)
        axes.imshow(array, colours, vmin=low, vmax=high)
        for side, line in ((array.shape[0], axes.axhline), (array.shape[1], axes.axvline)):
            for edge in range(1, side):
                line(edge - 0.5, color=PALE, lw=1, zorder=0.5)
        longest = max(len(f"{value:g}") for value in array.flat)
        size = min(14, 72 * tall / array.shape[0] / (0.72 * max(longest, 3) + 0.5))
        for (row, column), value in np.ndenumerate(array):
            write(axes, column, row, value, shades[row, column], size)
        return
    axes.imshow(shades, interpolation="antialiased")  # as colour: a notebook then stores the figure as JPEG, smaller
    if not image:
        told = f"from {array.min():.0f} to {array.max():.0f}".replace("-", "−")
        axes.text(0, -0.03, told, transform=axes.transAxes, va="top", color=QUIET, fontsize=10)


def shade(array: np.ndarray, limit: float) -> np.ndarray:
    """Colour an array (rows, columns): uint8 in grey, else 0 white, up to `limit` on both sides: (rows, columns, 3)."""
    if array.dtype == np.uint8:
        return np.repeat(array[..., None] / 255, 3, axis=2)
    return matplotlib.colormaps[SIGNED](np.clip(array / limit, -1, 1) * SPAN / 2 + 0.5)[..., :3]


def write(axes: Axes, x: float, y: float, value: float, ground: np.ndarray, size: float) -> None:
    """Write a number in the middle of its cell, in letters that show on the ground (3,)."""
    letters = INK if ground @ np.array([0.3, 0.6, 0.1]) > 0.5 else PAPER
    axes.text(x, y, f"{value:g}".replace("-", "−"), ha="center", va="center", color=letters, fontsize=size)


@house_style
def one_location(patch: np.ndarray, kernel: np.ndarray, bias: float, title: str) -> Figure:
    """Show how a convolution computes one activation: products in each channel, their sum, bias, ReLU.

    Args:
        patch: (F, F, 3), whole numbers 0 to 255, with F at most 3.
        kernel: (F, F, 3).
        bias: What is added to the sum of all products.
        title: What it says.

    Returns:
        A figure as wide as a notebook.
    """
    products, side, high = patch * kernel, 0.96, 4.0  # inches: of a grid, of the drawing
    room = high + (TITLE if title else 0)
    figure = Figure(figsize=(WIDTH, room))
    axes = figure.add_axes((0, 0, 1, high / room), xlim=(0, WIDTH), ylim=(0, high))
    axes.axis("off")
    middles = [3.05, 1.85, 0.65]  # of the three channels
    lefts = {"patch": 0.75, "kernel": 2.1, "products": 3.45}
    for name, left in lefts.items():
        axes.text(left + side / 2, 3.68, name, ha="center", color=QUIET, fontsize=13)
    for channel, (name, middle) in enumerate(zip(("red", "green", "blue"), middles, strict=True)):
        axes.text(0.66, middle, name, ha="right", va="center", fontsize=13)
        for sign, x in (("×", 1.905), ("=", 3.255)):
            axes.text(x, middle, sign, ha="center", va="center", fontsize=14)
        grids = patch[..., channel].astype(np.uint8), kernel[..., channel], products[..., channel]
        for left, grid, limit in zip(lefts.values(), grids, (255, abs(kernel).max(), 255), strict=True):
            number_grid(axes, left, middle + side / 2, side, grid, limit)
        total = f"{products[..., channel].sum():g}".replace("-", "−")
        axes.text(4.72, middle, total, ha="center", va="center", fontsize=16)
        axes.plot((4.98, 5.3), (middle, 1.85 + (middle - 1.85) * 0.12), color=QUIET, lw=0.8)
    axes.text(4.74, 3.68, "sums", ha="center", color=QUIET, fontsize=13)
    total = products.sum()
    steps = [("sum of all", total), ("with bias", total + bias), ("activation", max(total + bias, 0))]
    for x, (name, value) in zip((5.7, 7.2, 8.7), steps, strict=True):
        last = name == "activation"
        box = Rectangle((x - 0.4, 1.57), 0.8, 0.56, color=ROLES["features"] if last else PALE, lw=0)
        axes.add_patch(box)
        number, letters = f"{value:g}".replace("-", "−"), LETTERS["features"] if last else INK
        axes.text(x, 1.85, number, ha="center", va="center", fontsize=16, color=letters)
        axes.text(x, 2.22, name, ha="center", color=QUIET, fontsize=13)
    added = f"+ {bias:g}" if bias >= 0 else f"− {-bias:g}"
    for x, label in ((6.45, added), (7.95, "ReLU")):
        axes.annotate("", (x + 0.33, 1.85), (x - 0.33, 1.85), arrowprops={"arrowstyle": "-|>", "color": QUIET})
        axes.text(x, 1.72, label, ha="center", va="top", fontsize=13)
    add_title(figure, title)
    return figure


def number_grid(axes: Axes, left: float, top: float, side: float, grid: np.ndarray, limit: float) -> None:
    """Draw a grid (F, F) of numbers, `side` wide and high, in the colours of `shade`."""
    cell = side / len(grid)
    for (row, column), value in np.ndenumerate(grid):
        ground = shade(grid, limit)[row, column]
        corner = left + column * cell, top - (row + 1) * cell
        axes.add_patch(Rectangle(corner, cell, cell, facecolor=ground, edgecolor=QUIET, lw=0.8))
        write(axes, corner[0] + cell / 2, corner[1] + cell / 2, value, ground, 12 if len(grid) < 3 else 9)


@house_style
def receptive_fields(stacks: list[list[tuple[int, int]]], labels: list[str], title: str) -> Figure:
    """Draw the receptive field of one output: layers from the side, all that the one number on top depends on.

    Args:
        stacks: For each drawing the (size, stride) of its layers, the first layer first.
        labels: One per drawing.
        title: What they say together.

    Returns:
        A figure as wide as a notebook.
    """
    fields = [field_cells(layers) for layers in stacks]
    height, top = 0.3 + 0.7 * max(map(len, fields)), TITLE if title else 0
    figure = Figure(figsize=(WIDTH, height + top))
    starts = np.cumsum([0] + [len(rows[0]) + 3 for rows in fields])
    axes = figure.add_axes(
        (0, 0, 1, height / (height + top)), xlim=(-0.6, starts[-1] - 2), ylim=(-0.9, max(map(len, fields)) * 1.7 + 0.2)
    )
    axes.axis("off")
    axes.set_aspect("equal")
    for start, rows, label in zip(starts, fields, labels, strict=False):
        for level, cells in enumerate(rows):
            for x, first, last in cells:
                role = ROLES["picture"] if level == 0 else ROLES["features"]
                axes.add_patch(Rectangle((start + x - 0.44, 1.7 * level), 0.88, 0.88, color=role, lw=0))
                if level:
                    corners = [start + end for end in (x - 0.44, x + 0.44, last + 0.44, first - 0.44)]
                    heights = [1.7 * level, 1.7 * level, 1.7 * level - 0.82, 1.7 * level - 0.82]
                    axes.fill(corners, heights, facecolor=PALE, edgecolor=QUIET, linewidth=0.8, alpha=0.6)
        text = f"{label}: {len(rows[0])} pixels"
        axes.text(start - 0.44, -0.25, text, va="top", color=INK, fontsize=13)
    add_title(figure, title)
    return figure


def field_cells(layers: list[tuple[int, int]]) -> list[list[tuple[float, float, float]]]:
    """Follow one number of the last layer down to the picture: the locations of all it depends on, layer by layer.

    Each location is (x, first, last): where it stands, and the first and last one it is computed from in the layer
    below.
    """
    cells, rows, spans = [0], [[0]], []
    for size, stride in reversed(layers):
        spans.append([(cell * stride, cell * stride + size - 1) for cell in cells])
        cells = sorted({location for first, last in spans[-1] for location in range(first, last + 1)})
        rows.append(cells)
    spans.append([(cell, cell) for cell in cells])
    middle, placed = max(cells) / 2, []
    for row, seen, below in zip(rows, spans, [*rows[1:], cells], strict=True):
        here, there = middle - (row[0] + row[-1]) / 2, middle - (below[0] + below[-1]) / 2
        placed.append([(x + here, a + there, b + there) for x, (a, b) in zip(row, seen, strict=True)])
    return placed[::-1]
