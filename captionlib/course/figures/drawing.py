"""The strokes that all drawings of the course share: boxes, arrows, words on orange, grids of cells (every lesson).

A drawing is 120 units wide, 13 of them an inch, and reads from left to right; images take the upper path, words the
lower one. Boxes are what computes, in the colour of their output; shapes stand at the arrows.
"""

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_rgba
from matplotlib.image import BboxImage
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Bbox, TransformedBbox

from captionlib.data import toyscenes
from captionlib.plots.layout import WIDTH
from captionlib.plots.palette import LETTERS, PALE, PAPER, QUIET, ROLES, Figure

UNITS = 120
SCENE = toyscenes.scene_from("lake", ("boat", "red", "big", "sails", "left", "back"))
GRID = 12  # rows and columns of ToyNet's grid
CORNER = 1.6  # radius


def canvas(title: str, height: float) -> tuple[Figure, Axes]:
    """Open a drawing `height` units tall that says its message in its title."""
    figure = Figure(figsize=(WIDTH, WIDTH * height / UNITS))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, UNITS), ylim=(0, height), aspect="equal")
    axes.axis("off")
    axes.text(0.6, height - 1, title, ha="left", va="top", weight="bold", fontsize=12)
    return figure, axes


def lane(axes: Axes, text: str, place: tuple) -> None:
    """Draw the background of what happens together, labelled with how often; `place` is left, bottom, width, height."""
    left, bottom, width, height = place
    style = f"round,pad=0,rounding_size={CORNER}"
    axes.add_patch(
        FancyBboxPatch((left, bottom), width, height, style, color=to_rgba(PALE, 0.6), linewidth=0, zorder=0)
    )
    axes.text(left + 1.6, bottom + height - 1.2, text, color=QUIET, ha="left", va="top", fontsize=10, style="italic")


def box(axes: Axes, text: str, role: str, place: tuple, below: str = "", bright: bool = True) -> None:
    """Draw what computes: a name in bold and a plain line below it; pale when it is not the topic."""
    left, bottom, width, height = place
    letters = LETTERS[role]
    patch = FancyBboxPatch((left, bottom), width, height, f"round,pad=0,rounding_size={CORNER}", linewidth=0, zorder=2)
    patch.set_facecolor(ROLES[role] if bright else PALE)
    axes.add_patch(patch)
    style = {"color": letters if bright else QUIET, "ha": "center", "va": "center", "zorder": 3}
    x, y = left + width / 2, bottom + height / 2
    axes.text(x, y + (1.3 if below else 0), text, weight="bold", **style)
    if below:
        axes.text(x, y - 1.4, below, fontsize=10, **style)


def arrow(
    axes: Axes, *corners: tuple, role: str | None = None, head: bool = True, dashed: bool = False, bold: bool = False
) -> None:
    """Draw an arrow through corners, which it rounds; grey, or in the colour of a role; bold where it is the topic."""
    points = [np.array(corner, float) for corner in corners]
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        turn = [here + CORNER * (end - here) / np.hypot(*(end - here)) for end in (before, after)]
        vertices += [turn[0], here, turn[1]]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    path = Path([*vertices, points[-1]], [*codes, Path.LINETO])
    patch = FancyArrowPatch(path=path, arrowstyle="-|>" if head else "-", mutation_scale=10, zorder=1)
    patch.set(color=ROLES[role] if role else QUIET, linestyle=(0, (4, 2)) if dashed else "solid", fill=head)
    patch.set_linewidth(2.6 if bold else 1.3)
    axes.add_patch(patch)


def joint(axes: Axes, x: float, y: float, sign: str, role: str) -> None:
    """Draw where two arrows are multiplied or added, element by element: the circle makes ⊙ of a dot."""
    axes.add_patch(Circle((x, y), 1.7, facecolor=PAPER, edgecolor=ROLES[role], linewidth=1.5, zorder=2))
    axes.text(x, y, "•" if sign == "⊙" else sign, ha="center", va="center_baseline", fontsize=12, zorder=3)


def note(axes: Axes, x: float, y: float, text: str, ha: str = "center", color: str = QUIET) -> None:
    """Write a small line: a shape at an arrow, or what a box does."""
    axes.text(x, y, text, color=color, ha=ha, va="center", fontsize=10, linespacing=1.25)


def chips(axes: Axes, words: list[str], x: float, y: float) -> float:
    """Write words side by side, each on an orange ground; return where the last one ends."""
    for word in words:
        width = 1.7 + 1.15 * len(word)
        ground = FancyBboxPatch((x, y - 2), width, 4, "round,pad=0,rounding_size=0.8", linewidth=0, zorder=2)
        ground.set_facecolor(ROLES["words"])
        axes.add_patch(ground)
        axes.text(x + width / 2, y, word, ha="center", va="center_baseline", fontsize=10, zorder=3)
        x += width + 0.6
    return x - 0.6


def cells(axes: Axes, x: float, y: float, side: float, shades: np.ndarray, role: str) -> None:
    """Draw numbers from 0 to 1, (rows, columns), as shades of a role's colour, the first row on top, `side` wide."""
    rows, columns = shades.shape
    size = side / columns
    gap = 0.1 * size if size > 0.5 else 0.0  # finer gaps make stripes on a screen
    spots = [(x + j * size, y + (rows - 1 - i) * size) for i, j in np.ndindex(rows, columns)]
    squares = [Rectangle(spot, size - gap, size - gap) for spot in spots]
    colours = [to_rgba(ROLES[role], shade) for shade in shades.flat]
    style = {"edgecolors": "none", "antialiased": gap > 0, "snap": gap == 0, "zorder": 2}
    axes.add_collection(PatchCollection(squares, facecolors=colours, **style))


def sheet(axes: Axes, x: float, y: float, side: float) -> None:
    """Draw the background of a map, or one more of its features, seen behind it."""
    axes.add_patch(Rectangle((x, y), side, side, facecolor=PAPER, edgecolor=ROLES["features"], linewidth=1, zorder=2))


def bars(axes: Axes, x: float, y: float) -> None:
    """Draw the probabilities of five words as bars."""
    for i, height in enumerate([1.0, 2.2, 6.0, 3.2, 1.4]):
        axes.add_patch(Rectangle((x + 1.3 * i, y), 1.0, height, color=ROLES["words"], linewidth=0, zorder=2))


@cache
def scene() -> np.ndarray:
    """Draw the boat that goes through all drawings: (96, 96, 3)."""
    return toyscenes.draw(SCENE)


def picture(axes: Axes, x: float, y: float, side: float, shown: np.ndarray | None = None) -> None:
    """Show the boat, or another square image (side, side, 3); no AxesImage, so that a notebook keeps a crisp PNG."""
    place = TransformedBbox(Bbox.from_bounds(x, y, side, side), axes.transData)
    shown = scene() if shown is None else shown
    image = BboxImage(place, interpolation="lanczos" if len(shown) == len(scene()) else "nearest", zorder=2)
    image.set_data(shown)
    axes.add_artist(image)


def feature_shades(side: int = GRID) -> np.ndarray:
    """Shade a grid of features like the boat's scene: (side, side) from 0.2 to 1, dark where the scene is dark."""
    size = 96 // side
    grey = scene().mean(axis=2).reshape(side, size, side, size).mean(axis=(1, 3))
    return 1 - 0.8 * (grey - grey.min()) / np.ptp(grey)


def attention_weights() -> np.ndarray:
    """Make up attention weights with their peak at the boat: (12, 12), sum 1."""
    middle = np.mean(list(toyscenes.cells_of(SCENE, "boat", (GRID, GRID))), axis=0)
    row, column = np.indices((GRID, GRID))
    weights = np.exp(-((row - middle[0]) ** 2 + (column - middle[1]) ** 2) / 4)
    return weights / weights.sum()
