"""How a network learns: a computation graph, descents down a loss, weights as images (lesson 02).

Numbers of the forward pass stand on pale ground, those of the backward pass on dark ground.
"""

import matplotlib
import matplotlib.patheffects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from captionlib.course.figures.drawing import arrow, canvas, note
from captionlib.course.figures.labels import label_line_ends
from captionlib.course.probes.surfaces import Surface
from captionlib.plots.layout import WIDTH, add_title
from captionlib.plots.palette import COMPARED, INK, MAP, PALE, PAPER, QUIET, ROLES, Figure, house_style

# Each node's middle in the drawing's units, its role, what made it, and what it was made from.
NODES = {
    "x": ((7.5, 20), "picture", "the image", ()),
    "w_snow": ((7.5, 33), "state", "a weight", ()),
    "w_moon": ((7.5, 7), "state", "a weight", ()),
    "z_snow": ((28.5, 33), "words", "×", ("w_snow", "x")),
    "z_moon": ((28.5, 7), "words", "×", ("w_moon", "x")),
    "exp_snow": ((49.5, 33), "words", "exp", ("z_snow",)),
    "exp_moon": ((49.5, 7), "words", "exp", ("z_moon",)),
    "total": ((70.5, 20), "words", "+", ("exp_snow", "exp_moon")),
    "log_total": ((91.5, 20), "words", "log", ("total",)),
    "loss": ((112.5, 20), "words", "−", ("log_total", "z_snow")),
}
WIDE, TALL = 12, 5.4  # of a node
HALO = [matplotlib.patheffects.withStroke(linewidth=4, foreground=PAPER)]
BEYOND = 1e-30, 1e30  # far below and above every chart: a line that goes there leaves it
REACHED = 0.01  # of the loss at the start; what ends below counts as arrived, in `learning_rate_sweep`
OUTCOMES = [  # what each square says: its colour, and a sign for readers who do not see the colour
    ("ends below 1 % of the loss at the start", ROLES["features"], ""),
    ("ends above 1 %", "#c9d0d6", ""),
    ("ends above the start: diverges", COMPARED[1], "x"),
]
EDGE = 2.2  # maps show weights from -EDGE to EDGE


@house_style
def computation_graph(values: dict[str, float], title: str, gradients: dict[str, float] | None = None) -> Figure:
    """Draw how a loss is computed in ten nodes, and the gradients of the backward pass.

    Args:
        values: Name of each node in `NODES` to its number, which stands in the node.
        title: What the drawing says.
        gradients: Name of each node to its gradient, which stands below the node on dark ground; then every arrow
            shows its local gradient. None draws the forward pass alone.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas(title, 49)
    for name, ((x, y), _, _, parents) in NODES.items():
        for parent in parents:
            from_x, from_y = NODES[parent][0]
            if (parent, name) == ("z_snow", "loss"):  # the second path, over all others
                arrow(axes, (from_x, from_y + TALL / 2), (from_x, 41.5), (x, 41.5), (x, y + TALL / 2 + 0.3))
                middle = (x + from_x) / 2, 41.5
            else:
                start, end = (from_x + WIDE / 2, from_y), (x - WIDE / 2 - 0.3, y + np.clip(from_y - y, -1.2, 1.2))
                arrow(axes, start, end)
                middle = np.add(start, end) / 2
            if gradients:
                told = f"×{number(local_gradient(parent, name, values))}"
                axes.text(*middle, told, ha="center", va="center", fontsize=10, path_effects=HALO)
        node(axes, name, values[name], gradients[name] if gradients else None)
    if gradients:
        note(axes, 96, 4, "×…  local gradient\non dark: gradient of the loss")
    return figure


def local_gradient(parent: str, name: str, values: dict[str, float]) -> float:
    """Compute the derivative of a node with respect to one of those that it was made from."""
    _, _, made, parents = NODES[name]
    if made == "×":
        return values[parents[1 - parents.index(parent)]]  # the other one
    if made == "log":
        return 1 / values[parent]
    return {"+": 1, "−": 1 if parent == parents[0] else -1, "exp": values[name]}[made]


def node(axes: Axes, name: str, value: float, gradient: float | None) -> None:
    """Draw one node: above it what made it, in it its name and value, below it its gradient."""
    (x, y), role, made, _ = NODES[name]
    ground = FancyBboxPatch((x - WIDE / 2, y - TALL / 2), WIDE, TALL, "round,pad=0,rounding_size=1.2", zorder=2)
    ground.set(facecolor=PALE, edgecolor=ROLES[role], linewidth=2)
    axes.add_patch(ground)
    axes.text(x, y + 1.1, name, ha="center", va="center", fontsize=10, zorder=3)
    axes.text(x, y - 1.2, number(value), ha="center", va="center", weight="bold", fontsize=12, zorder=3)
    note(axes, x - 2 * (name in ("z_snow", "loss")), y + TALL / 2 + 1.4, made)  # beside the arrow over all others
    if gradient is not None:
        ground = FancyBboxPatch((x - 4.2, y - TALL / 2 - 4), 8.4, 3.4, "round,pad=0,rounding_size=1", zorder=4)
        ground.set(facecolor=INK, linewidth=0)
        axes.add_patch(ground)
        style = {"ha": "center", "va": "center_baseline", "weight": "bold", "color": PAPER, "zorder": 5}
        axes.text(x, y - TALL / 2 - 2.4, number(gradient), **style)


def number(value: float) -> str:
    """Write a number with at most two decimals and a real minus."""
    return f"{round(float(value), 2) + 0:g}".replace("-", "−")


@house_style
def tangent_line(weights: np.ndarray, losses: np.ndarray, at: float, slope: float, title: str) -> Figure:
    """Show the loss over one weight, and its tangent at one weight.

    Args:
        weights: (N,) rising.
        losses: (N,) the loss at each.
        at: Where the tangent touches.
        slope: Of the tangent.
        title: What the tangent says.

    Returns:
        A figure.
    """
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(weights, losses, color=ROLES["picture"], linewidth=2.5)
    height, reach = np.interp(at, weights, losses), 0.22 * np.ptp(weights)
    ends = np.array([at - reach, at + reach])
    axes.plot(ends, height + slope * (ends - at), color=ROLES["words"], linewidth=2.5)
    axes.plot(at, height, "o", color=INK, markersize=8)
    axes.annotate(f"slope {number(slope)}", (at, height), (10, 6), textcoords="offset points", fontsize=12)
    axes.set(xlabel="the weight w_snow", ylabel="loss", title=title, ylim=(0, 1.05 * losses.max()))
    return figure


@house_style
def descent(surface: Surface, path: np.ndarray, title: str) -> Figure:
    """Show the path of an optimiser on the map of a loss, and beside it the loss at every step.

    Args:
        surface: The loss of two weights.
        path: The weights after each step, (N, 2); it may diverge.
        title: What the path says.

    Returns:
        A figure as wide as a notebook.
    """
    figure = Figure(figsize=(WIDTH, 4.5))
    add_title(figure, title)
    left, right = figure.add_axes((0.065, 0.12, 0.39, 0.39 * WIDTH / 4.5)), figure.add_axes((0.56, 0.12, 0.43, 0.797))
    draw_surface(left, surface)
    draw_path(left, path)
    with np.errstate(all="ignore"):
        losses = surface.loss(path)  # (N,)
    losses = np.clip(np.where(np.isfinite(losses), losses, np.inf), *BEYOND)
    right.semilogy(losses, color=ROLES["picture"], linewidth=2.5)
    label_powers_of_100(right)
    right.yaxis.set_label_coords(-0.14, 0.5)
    right.set(xlabel="steps taken", ylabel="loss (log scale)")
    right.set(xlim=(0, None), ylim=(0.7e-4, np.clip(2 * losses.max(), 200, 1e4)))
    return figure


@house_style
def learning_rate_sweep(rates: np.ndarray, ends: dict[str, dict], starts: dict[str, float], title: str) -> Figure:
    """Show with which learning rates an optimiser reaches the minimum, and with which it diverges.

    Args:
        rates: (N,), evenly spaced on a logarithmic scale.
        ends: What stands above a chart, to the name of each optimiser, to the loss (N,) at the end.
        starts: What stands above a chart, to the loss at the start; an end above it counts as divergence.
        title: What the charts say.

    Returns:
        A figure as wide as a notebook: a row of N squares per optimiser.
    """
    figure = Figure(figsize=(WIDTH, 2.9))
    add_title(figure, title)
    for chart, (name, optimisers) in enumerate(ends.items()):
        axes = figure.add_axes((0.105 + 0.465 * chart, 0.34, 0.42, 0.40))
        for row, losses in enumerate(optimisers.values()):
            kinds = np.searchsorted([REACHED * starts[name], starts[name]], losses)  # (N,), an index into OUTCOMES
            for kind, (_, colour, mark) in enumerate(OUTCOMES):
                at = rates[kinds == kind]
                square_marks(axes, at, np.full(len(at), row), colour, mark)
        axes.set(xscale="log", xlim=(0.85 * rates[0], 1.18 * rates[-1]), ylim=(len(optimisers) - 0.45, -0.55))
        axes.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
        axes.minorticks_off()
        axes.set_yticks(range(len(optimisers)), [] if chart else list(optimisers), color=INK)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_title(name, weight="normal", loc="center", fontsize=11)
        axes.set_xlabel("learning rate (log scale)")
    key = figure.add_axes((0, 0, 1, 0.12))
    key.set(xlim=(0, WIDTH), ylim=(0, 1))
    key.axis("off")
    for x, (told, colour, mark) in zip((0.95, 4.35, 6.15), OUTCOMES, strict=True):
        square_marks(key, x, 0.5, colour, mark)
        key.text(x + 0.15, 0.5, told, va="center")
    return figure


def square_marks(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, mark: str) -> None:
    """Draw squares at x (N,) and y (N,), each with a sign in it; an empty mark leaves them plain."""
    axes.plot(x, y, "s", color=colour, markersize=8.5)
    if mark:
        axes.plot(x, y, mark, color=PAPER, markersize=5, markeredgewidth=1.4)


def label_powers_of_100(axes: Axes) -> None:
    """Write out the powers of a hundred at an axis of losses."""
    tens = {0.0001: "0.0001", 0.01: "0.01", 1: "1", 100: "100", 10_000: "10,000"}
    axes.set_yticks(list(tens), tens.values())
    axes.minorticks_off()


@house_style
def descent_paths(surface: Surface, paths: dict[str, np.ndarray], title: str) -> Figure:
    """Show several descents on the same loss, each on a map of its own.

    Args:
        surface: The loss of two weights.
        paths: What stands above a map, to the weights after each step, (N, 2).
        title: What they say together.

    Returns:
        A figure as wide as a notebook.
    """
    figure = Figure(figsize=(WIDTH, 0.9 + 8.6 / len(paths)), layout="constrained")
    add_title(figure, title)
    for axes, (name, path) in zip(figure.subplots(1, len(paths), sharey=True), paths.items(), strict=True):
        draw_surface(axes, surface)
        draw_path(axes, path)
        axes.set_title(name, weight="normal", loc="center", fontsize=11)
        axes.label_outer()
    return figure


def draw_surface(axes: Axes, surface: Surface) -> None:
    """Draw a loss as a map: dark is low; the cross marks the minimum."""
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-EDGE, EDGE, 101)]), axis=-1)  # (101, 101, 2)
    heights = np.log10(surface.loss(grid) + 0.02)  # (101, 101), by powers of ten, so that the bottom shows
    levels = np.linspace(heights.min(), heights.max(), 14)
    shades = 0.85 * matplotlib.colormaps[MAP](np.linspace(0, 1, 13))[:, :3] + 0.15  # a little paler: paths lie above
    axes.contourf(grid[..., 0], grid[..., 1], heights, levels, colors=list(shades))
    axes.plot(*surface.minimum, "x", color=PAPER, markersize=9, markeredgewidth=2.5, zorder=5)
    axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), aspect="equal", xlabel="the weight a", ylabel="the weight b")
    axes.set(xticks=range(-2, 3), yticks=range(-2, 3))


def draw_path(axes: Axes, path: np.ndarray) -> None:
    """Draw a path (N, 2) up to where it diverges; a dot for each step, a ring where it begins."""
    sane = np.isfinite(path).all(axis=1) & (np.abs(path).max(axis=1) < 1e3)
    path = path[: len(path) if sane.all() else int(sane.argmin())]
    outline = [matplotlib.patheffects.withStroke(linewidth=3.6, foreground=PAPER)]
    axes.plot(*path.T, color=ROLES["picture"], linewidth=1.8, path_effects=outline)
    axes.plot(*path.T, "o", color=ROLES["picture"], markersize=4, markeredgecolor=PAPER, markeredgewidth=0.8)
    axes.plot(*path[0], "o", color=PAPER, markersize=9, markeredgecolor=INK, markeredgewidth=2)


@house_style
def weights_as_images(rows: dict[str, np.ndarray], words: list[str], title: str) -> Figure:
    """Show the weights of each word as an image: middle grey is 0, a channel is bright where its weight is large.

    Args:
        rows: What stands left of a row, to weights (D, V), D being side × side × 3; each row has its own scale.
        words: The V words.
        title: What the images say.

    Returns:
        A figure as wide as a notebook.
    """
    figure = Figure(figsize=(WIDTH, 0.75 + 1.36 * len(rows) + 0.25 * (len(rows) > 1)))
    tall = figure.get_size_inches()[1]
    side = round((next(iter(rows.values())).shape[0] / 3) ** 0.5)
    for row, (name, weights) in enumerate(rows.items()):
        largest = max(np.abs(weights).max(), 1e-12)
        y = (tall - 0.7 - 1.36 * (row + 1)) / tall + 0.04 / tall
        figure.text(0.005, y + 0.65 / tall, name, va="center", ha="left", linespacing=1.4)
        for column, (word, weight) in enumerate(zip(words, weights.T, strict=True)):
            axes = figure.add_axes((0.13 + 0.145 * column, y, 1.3 / WIDTH, 1.3 / tall))
            axes.imshow(0.5 + weight.reshape(side, side, 3) / (2 * largest), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=QUIET, linewidth=0.5)  # a white image needs an edge
            if row == 0:
                axes.set_title(word, loc="center", weight="normal", fontsize=11, pad=4)
    add_title(figure, title)
    if len(rows) > 1:
        figure.text(0.995, 0.1 / tall, "grey: weight 0; each row has its own scale", ha="right", color=QUIET)
    return figure


@house_style
def learning_curves(curves: dict[str, np.ndarray], title: str, floor: tuple[str, float] | None = None) -> Figure:
    """Show how losses fall while a network learns.

    Args:
        curves: Name of up to four trainings to their losses, (steps,) each.
        title: What the curves say.
        floor: A dotted line: what stands beside it, and how high it lies.

    Returns:
        A figure.
    """
    figure = Figure(figsize=(6.8, 3.6), layout="constrained")
    axes = figure.subplots()
    longest, highest = max(map(len, curves.values())) - 1, max(map(np.max, curves.values()))
    for (_, losses), colour in zip(curves.items(), COMPARED, strict=False):
        axes.plot(losses, color=colour, linewidth=2.5)
    ends = [(len(losses) - 1, losses[-1], name) for name, losses in curves.items()]
    if floor:
        axes.plot([0, longest], [floor[1]] * 2, color=QUIET, linewidth=1, linestyle=(0, (2, 3)))
        ends.append((longest, floor[1], floor[0]))
    axes.set(xlabel="steps taken", ylabel="loss", title=title)
    axes.set(xlim=(0, longest), ylim=(-0.04 * highest, 1.05 * highest))
    label_line_ends(axes, ends)
    return figure
