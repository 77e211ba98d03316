"""How each part works in the model: the CNN (lesson 03), the LSTM (06), attention (08) and the Transformer (12).

Shapes are those of the shipped models for ToyScenes; a test holds them against the models.
"""

import numpy as np
from matplotlib.axes import Axes

from captionlib.course.figures.drawing import (
    arrow,
    attention_weights,
    box,
    canvas,
    cells,
    chips,
    feature_shades,
    joint,
    lane,
    note,
    picture,
    scene,
    sheet,
)
from captionlib.plots.attention import attention_overlay
from captionlib.plots.palette import INK, PAPER, Figure, house_style

SUBSCRIPTS = "₀₁₂₃"  # math text is off in figures

# ToyNet's layers: name, kernel, left and bottom of the drawn map, locations per side, channels, receptive field.
MAPS = [("layer 1", 3, 17, 47, 48, 24, 3), ("layer 2", 3, 31.5, 47, 48, 32, 7), ("layer 3", 3, 46, 47, 24, 64, 11)]
MAPS += [("layer 4", 3, 62, 36, 24, 96, 19), ("layer 5", 3, 76.5, 36, 12, 128, 27), ("layer 6", 1, 91, 36, 12, 160, 27)]
MAPS += [("shape", 1, 105.5, 36, 12, 96, 27), ("colour", 2, 76.5, 61, 12, 32, 15)]
SIDE = 9  # of a drawn map


@house_style
def how_the_cnn_works() -> Figure:
    """Draw ToyNet layer by layer, the receptive field of each layer, and what one layer does.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas("Deeper layers have fewer locations, and each location has a larger receptive field", 79)
    lane(axes, "once per image", (0.5, 22, 119, 52.5))
    picture(axes, 2.5, 47, SIDE)
    note(axes, 7, 45.2, "(96, 96, 3)")
    told = "above each map: layer and size of its kernels\n(rows, columns, channels); more sheets: more channels\n"
    told += "stride 2 halves rows and columns\nbottom: receptive field of one location, in pixels"
    note(axes, 2.5, 28.5, told, ha="left")
    for layer in MAPS:
        feature_map(axes, *layer)
    for start, end, y in [(12, 16.6, 51.5), (26.5, 31.1, 51.5), (41.2, 45.6, 51.5), (73.2, 76.1, 40.5)]:
        arrow(axes, (start, y), (end, y))
    for start, end in [(88.2, 90.6), (103.2, 105.1)]:
        arrow(axes, (start, 40.5), (end, 40.5))
    arrow(axes, (56.5, 51.5), (59, 51.5), (59, 40.5), (61.6, 40.5))
    arrow(axes, (56.5, 51.5), (59, 51.5), (59, 65.5), (76.1, 65.5))
    cells(axes, 105.5, 57, SIDE, feature_shades(), "features")
    arrow(axes, (86.4, 65.5), (98, 65.5), (98, 61.5), (105.1, 61.5))
    arrow(axes, (116.2, 40.5), (118, 40.5), (118, 61.5), (114.9, 61.5))
    note(axes, 110, 55.2, "concatenated")
    note(axes, 110, 69.2, "features\n(144, 128)")
    one_layer(axes)
    return figure


def feature_map(axes: Axes, name: str, kernel: int, x: float, y: float, locations: int, depth: int, field: int) -> None:
    """Draw a layer's map as sheets, more of them where it is deeper, its name, shape and receptive field."""
    sheets = depth // 32 + 1
    for number in reversed(range(sheets)):
        sheet(axes, x + 0.5 * number, y + 0.5 * number, SIDE)
    cells(axes, x, y, SIDE, feature_shades(locations), "features")
    note(axes, x + SIDE / 2, y + SIDE + 0.5 * sheets + 1.4, f"{name}: {kernel}×{kernel}")
    note(axes, x + SIDE / 2, y - 1.8, f"({locations}, {locations}, {depth})")
    side = 0.26 * field  # one scale for all, so that they can be compared
    middle, half = (48, 18), field // 2  # the boat
    part = scene()[tuple(slice(m - half, m - half + field) for m in middle)]
    picture(axes, x + (SIDE - side) / 2, y - 3.6 - side, side, part)
    note(axes, x + SIDE / 2, y - 5.2 - side, f"{field} × {field}")


def one_layer(axes: Axes) -> None:
    """Draw what a convolutional layer does at one location: products, their sum, batch normalisation, ReLU."""
    lane(axes, "one layer at one location with one kernel (C: channels of its input)", (0.5, 1, 119, 19.5))
    y, kernel = 9, np.array([[0.3, 0.9, 0.5], [0.2, 1, 0.4], [0.3, 0.8, 0.2]])
    picture(axes, 20, 10.5, 5.7, scene()[36:39, 14:17])
    for line in (1.9, 3.8):  # between the pixels
        axes.vlines(20 + line, 10.5, 16.2, color=PAPER, linewidth=1.5, zorder=3)
        axes.hlines(10.5 + line, 20, 25.7, color=PAPER, linewidth=1.5, zorder=3)
    cells(axes, 20, 2.2, 5.7, kernel, "features")
    joint(axes, 34, y, "⊙", "features")
    for height, text in [(13.5, "patch 3 × 3 × C"), (5, "kernel 3 × 3 × C")]:
        note(axes, 18.4, height, text, ha="right")
        arrow(axes, (26.3, height), (34, height), (34, y + (1.7 if height > y else -1.7)))
    for start, end in [(35.7, 40), (52, 56.5), (81.5, 86), (97, 102.6)]:
        arrow(axes, (start, y), (end, y))
    box(axes, "sum", "features", (40, y - 4.5, 12, 9), "of products")
    box(axes, "batch normalisation", "features", (56.5, y - 4.5, 25, 9), "per channel")
    box(axes, "ReLU", "features", (86, y - 4.5, 11, 9), "max(0, ·)")
    one = np.full((12, 12), 0.12)
    one[5, 2] = 1
    cells(axes, 103, y - 4.5, SIDE, one, "features")
    note(axes, 107.5, y - 6.3, "one activation")


@house_style
def how_the_lstm_works() -> Figure:
    """Draw `ShowAndTell`: the image gives the initial state, one LSTM step per word, and the gates inside a step.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas(
        "The cell state changes in only two ways: the forget gate scales it, and something is added", 72
    )
    lane(axes, "once per image", (0.5, 38.5, 36.5, 29))
    lane(axes, "once per word", (39, 38.5, 80.5, 29))
    cells(axes, 3, 46, 11, feature_shades(), "features")
    note(axes, 8.5, 43.7, "features\n(144, 128)")
    box(axes, "initial state", "state", (18, 47, 17, 9), "from the mean")
    arrow(axes, (14, 51.5), (18, 51.5))
    note(axes, 45.7, 55.4, "c₀ (256)")
    note(axes, 45.7, 47.6, "h₀ (256)")
    words = ["<start>", "a", "red", "boat", "sails"]
    for step, (before, left) in enumerate(zip((35, 63, 81, 99), (52, 70, 88, 106), strict=True)):
        arrow(axes, (before, 53.5), (left, 53.5), role="state", bold=True)
        arrow(axes, (before, 49.5), (left, 49.5), role="state")
        if step:
            note(axes, left - 3.7, 55.4, f"c{SUBSCRIPTS[step]}")
            note(axes, left - 3.7, 47.6, f"h{SUBSCRIPTS[step]}")
        box(axes, "LSTM", "state", (left, 47, 11, 9))
        for word, y in ((words[step], 41.5), (words[step + 1], 61.5)):
            chips(axes, [word], left + 5.5 - (1.7 + 1.15 * len(word)) / 2, y)
        arrow(axes, (left + 5.5, 43.5), (left + 5.5, 47))
        arrow(axes, (left + 5.5, 56), (left + 5.5, 59.5))
    note(axes, 51, 41.5, "input word", ha="right")
    note(axes, 51, 61.5, "next word", ha="right")
    inside_a_step(axes)
    return figure


def inside_a_step(axes: Axes) -> None:
    """Draw the three gates and the candidate of an LSTM step, and what they do to the cell state."""
    told = "one step: σ gives 0 to 1, tanh gives −1 to 1, ⊙ multiplies elementwise"
    lane(axes, told, (0.5, 1, 119, 35.5))
    cell, middle, bus = 27, 18.5, 4.5
    for x, y, text in (
        (3, cell, "cell state\ncₜ₋₁ (256)"),
        (106.5, cell, "cell state\ncₜ (256)"),
        (106.5, middle + 1, "hidden state\nhₜ (256)"),
        (9.2, 11, "word vector\nxₜ (128)"),
        (3, bus, "hidden state\nhₜ₋₁ (256)"),
    ):
        note(axes, x, y, text, ha="left")
    for start, end in ((14.5, 32.3), (35.7, 60.3), (63.7, 105.5)):
        arrow(axes, (start, cell), (end, cell), role="state", bold=True)
    for x, y, sign in ((34, cell, "⊙"), (62, cell, "+"), (62, middle, "⊙"), (94, middle, "⊙")):
        joint(axes, x, y, sign, "state")
    note(axes, 34, cell + 3.2, "fₜ ⊙ cₜ₋₁", color=INK)
    note(axes, 62, cell + 3.2, "cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ gₜ", color=INK)
    note(axes, 63.2, 22.8, "iₜ ⊙ gₜ", ha="left", color=INK)
    note(axes, 95.3, 15.5, "hₜ = oₜ ⊙ tanh(cₜ)", ha="left", color=INK)
    for x, name, span in (
        (34, "forget gate fₜ", "σ"),
        (53.5, "input gate iₜ", "σ"),
        (74, "candidate gₜ", "tanh"),
        (94, "output gate oₜ", "σ"),
    ):
        box(axes, name, "state", (x - 9, 7, 18, 7), span)
        arrow(axes, (x, bus), (x, 7))
    arrow(axes, (34, 14), (34, cell - 1.7))
    arrow(axes, (53.5, 14), (53.5, middle), (60.3, middle))
    arrow(axes, (74, 14), (74, middle), (63.7, middle))
    arrow(axes, (62, middle + 1.7), (62, cell - 1.7))
    arrow(axes, (94, 14), (94, middle - 1.7))
    arrow(axes, (94, cell), (94, middle + 1.7))
    box(axes, "tanh", "state", (90, 21.9, 8, 3.4))
    arrow(axes, (95.7, middle), (105.5, middle), role="state")
    chips(axes, ["red"], 3, 11)
    arrow(axes, (20.5, 11), (23, 11), (23, bus), head=False)
    arrow(axes, (15.5, bus), (23, bus), role="state", head=False)
    arrow(axes, (23, bus), (94, bus), head=False)
    note(axes, 64, 2.6, "xₜ and hₜ₋₁ go to all four; each has its own weights W, U and bias b")


@house_style
def how_attention_works() -> Figure:
    """Draw one attention step of `ShowAttendTell`: the LSTM's new hidden state gives the query.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas("For each word, attention averages the values, mostly those whose keys match the query", 63)
    lane(axes, "once per image", (0.5, 35, 119, 23.5))
    cells(axes, 4, 41, 12, feature_shades(), "features")
    note(axes, 10, 38.2, "features\n(144, 128)")
    box(axes, "values", "features", (36, 47, 16, 8.5), "(144, 256)")
    box(axes, "keys", "features", (36, 36.5, 16, 8.5), "(144, 256)")
    arrow(axes, (16, 47), (26, 47), (26, 51.2), (36, 51.2))
    arrow(axes, (44, 47), (44, 45))
    lane(axes, "once per word", (0.5, 1, 119, 32))
    y = 18.5
    chips(axes, ["red"], 7.4, 27)
    arrow(axes, (10, 25), (10, y + 4.5))
    box(axes, "LSTM", "state", (4, y - 4.5, 12, 9), "state hₜ")
    box(axes, "score", "attention", (36, y - 4.5, 16, 9), "qₜ · kₗ / √d")
    arrow(axes, (16, y), (36, y))
    note(axes, 26, y + 1.8, "query qₜ (256)")
    arrow(axes, (44, 36.5), (44, y + 4.5))
    note(axes, 55, 40.7, "key kₗ: compared with the query", ha="left")
    weights = attention_weights()
    picture(axes, 63, y - 6, 12, attention_overlay(scene(), weights))
    arrow(axes, (52, y), (62.6, y))
    note(axes, 57, y + 1.8, "softmax")
    note(axes, 66, y + 7.8, "attention weights αₜₗ (144), sum 1")
    box(axes, "weighted mean", "attention", (79.3, y - 4.5, 19.6, 9), "context vector v̂ₜ")
    arrow(axes, (75, y), (79.3, y))
    arrow(axes, (52, 51.2), (89.5, 51.2), (89.5, y + 4.5))
    note(axes, 55, 53, "value vₗ: content of location ℓ", ha="left")
    joint(axes, 102, y, "⊙", "attention")
    arrow(axes, (98.9, y), (100.3, y))
    box(axes, "output", "words", (108, y - 4.5, 10.5, 9))
    arrow(axes, (103.7, y), (108, y))
    arrow(axes, (13, y - 4.5), (13, 8.3), (102, 8.3), (102, y - 1.7))
    note(axes, 15, 10.1, "context gate ĝₜ (256): σ, from 0 to 1", ha="left")
    arrow(axes, (105.5, y), (105.5, 3.5), (7, 3.5), (7, y - 4.5))
    note(axes, 15, 5.3, "gated context vector (256): also an input of the next step", ha="left")
    return figure


@house_style
def how_the_transformer_works() -> Figure:
    """Draw `TransformerCaptioner`: a residual stream per token, to which three sub-layers add in each of two blocks.

    Returns:
        A figure as wide as a notebook.
    """
    figure, axes = canvas("In each of 2 blocks, every token attends to the tokens so far, then to the image", 68)
    lane(axes, "once per image", (0.5, 46, 119, 17.5))
    cells(axes, 4, 48, 11, feature_shades(), "features")
    note(axes, 16.5, 55.3, "features (144, 128)", ha="left")
    box(axes, "keys and values", "features", (58.3, 49, 22, 9), "4 heads × (144, 48)")
    arrow(axes, (15, 53.5), (58.3, 53.5))
    lane(axes, "once per word", (0.5, 1, 119, 43))
    lane(axes, "2 blocks in sequence", (35, 2, 69.6, 40.5))
    told = "T: tokens so far\n+: residual connection\nmask: a token attends only\nto itself and earlier tokens\n"
    told += "feed-forward: at each\nposition on its own"
    note(axes, 2.1, 30, told, ha="left")
    y = 8.6
    for number, word in enumerate(["<start>", "a", "red"]):
        chips(axes, [word], 1.4, y + 4.6 * (1 - number))
    arrow(axes, (11.2, y), (13.4, y))
    box(axes, "embedding", "words", (13.4, y - 4.5, 15, 9), "+ position")
    arrow(axes, (28.4, y), (55.5, y), role="state")
    note(axes, 40.5, y + 1.9, "(T, 192)")
    for x, width, end, name, below, role in [
        (45.5, 19, 79.3, "self-attention", "masked, 4 heads", "attention"),
        (69.3, 19, 101, "cross-attention", "4 heads", "attention"),
        (92, 17, 109.8, "feed-forward", "GELU (768)", "state"),
    ]:
        box(axes, name, role, (x - width / 2, 19, width, 9), below)
        arrow(axes, (x, y), (x, 19))
        note(axes, x + 1, 14, "layer\nnorm", ha="left")
        right = x + width / 2
        arrow(axes, (right, 23.5), (right + 2.2, 23.5), (right + 2.2, y + 1.7))
        joint(axes, right + 2.2, y, "+", "state")
        arrow(axes, (right + 3.9, y), (end, y), role="state")
    arrow(axes, (69.3, 49), (69.3, 28))
    cells(axes, 42, 31, 7, np.tril(np.full((4, 4), 0.8)) + 0.1, "attention")
    arrow(axes, (45.5, 31), (45.5, 28))
    note(axes, 50.3, 34.7, "keys and values\nof tokens so far,\ncached: 4 × (T, 48)", ha="left")
    note(axes, 107.2, y + 3, "layer\nnorm")
    box(axes, "output", "words", (109.8, y - 4.5, 9.4, 9))
    arrow(axes, (114.5, y + 4.5), (114.5, 20))
    note(axes, 113.5, 16.6, "logits\n(T, 105)", ha="right")
    chips(axes, ["boat"], 111.3, 22)
    note(axes, 118.9, 25.6, "next word", ha="right")
    return figure
