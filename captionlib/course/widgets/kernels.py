"""The kernel workbench of lesson 01: choose a picture, set a kernel; see the feature map and one of its products."""

import html

import ipywidgets
import matplotlib
import numpy as np

from captionlib.course.scratch.convolution import average_pool, conv2d, max_pool, padding_sizes
from captionlib.course.widgets import parts
from captionlib.plots import MAP, ROLES

SIDE = 288  # pixels of the screen for the picture and for the feature map
MINE = "your own"
KERNELS = {  # nine numbers, row by row, and what their sum is divided by
    "copy": ((0, 0, 0, 0, 1, 0, 0, 0, 0), 1),
    "blur": ((1, 1, 1, 1, 1, 1, 1, 1, 1), 9),
    "upright": ((-1, 0, 1, -1, 0, 1, -1, 0, 1), 1),
    "lying": ((-1, -1, -1, 0, 0, 0, 1, 1, 1), 1),
    "outline": ((-1, -1, -1, -1, 8, -1, -1, -1, -1), 1),
    "line": ((1, -2, 1, 1, -2, 1, 1, -2, 1), 1),
}
WITHOUT_KERNEL = (
    "Here stands the kernel workbench: buttons for a picture and for ready-made kernels, boxes for the nine numbers, "
    "stride, padding and pooling; below them the picture, the kernel's answer, and the arithmetic of one place."
)


def kernel_workbench(pictures: dict[str, np.ndarray]) -> None:
    """Show the workbench.

    Args:
        pictures: Grey pictures by name, each (H, W) uint8; the first is shown first.
    """
    picture = parts.choice("picture", pictures)
    preset = parts.choice("kernel", [*KERNELS, MINE], "upright")
    numbers = [number(*divmod(i, 3), value) for i, value in enumerate(KERNELS["upright"][0])]
    padding = parts.choice("padding", ["valid", "same"])
    pool = parts.choice("pooling", ["none", "largest", "mean"])
    ranges = [("divide by", 1, 16, 1), ("stride", 1, 4, 1), ("row", 0, 95, 40), ("column", 0, 95, 40)]
    (divide, stride, row, column), rows = zip(*[parts.slider(*each) for each in ranges], strict=True)
    page = ipywidgets.HTML()

    def settings():
        kernel = np.array([box.value for box in numbers], float).reshape(3, 3)
        return pictures[picture.value], kernel, divide.value, stride.value, padding.value, pool.value

    def redraw(_=None):
        for slide, line, size in zip((row, column), rows[2:], feature_map(*settings()).shape, strict=True):
            for control in (slide, line.children[1]):
                control.max = size - 1  # a value beyond it follows
        page.value = show(picture.value, *settings(), row.value, column.value)

    def take_numbers(_=None):
        now = tuple(box.value for box in numbers), divide.value
        preset.value = next((name for name, kernel in KERNELS.items() if kernel == now), MINE)
        redraw()

    def take_preset(change):
        values, by = KERNELS.get(change["new"], ([box.value for box in numbers], divide.value))
        for box, value in zip((*numbers, divide), (*values, by), strict=True):
            box.unobserve(take_numbers, "value")  # halfway, the numbers are no kernel
            box.value = value
            box.observe(take_numbers, "value")
        redraw()

    preset.observe(take_preset, "value")
    for box in (*numbers, divide):
        box.observe(take_numbers, "value")
    for control in (picture, stride, padding, pool, row, column):
        control.observe(redraw, "value")
    redraw()
    grid = [ipywidgets.HBox(numbers[start : start + 3]) for start in (0, 3, 6)]
    parts.present(ipywidgets.VBox([picture, preset, *grid, rows[0], padding, pool, *rows[1:], page]), WITHOUT_KERNEL)


def number(row: int, column: int, value: int) -> ipywidgets.BoundedIntText:
    """Make the box for one weight of the kernel, named by its row and column."""
    name = f"row {row + 1}, column {column + 1}"
    return ipywidgets.BoundedIntText(
        value, -9, 9, description=name, style=parts.WIDE, layout={"width": "12em"}, continuous_update=False
    )


def feature_map(
    picture: np.ndarray, kernel: np.ndarray, divide: int, stride: int, padding: str, pool: str
) -> np.ndarray:
    """Compute the feature map that the workbench shows.

    Args:
        picture: (H, W).
        kernel: (3, 3).
        divide: What each sum is divided by.
        stride: Pixels from one location to the next.
        padding: "valid" or "same".
        pool: "none", or how 2 by 2 locations are pooled: "largest" or "mean".

    Returns:
        (rows, columns).
    """
    output = conv2d(picture[None, :, :, None].astype(float), kernel[..., None, None], stride, padding) / divide
    pools = {"none": lambda maps: maps, "largest": max_pool, "mean": average_pool}
    return pools[pool](output)[0, :, :, 0]


def show(name: str, picture: np.ndarray, kernel: np.ndarray, divide: int, stride: int, padding: str, pool: str,
         row: int, column: int) -> str:  # fmt: skip
    """Turn the settings into HTML: the picture, the feature map, and how one of its numbers is computed.

    Args:
        name: Of the picture.
        picture: (H, W) uint8.
        kernel: (3, 3).
        divide: As for `feature_map`.
        stride: As for `feature_map`.
        padding: As for `feature_map`.
        pool: As for `feature_map`.
        row: Of the feature map, from 0.
        column: Of the feature map, from 0.

    Returns:
        HTML; the picture's description gives size and range of the feature map and its value at row and column.
    """
    output = feature_map(picture, kernel, divide, stride, padding, pool)
    row, column = min(row, output.shape[0] - 1), min(column, output.shape[1] - 1)
    before = [padding_sizes(side, 3, stride, padding)[0] for side in picture.shape]
    step, field = (stride, 3) if pool == "none" else (2 * stride, 3 + stride)
    top, left = row * step - before[0], column * step - before[1]
    purple = ROLES["attention"]
    framed = parts.enlarged(np.repeat(picture[..., None], 3, axis=2), SIDE, (top, left, field), purple)
    colours = matplotlib.colormaps[MAP]((output.clip(-255, 255) + 255) / 510)[..., :3] * 255
    beside = parts.enlarged(colours.astype(np.uint8), SIDE, (row, column, 1), purple)
    pair = np.concatenate([framed, np.full_like(framed[:, :8], 255), beside], axis=1)
    summary = f"at row {row}, column {column} it is {output[row, column]:.5g}"
    size = f"{output.shape[0]} rows and {output.shape[1]} columns from {output.min():.5g} to {output.max():.5g}"
    alt = f"{name}, with a frame round the pixels that one place sees; beside it the answer, {size}; {summary}"
    if pool == "none":
        sums = arithmetic(patch_at(picture, top, left), kernel, divide)
    else:
        before_pooling = feature_map(picture, kernel, divide, stride, padding, "none")
        four = before_pooling[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        sums = f"{table('four answers', four)}<p>the {pool} of them: {output[row, column]:.5g}</p>"
    line = f'<div style="display: flex; gap: 1.2em; align-items: center; flex-wrap: wrap">{sums}</div>'
    return f"<p>The answer has {size}; {summary}.</p>{parts.picture(pair, alt, 2 * SIDE + 8)}{line}"


def patch_at(picture: np.ndarray, top: int, left: int) -> np.ndarray:
    """Cut 3 by 3 pixels out of a picture (H, W); what lies outside is 0."""
    return np.pad(picture, 3)[top + 3 : top + 6, left + 3 : left + 6]


def arithmetic(patch: np.ndarray, kernel: np.ndarray, divide: int) -> str:
    """Write out how a patch (3, 3) and a kernel (3, 3) become one number."""
    products = patch * kernel  # (3, 3)
    total = f"their sum is {products.sum():g}"
    total += f", divided by {divide} {products.sum() / divide:.5g}" if divide > 1 else ""
    tables = [table("pixels", patch), "<p>×</p>", table("kernel", kernel), "<p>=</p>", table("products", products)]
    return f"{''.join(tables)}<p>{total}</p>"


def table(caption: str, numbers: np.ndarray) -> str:
    """Turn numbers (rows, columns) into an HTML table."""
    cells = "".join(f"<tr>{''.join(f'<td>{value:.5g}</td>' for value in row)}</tr>" for row in numbers)
    return f"<table><caption>{html.escape(caption)}</caption>{cells}</table>"
