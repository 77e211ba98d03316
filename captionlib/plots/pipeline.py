"""The picture of the six steps, which opens every lesson with that lesson's step lit."""

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from captionlib.errors import CaptionlibError
from captionlib.plots.palette import INK, PALE, PAPER, QUIET, ROLES, Figure, house_style

# Name of the step: role, and its box as left, bottom, width, height in the figure's units (120 by 36).
STEPS = {
    "data": ("picture", (1, 4, 15, 28)),
    "vision": ("features", (25, 22, 14, 10)),
    "text": ("words", (25, 4, 14, 10)),
    "decoder": ("state", (59, 13, 14, 10)),
    "decoding": ("words", (83, 13, 15, 10)),
    "metrics": ("picture", (105, 13, 14, 10)),
}


@house_style
def six_steps(lit: str | None = None) -> Figure:
    """Draw how a photograph becomes a sentence.

    Args:
        lit: The step to stand out: data, vision, text, decoder, decoding or metrics. None shows all alike.

    Returns:
        A figure as wide as a notebook.

    Raises:
        CaptionlibError: There is no such step.
    """
    if lit is not None and lit not in STEPS:
        raise CaptionlibError(f"There is no step called {lit}; the six steps are {', '.join(STEPS)}.")
    figure = Figure(figsize=(9.2, 2.6))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 120), ylim=(0.5, 34.5), aspect="equal")
    axes.axis("off")
    for number, (name, (role, box)) in enumerate(STEPS.items(), start=1):
        step(axes, f"{number}  {name}", ROLES[role], box, bright=lit in (None, name))
    for start, end in [
        ((16, 27), (24.5, 27)), ((39, 27), (43.5, 27)), ((53, 27), (58.5, 21)),  # the picture's way
        ((16, 9), (24.5, 9)), ((39, 9), (41.5, 9)), ((55, 9), (58.5, 15)),  # the words' way
        ((73, 18), (82.5, 18)), ((98, 18), (104.5, 18)),
    ]:  # fmt: skip
        axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=QUIET, linewidth=1.2))
    scene_glyph(axes, 4, 21.5)
    chips(axes, ["a", "red", "boat"], 42, 9)
    chips(axes, ["a", "red", "boat", "sails"], 89.6, 8.6)
    grid_glyph(axes, 44.2, 22.6)
    odds_glyph(axes, 74.5, 20)
    for x, y, text in [(48.6, 20.6, "features"), (48.5, 5, "tokens"), (77.5, 15.6, "logits"), (101.5, 4.6, "caption")]:
        axes.text(x, y, text, color=QUIET, ha="center", va="center", fontsize=10)
    looks_back = FancyArrowPatch((66, 23.5), (53.5, 29.5), connectionstyle="arc3,rad=0.4", arrowstyle="-|>")
    looks_back.set(color=ROLES["attention"], mutation_scale=10, linewidth=1.5, linestyle=(0, (4, 2)))
    axes.add_patch(looks_back)
    axes.text(65.3, 29, "attention", color=ROLES["attention"], ha="left", va="center", fontsize=10)
    return figure


def step(axes: Axes, label: str, colour: str, box: tuple, bright: bool) -> None:
    """Draw one box, full of its colour when bright and pale otherwise."""
    left, bottom, width, height = box
    letters = (INK if colour == ROLES["words"] else PAPER) if bright else QUIET
    patch = FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0,rounding_size=1.6", linewidth=0)
    patch.set_facecolor(colour if bright else PALE)
    axes.add_patch(patch)
    axes.text(left + width / 2, bottom + height / 2, label, color=letters, ha="center", va="center", weight="bold")


def scene_glyph(axes: Axes, x: float, y: float) -> None:
    """Draw a small picture, a sun over a hill, and below the step's name three lines of captions."""
    frame = Rectangle((x, y), 9, 8, facecolor=PAPER, linewidth=0)
    sun = Circle((x + 6.4, y + 5.4), 1.2, color=ROLES["words"], linewidth=0)
    lines = [
        Rectangle((x, y - 10.5 - 2 * i), width, 0.9, facecolor=PAPER, linewidth=0) for i, width in enumerate((9, 7, 8))
    ]
    hill = Polygon([(x, y), (x, y + 1.5), (x + 3.2, y + 4.6), (x + 6, y + 2), (x + 9, y + 3), (x + 9, y)])
    hill.set(color=ROLES["state"], linewidth=0)
    for patch in (frame, sun, hill, *lines):
        axes.add_patch(patch)


def grid_glyph(axes: Axes, x: float, y: float) -> None:
    """Draw a grid of features: three rows, three columns, each place a shade."""
    shades = [0.35, 0.6, 0.3, 0.5, 1.0, 0.75, 0.3, 0.85, 0.45]
    for i, shade in enumerate(shades):
        axes.add_patch(
            Rectangle((x + 3 * (i % 3), y + 3 * (i // 3)), 2.7, 2.7, color=ROLES["features"], alpha=shade, lw=0)
        )


def odds_glyph(axes: Axes, x: float, y: float) -> None:
    """Draw the odds of five words as bars."""
    for i, height in enumerate([1.0, 2.2, 6.0, 3.2, 1.4]):
        axes.add_patch(Rectangle((x + 1.3 * i, y), 1.0, height, color=ROLES["state"], linewidth=0))


def chips(axes: Axes, words: list[str], x: float, y: float) -> None:
    """Write words side by side, each on an orange ground."""
    for word in words:
        width = 1.7 + 1.15 * len(word)
        ground = FancyBboxPatch((x, y - 2), width, 4, boxstyle="round,pad=0,rounding_size=0.8", linewidth=0)
        ground.set_facecolor(ROLES["words"])
        axes.add_patch(ground)
        axes.text(x + width / 2, y, word, ha="center", va="center_baseline", fontsize=10)
        x += width + 0.6
