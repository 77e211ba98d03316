"""The six steps, which open every lesson with that lesson's step highlighted, and the whole network (README)."""

from matplotlib.patches import Rectangle

from captionlib.course.figures.drawing import (
    arrow,
    bars,
    box,
    canvas,
    cells,
    chips,
    feature_shades,
    lane,
    note,
    picture,
)
from captionlib.errors import CaptionlibError
from captionlib.plots.palette import PAPER, ROLES, Figure, house_style

# Name of the step: role, its box as left, bottom, width, height, and what it does.
STEPS = {
    "data": ("picture", (1, 2.5, 15, 28), "Step 1, data: images and the captions that people wrote for them"),
    "vision": ("features", (25, 20.5, 14, 10), "Step 2, vision: the CNN turns the image into a grid of features"),
    "text": ("words", (25, 2.5, 14, 10), "Step 3, text: the caption becomes tokens"),
    "decoder": ("state", (59, 11.5, 14, 10), "Step 4, decoder: a logit for each possible next word"),
    "decoding": ("words", (83, 11.5, 15, 10), "Step 5, decoding: from logits to a caption, word by word"),
    "metrics": ("picture", (105, 11.5, 14, 10), "Step 6, metrics: how good is the caption?"),
}


@house_style
def six_steps(highlighted: str | None = None) -> Figure:
    """Draw how a photograph becomes a sentence.

    Args:
        highlighted: The step to stand out: data, vision, text, decoder, decoding or metrics. None shows all alike.

    Returns:
        A figure as wide as a notebook.

    Raises:
        CaptionlibError: There is no such step.
    """
    if highlighted is not None and highlighted not in STEPS:
        raise CaptionlibError(f"There is no step called {highlighted}; the six steps are {', '.join(STEPS)}.")
    figure, axes = canvas(STEPS[highlighted][2] if highlighted else "A photograph becomes a sentence in six steps", 40)
    for number, (name, (role, place, _)) in enumerate(STEPS.items(), start=1):
        box(axes, f"{number}  {name}", role, place, bright=highlighted in (None, name))
    for start, end in [
        ((16, 25.5), (25, 25.5)), ((39, 25.5), (43.5, 25.5)), ((53, 25.5), (59, 19.5)),  # the image's path
        ((16, 7.5), (25, 7.5)), ((39, 7.5), (42, 7.5)), ((55, 9.5), (59, 13.5)),  # the words' path
        ((73, 16.5), (83, 16.5)), ((90.5, 11.5), (90.5, 9.7)),
        ((80, 7.5), (57.8, 7.5)),  # what has been written is read before the next word
    ]:  # fmt: skip
        arrow(axes, start, end)
    arrow(axes, (103.4, 7.5), (112, 7.5), (112, 11.5))
    arrow(axes, (8.5, 30.5), (8.5, 34), (112, 34), (112, 21.5))
    picture(axes, 4, 20, 9)
    for i, width in enumerate((9, 7, 8)):  # lines of captions
        axes.add_patch(Rectangle((4, 9.5 - 2 * i), width, 0.9, facecolor=PAPER, linewidth=0, zorder=3))
    chips(axes, ["a", "red", "boat"], 42, 7.5)
    chips(axes, ["a", "red", "boat", "sails"], 79.6, 7.5)
    cells(axes, 44, 21, 9, feature_shades(6), "features")
    bars(axes, 74.7, 18.5)
    for x, y, text in [
        (48.6, 19, "features"),
        (48.5, 3.5, "tokens"),
        (78, 12.8, "a logit\nper word"),
        (91.5, 3.5, "caption"),
        (69, 4.9, "the words so far"),
    ]:
        note(axes, x, y, text)
    note(axes, 110.5, 32, "reference captions", ha="right")
    arrow(axes, (66, 21.5), (66, 28), (53.5, 28), role="attention", dashed=True)
    note(axes, 67.5, 26, "attention", ha="left", color=ROLES["attention"])
    return figure


@house_style
def whole_architecture() -> Figure:
    """Draw the whole network, `ShowAttendTell` on ToyNet's features, with the shapes of the shipped model.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas("The CNN runs once per image; the decoder attends to its features again for every word", 63)
    lane(axes, "once per image", (0.5, 37, 119, 21.5))
    picture(axes, 4, 39, 13)
    box(axes, "CNN", "features", (32, 40.5, 16, 10), "ToyNet")
    cells(axes, 63, 39, 13, feature_shades(), "features")
    arrow(axes, (17, 45.5), (32, 45.5))
    arrow(axes, (48, 45.5), (62.6, 45.5))
    note(axes, 24.3, 47.3, "(96, 96, 3)")
    note(axes, 55.2, 47.3, "(144, 128)")
    note(axes, 78, 45.5, "features: 12 × 12 locations,\n128 channels", ha="left")
    lane(axes, "once per word", (0.5, 1, 119, 34))
    y = 20.5
    chips(axes, ["red"], 3, y)
    box(axes, "embedding", "words", (15, y - 4.5, 15, 9))
    box(axes, "LSTM", "state", (40, y - 4.5, 12, 9))
    box(axes, "attention", "attention", (62, y - 4.5, 15, 9))
    box(axes, "output", "words", (85, y - 4.5, 12, 9))
    bars(axes, 100.5, y + 1.5)
    chips(axes, ["boat"], 111.5, y)
    for start, end, shape in [
        (8.2, 15, ""),
        (30, 40, "xₜ (128)"),
        (52, 62, "hₜ (256)"),
        (77, 85, "v̂ₜ (256)"),
        (97, 111.3, "probabilities\n(105)"),
    ]:
        arrow(axes, (start, y), (end, y))
        note(axes, (start + end) / 2, y + (1.8 if end < 100 else -3), shape)
    arrow(axes, (114.5, y - 2.2), (114.5, 4), (5.6, 4), (5.6, y - 2.2))
    note(axes, 60, 5.7, "next input: the predicted word and the gated context vector")
    for x in (33, 55):  # word vector and hidden state bypass attention
        arrow(axes, (x, y), (x, 13.6), (91, 13.6), (91, y - 4.5), head=x == 55)
    arrow(axes, (64.5, 38.6), (64.5, 33), (46, 33), (46, y + 4.5))
    note(axes, 44.5, 30.5, "once per image: initial\nstate from the mean", ha="right")
    arrow(axes, (67.5, y + 4.5), (67.5, 38.6), role="attention", dashed=True)
    note(axes, 66.3, 28.5, "query", ha="right", color=ROLES["attention"])
    arrow(axes, (71.5, 38.6), (71.5, y + 4.5))
    note(axes, 73, 30.5, "keys and values\n(144, 256)", ha="left")
    for x, text in [
        (22.5, "token to\nword vector"),
        (46, "hidden and\ncell state (256)"),
        (69.5, "weighted mean\nover locations"),
        (91, "from xₜ, hₜ\nand v̂ₜ"),
    ]:
        note(axes, x, 10.2, text)
    return figure
