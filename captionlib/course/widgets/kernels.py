"""The kernel workbench of lesson 01: choose a picture, set nine numbers, see their answer and how one place gets it."""

import html

import ipywidgets
import matplotlib
import numpy as np

from captionlib.course.scratch.convolution import average_pool, border, conv2d, max_pool
from captionlib.course.widgets import parts
from captionlib.plots import MAP, PAPER, ROLES

SIDE = 288  # pixels of the screen for the picture and for its answer
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
    places = [("divide by", 1, 16, 1), ("stride", 1, 4, 1), ("row", 0, 95, 40), ("column", 0, 95, 40)]
    (divide, stride, row, column), rows = zip(*[parts.slider(*place) for place in places], strict=True)
    page = ipywidgets.HTML()

    def settings():
        kernel = np.array([box.value for box in numbers], float).reshape(3, 3)
        return pictures[picture.value], kernel, divide.value, stride.value, padding.value, pool.value

    def redraw(_=None):
        for slide, line, size in zip((row, column), rows[2:], answer(*settings()).shape, strict=True):
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
            box.unobserve(take_numbers, "value")  # halfway, the numbers are nobody's
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
    """Make the box for one of the kernel's numbers, named by where it stands."""
    name = f"row {row + 1}, column {column + 1}"
    return ipywidgets.BoundedIntText(
        value, -9, 9, description=name, style=parts.WIDE, layout={"width": "12em"}, continuous_update=False
    )


def answer(picture: np.ndarray, kernel: np.ndarray, divide: int, stride: int, padding: str, pool: str) -> np.ndarray:
    """Compute what the workbench shows: picture (H, W) and kernel (3, 3) to the answer (rows, columns).

    Args:
        picture: (H, W).
        kernel: (3, 3).
        divide: What each sum is divided by.
        stride: Pixels from one place to the next.
        padding: "valid" or "same".
        pool: "none", or what is kept of every 2 by 2 answers: "largest" or "mean".

    Returns:
        (rows, columns).
    """
    answers = conv2d(picture[None, :, :, None].astype(float), kernel[..., None, None], stride, padding) / divide
    pooled = {"none": lambda all_of_them: all_of_them, "largest": max_pool, "mean": average_pool}
    return pooled[pool](answers)[0, :, :, 0]


def show(name: str, picture: np.ndarray, kernel: np.ndarray, divide: int, stride: int, padding: str, pool: str,
         row: int, column: int) -> str:  # fmt: skip
    """Turn the settings into HTML: the picture, its answer, and the arithmetic of one place of the answer.

    Args:
        name: Of the picture.
        picture: (H, W) uint8.
        kernel: (3, 3).
        divide: As for `answer`.
        stride: As for `answer`.
        padding: As for `answer`.
        pool: As for `answer`.
        row: Of the answer, from 0.
        column: Of the answer, from 0.

    Returns:
        HTML; the picture's description tells the size and range of the answer and what it is at the place.
    """
    answers = answer(picture, kernel, divide, stride, padding, pool)
    row, column = min(row, answers.shape[0] - 1), min(column, answers.shape[1] - 1)
    before = [border(size, 3, stride, padding)[0] for size in picture.shape]
    step, sees = (stride, 3) if pool == "none" else (2 * stride, 3 + stride)
    top, left = row * step - before[0], column * step - before[1]
    seen = enlarged(np.repeat(picture[..., None], 3, axis=2), (top, left, sees))
    colours = matplotlib.colormaps[MAP]((answers.clip(-255, 255) + 255) / 510)[..., :3] * 255
    pair = np.concatenate(
        [seen, np.full_like(seen[:, :8], 255), enlarged(colours.astype(np.uint8), (row, column, 1))], 1
    )
    told = f"at row {row}, column {column} it is {answers[row, column]:.5g}"
    size = f"{answers.shape[0]} rows and {answers.shape[1]} columns from {answers.min():.5g} to {answers.max():.5g}"
    alt = f"{name}, with a frame round the pixels that one place sees; beside it the answer, {size}; {told}"
    if pool == "none":
        sums = arithmetic(patch_at(picture, top, left), kernel, divide)
    else:
        before_pooling = answer(picture, kernel, divide, stride, padding, "none")
        four = before_pooling[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        sums = f"{table('four answers', four)}<p>the {pool} of them: {answers[row, column]:.5g}</p>"
    line = f'<div style="display: flex; gap: 1.2em; align-items: center; flex-wrap: wrap">{sums}</div>'
    return f"<p>The answer has {size}; {told}.</p>{parts.picture(pair, alt, 2 * SIDE + 8)}{line}"


def enlarged(image: np.ndarray, mark: tuple[int, int, int]) -> np.ndarray:
    """Blow an image (H, W, 3) up to SIDE by SIDE, every pixel a square, and frame `mark`: (row, column, size)."""
    height, width = image.shape[:2]
    large = image[np.arange(SIDE) * height // SIDE][:, np.arange(SIDE) * width // SIDE].copy()  # (SIDE, SIDE, 3)
    top, bottom = ((mark[0] + more) * SIDE // height for more in (0, mark[2]))
    left, right = ((mark[1] + more) * SIDE // width for more in (0, mark[2]))
    inside = large[max(top, 0) : bottom, max(left, 0) : right].copy()
    for rim, colour in ((4, PAPER), (2, ROLES["attention"])):
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        large[max(top - rim, 0) : bottom + rim, max(left - rim, 0) : right + rim] = rgb
    large[max(top, 0) : bottom, max(left, 0) : right] = inside
    return large


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
