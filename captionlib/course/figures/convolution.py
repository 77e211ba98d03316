"""Step 2: pictures, kernels and outputs side by side, and the receptive field of a stack of layers (lesson 01)."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from captionlib.plots.layout import TITLE, WIDTH, add_box, add_title
from captionlib.plots.palette import INK, MAP, PALE, PAPER, QUIET, ROLES, Figure, house_style

GAP, ABOVE, BELOW = 0.22, 0.3, 0.28  # inches: between panels, above one for its label, below one for its range
MOST_NUMBERS = 6  # a wider panel has no room to write its numbers down

Mark = tuple[int, int, int, int]  # a rectangle of a panel: top row, left column, rows, columns


@house_style
def panels(
    arrays: list[np.ndarray], labels: list[str], title: str, marks: dict[int, Mark] | None = None, a_row: int = 4
) -> Figure:
    """Show pictures, kernels and outputs side by side; small ones with their numbers.

    Whole numbers of eight bits are a picture, grey or in colour. Everything else is a map from dark blue (its smallest
    number, or as far below zero as its largest is above) to yellow, with its range below it.

    Args:
        arrays: Each (H, W) or, for a picture in colour, (H, W, 3).
        labels: One per panel.
        title: What they say together.
        marks: For some panels, by their number, the rectangle to frame: (row, column, rows, columns).
        a_row: Panels per row.

    Returns:
        A figure as wide as a notebook.
    """
    rows = [range(start, min(start + a_row, len(arrays))) for start in range(0, len(arrays), a_row)]
    breadths = [[arrays[i].shape[1] / arrays[i].shape[0] for i in row] for row in rows]
    tall = min(*[(WIDTH - 0.04 - GAP * (len(b) - 1)) / sum(b) for b in breadths], 2.6)  # one height for all panels
    height = TITLE + len(rows) * (ABOVE + tall + BELOW)
    figure = Figure(figsize=(WIDTH, height))
    for line, (row, shapes) in enumerate(zip(rows, breadths, strict=True)):
        left, bottom = 0.02, height - TITLE - (line + 1) * (ABOVE + tall + BELOW) + BELOW
        for i, breadth in zip(row, shapes, strict=True):
            axes = figure.add_axes((left / WIDTH, bottom / height, tall * breadth / WIDTH, tall / height))
            show(axes, np.asarray(arrays[i]), tall)
            axes.set_title(labels[i], fontsize=11, fontweight="normal", color=QUIET, loc="left")
            if marks and i in marks:
                top, first, rows_marked, columns = marks[i]
                add_box(axes, first, top, first + columns, top + rows_marked)
            left += tall * breadth + GAP
    add_title(figure, title)
    return figure


def show(axes: Axes, array: np.ndarray, tall: float) -> None:
    """Fill axes, `tall` inches tall, with an array (H, W) or (H, W, 3); write its numbers where there is room."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if array.ndim == 3:
        axes.imshow(array, interpolation="antialiased")
        return
    picture = array.dtype == np.uint8
    written = max(array.shape) <= MOST_NUMBERS
    top = 255 if picture else np.quantile(abs(array), 1 if written else 0.99) or 1  # one extreme pixel must not dim all
    bottom = 0 if picture or array.min() >= 0 else -top
    colours = matplotlib.colormaps["gray" if picture else MAP]
    if written:
        axes.imshow(array, colours, vmin=bottom, vmax=top)
        size = min(12, 72 * tall / array.shape[0] / 2.4)
        for (row, column), value in np.ndenumerate(array):
            light = colours(float((value - bottom) / (top - bottom)))[:3] @ np.array([0.3, 0.6, 0.1]) > 0.5
            axes.text(column, row, f"{value:g}", ha="center", va="center", color=INK if light else PAPER, fontsize=size)
        return
    shades = colours((array - bottom) / (top - bottom))[..., :3]  # (H, W, 3): a notebook stores colour as JPEG, smaller
    axes.imshow(shades, interpolation="antialiased")
    if not picture:
        told = f"from {array.min():.0f} to {array.max():.0f}"
        axes.text(0, -0.03, told, transform=axes.transAxes, va="top", color=QUIET, fontsize=10)


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
    figure = Figure(figsize=(WIDTH, 0.8 + 0.6 * max(map(len, fields))))
    starts = np.cumsum([0] + [len(rows[0]) + 5 for rows in fields])
    axes = figure.add_axes((0, 0, 1, 0.88), xlim=(-0.6, starts[-1] - 3), ylim=(-0.9, max(map(len, fields)) * 1.7 + 0.2))
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
        axes.text(start - 0.44, -0.25, text, va="top", color=INK)
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
