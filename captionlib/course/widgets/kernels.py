"""The kernel workbench of lesson 01: choose a picture, set a kernel; see the feature map, and one location in steps."""

from dataclasses import dataclass, replace

import ipywidgets
import matplotlib
import numpy as np

from captionlib.course.scratch.convolution import average_pool, conv2d, max_pool, padding_sizes
from captionlib.course.widgets import parts
from captionlib.plots import INK, PALE, PAPER, ROLES
from captionlib.plots.palette import SIGNED

SIDE, GAP = 256, 8  # pixels of the screen for the picture and for the feature map, and between them
MINE = "your own"
KERNELS = {  # nine weights, row by row, and what their sum is divided by
    "identity": ((0, 0, 0, 0, 1, 0, 0, 0, 0), 1),
    "blur": ((1, 1, 1, 1, 1, 1, 1, 1, 1), 9),
    "vertical edge": ((-1, 0, 1, -1, 0, 1, -1, 0, 1), 1),
    "horizontal edge": ((-1, -1, -1, 0, 0, 0, 1, 1, 1), 1),
    "outline": ((-1, -1, -1, -1, 8, -1, -1, -1, -1), 1),
    "vertical line": ((1, -2, 1, 1, -2, 1, 1, -2, 1), 1),
}
CHANNELS = {"all": (1, 1, 1), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "red − blue": (1, 0, -1)}
STEPS = ["products", "sum", "bias", "activation"]
CELLS = f"""<style>.captionlib-cells {{border-collapse: collapse}}
.captionlib-cells td {{width: 3.1em; text-align: center; border: 1px solid {PALE}; line-height: 1.5}}</style>"""
WITHOUT_KERNEL = (
    "Here stands the kernel workbench: buttons for a picture and for ready-made kernels, boxes for the nine weights, "
    "channels, bias, stride, padding, activation and pooling; beside them the picture, the feature map, and the "
    "arithmetic of one location, step by step."
)


@dataclass(frozen=True)
class Layer:
    """One convolution with one output channel, and pooling.

    Attributes:
        kernel: (3, 3, C).
        divide: What each sum is divided by.
        bias: What is added then.
        stride: Pixels from one location to the next.
        padding: "valid" or "same".
        activation: "none" or "ReLU".
        pool: "none", or how 2 by 2 locations are pooled: "max" or "average".
    """

    kernel: np.ndarray
    divide: int = 1
    bias: int = 0
    stride: int = 1
    padding: str = "valid"
    activation: str = "none"
    pool: str = "none"


def kernel_workbench(pictures: dict[str, np.ndarray]) -> None:
    """Show the workbench.

    Args:
        pictures: Pictures by name, each uint8, grey (H, W) or in colour (H, W, 3); the first is shown first.
    """
    picture = parts.choice("picture", pictures)
    preset = parts.choice("kernel", [*KERNELS, MINE], "vertical edge")
    numbers = [number(*divmod(i, 3), value) for i, value in enumerate(KERNELS["vertical edge"][0])]
    channels = parts.choice("channels", CHANNELS)
    padding = parts.choice("padding", ["valid", "same"])
    activation = parts.choice("activation", ["none", "ReLU"], "ReLU")
    pool = parts.choice("pooling", ["none", "max", "average"])
    step = parts.choice("steps up to", STEPS, STEPS[-1])
    ranges = [("divide by", 1, 27, 1), ("bias", -255, 255, 0), ("stride", 1, 4, 1), ("row", 0, 95, 45)]
    ranges.append(("column", 0, 95, 25))
    (divide, bias, stride, row, column), rows = zip(*[parts.slider(*each) for each in ranges], strict=True)
    page = ipywidgets.HTML()

    def layer():
        kernel = np.reshape([box.value for box in numbers], (3, 3, 1)).astype(float)
        if pictures[picture.value].ndim == 3:
            kernel = kernel * CHANNELS[channels.value]  # (3, 3, 3)
        rest = (divide, bias, stride, padding, activation, pool)
        return Layer(kernel, *(control.value for control in rest))

    def redraw(_=None):
        image = pictures[picture.value]
        channels.layout.display = "none" if image.ndim == 2 else None
        for slide, size in zip((row, column), feature_map(image, layer()).shape, strict=True):
            slide.max = size - 1  # a value beyond it follows
        page.value = show(picture.value, image, layer(), row.value, column.value, step.value)

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
    for control in (picture, channels, bias, stride, padding, activation, pool, row, column, step):
        control.observe(redraw, "value")
    redraw()
    grid = ipywidgets.VBox([ipywidgets.HBox(numbers[start : start + 3]) for start in (0, 3, 6)])
    weights = ipywidgets.HBox([ipywidgets.HTML("&nbsp;", description="weights"), grid])
    controls = [picture, preset, weights, channels, rows[0], rows[1], rows[2], padding, activation, pool, rows[3]]
    parts.present(parts.bench(parts.aligned(*controls, rows[4], step), page, 2 * SIDE + GAP), WITHOUT_KERNEL)


def number(row: int, column: int, value: int) -> ipywidgets.BoundedIntText:
    """Make the box for one weight of the kernel, named by its row and column."""
    name = f"row {row + 1}, column {column + 1}"
    return parts.number_box(
        ipywidgets.BoundedIntText, value=value, min=-9, max=9, description=name, continuous_update=False
    )


def feature_map(picture: np.ndarray, layer: Layer) -> np.ndarray:
    """Compute the feature map (rows, columns) of a picture (H, W) or (H, W, C)."""
    images = picture.reshape(1, *picture.shape[:2], -1).astype(float)  # (1, H, W, C)
    output = conv2d(images, layer.kernel[..., None], layer.stride, layer.padding) / layer.divide + layer.bias
    if layer.activation == "ReLU":
        output = np.maximum(output, 0)
    pools = {"none": lambda maps: maps, "max": max_pool, "average": average_pool}
    return pools[layer.pool](output)[0, :, :, 0]


def show(name: str, picture: np.ndarray, layer: Layer, row: int, column: int, step: str) -> str:
    """Turn the settings into HTML: the picture, the feature map, and how one of its numbers is computed.

    Args:
        name: Of the picture.
        picture: (H, W) or (H, W, 3) uint8.
        layer: What is computed; its kernel has as many channels as the picture.
        row: Of the feature map, from 0.
        column: Of the feature map, from 0.
        step: The last step to write out, one of `STEPS`.

    Returns:
        HTML; the picture's description gives size and range of the feature map and its value at row and column.
    """
    output = feature_map(picture, layer)
    row, column = min(row, output.shape[0] - 1), min(column, output.shape[1] - 1)
    before = [padding_sizes(side, 3, layer.stride, layer.padding)[0] for side in picture.shape[:2]]
    jump, field = (layer.stride, 3) if layer.pool == "none" else (2 * layer.stride, 3 + layer.stride)
    top, left = row * jump - before[0], column * jump - before[1]
    purple, pixels = ROLES["attention"], picture.reshape(*picture.shape[:2], -1)  # (H, W, C)
    framed = parts.enlarged(np.broadcast_to(pixels, (*pixels.shape[:2], 3)), SIDE, (top, left, field), purple)
    limit = 255 * max(abs(layer.kernel).max(axis=(0, 1)).astype(bool).sum(), 1)  # per channel that is read
    beside = parts.enlarged(255 * shades(output, limit), SIDE, (row, column, 1), purple).astype(np.uint8)
    pair = np.concatenate([framed, np.full_like(framed[:, :GAP], 255), beside], axis=1)
    summary = f"at row {row}, column {column}: {output[row, column]:.5g}"
    size = f"{output.shape[0]} × {output.shape[1]}, from {output.min():.5g} to {output.max():.5g}"
    alt = f"{name}, with a frame around the receptive field of one location; beside it: Feature map {size}; {summary}"
    if layer.pool == "none":
        sums = steps(patch_at(pixels, top, left), layer, step)
    else:
        four = feature_map(picture, replace(layer, pool="none"))[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        sums = grid([table(four, 255), f"{layer.pool} of the four activations: {output[row, column]:.5g}"], 2)
    text = f"<div>Feature map {size}; {summary}</div>"
    return f'{CELLS}{parts.picture(pair, alt, 2 * SIDE + GAP)}{text}<div style="line-height: 1.6">{sums}</div>'


def shades(numbers: np.ndarray, limit: float) -> np.ndarray:
    """Colour a map (rows, columns), brown at -limit, white at 0, green at limit: (rows, columns, 3), 0 to 1."""
    return matplotlib.colormaps[SIGNED]((numbers / limit).clip(-1, 1) / 2 + 0.5)[..., :3]


def patch_at(pixels: np.ndarray, top: int, left: int) -> np.ndarray:
    """Cut 3 by 3 pixels (3, 3, C) out of a picture (H, W, C); what lies outside is 0."""
    return np.pad(pixels, ((3, 3), (3, 3), (0, 0)))[top + 3 : top + 6, left + 3 : left + 6].astype(int)


def steps(patch: np.ndarray, layer: Layer, last: str) -> str:
    """Write out how a patch becomes one number: products in each channel, their sum, bias, activation.

    Args:
        patch: (3, 3, C).
        layer: With a kernel (3, 3, C).
        last: One of `STEPS`; later ones are left out.

    Returns:
        HTML.
    """
    products, told = patch * layer.kernel, STEPS[: STEPS.index(last) + 1]  # (3, 3, C)
    names = ["grey"] if patch.shape[2] == 1 else ["red", "green", "blue"]
    sums = products.sum(axis=(0, 1))  # (C,)
    cells = ["", "pixels", "", "kernel", "", "products", "sum" if "sum" in told else ""]
    for c, name in enumerate(names):
        numbers = table(patch[..., c], "grey"), "×", table(layer.kernel[..., c]), "=", table(products[..., c], 255)
        cells += [name, *numbers, f"{sums[c]:g}" if "sum" in told else ""]
    lines = [grid(cells, 7)]
    total, equation = sums.sum(), " + ".join(f"{each:g}" for each in sums).replace("+ -", "− ")
    if "sum" in told:
        equation += f" = {total:g}" if len(sums) > 1 else ""
        equation += f"; ÷ {layer.divide} = {total / layer.divide:.5g}" if layer.divide > 1 else ""
        lines.append(f"<div>sum of all products: {equation}</div>")
    before = total / layer.divide + layer.bias
    if "bias" in told:
        lines.append(f"<div>+ bias {layer.bias}: {before:.5g}</div>")
    if "activation" in told and layer.activation == "ReLU":
        lines.append(f"<div>ReLU: max(0, {before:.5g}) = {max(before, 0):.5g}</div>")
    return "".join(lines)


def grid(cells: list[str], columns: int) -> str:
    """Set tables and signs side by side, in rows of so many columns."""
    inside = "".join(f"<div>{cell}</div>" for cell in cells)
    style = f"display: grid; grid-template-columns: repeat({columns}, auto); justify-content: start; gap: 4px 12px"
    return f'<div style="{style}; align-items: center; justify-items: center">{inside}</div>'


def table(numbers: np.ndarray, ground: str | float | None = None) -> str:
    """Turn numbers (rows, columns) into an HTML table.

    Args:
        numbers: (rows, columns).
        ground: Behind each number: "grey" shows pixels, a limit colours them as `shades` does, None leaves them plain.

    Returns:
        A `<table>`.
    """
    if ground == "grey":
        colours = np.repeat(np.clip(numbers, 0, 255)[..., None] / 255, 3, axis=2)  # (rows, columns, 3)
    else:
        colours = np.ones((*numbers.shape, 3)) if ground is None else shades(numbers, ground)
    rows = ""
    for values, grounds in zip(numbers, colours, strict=True):
        rows += "<tr>"
        for value, colour in zip(values, grounds, strict=True):
            letters = INK if colour @ (0.3, 0.6, 0.1) > 0.5 else PAPER
            style = f"background: {matplotlib.colors.to_hex(colour)}; color: {letters}"
            rows += f'<td style="{style}">{value + 0:.5g}</td>'  # + 0, so that no number reads -0
        rows += "</tr>"
    return f'<table class="captionlib-cells">{rows}</table>'
