"""Step 2, inside the CNN: feature maps, top-activating patches, class activation maps, accuracies (lesson 03)."""

import numpy as np

from captionlib.plots.layout import GAP, TITLE, WIDTH, add_box, add_title, in_grey, show_picture
from captionlib.plots.palette import INK, MAP, PALE, QUIET, ROLES, Figure, house_style

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels of the picture


@house_style
def cam_maps(image: np.ndarray, maps: dict[str, np.ndarray], title: str, boxes: dict[str, Box] | None = None) -> Figure:
    """Show a picture and, beside it, class activation maps of it: yellow is where a map is largest.

    Args:
        image: (H, W, 3) uint8.
        maps: Label to (rows, columns), not negative; up to four.
        title: What they say together.
        boxes: For some labels the box to frame.

    Returns:
        A figure as wide as a notebook.
    """
    count = 1 + len(maps)
    side = (WIDTH - GAP * 3) / 4 if count <= 4 else (WIDTH - GAP * (count - 1)) / count
    height = TITLE + 0.3 + side * image.shape[0] / image.shape[1]
    figure = Figure(figsize=(count * (side + GAP) - GAP, height))
    across = figure.get_size_inches()[0]
    extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
    for i, label in enumerate(["the picture", *maps]):
        axes = figure.add_axes((i * (side + GAP) / across, 0, side / across, 1 - (TITLE + 0.3) / height))
        show_picture(axes, in_grey(image, 85, 251) if i else image)
        axes.set_title(label, fontsize=11, fontweight="normal", color=INK if i else QUIET)
        if i:
            share = maps[label] / max(maps[label].max(), 1e-9)  # (rows, columns), the largest is 1
            alpha = 0.3 + 0.6 * share**0.5  # where the map is small, the picture shows through
            axes.imshow(share, MAP, vmin=0, vmax=1, alpha=alpha, extent=extent, interpolation="nearest")
        if boxes and label in boxes:
            add_box(axes, *boxes[label])
    add_title(figure, title)
    return figure


@house_style
def top_activating_patches(image: np.ndarray, rows: list[tuple[str, np.ndarray, np.ndarray]], title: str) -> Figure:
    """Show, for some channels, their map of one picture and the patches of other pictures that activate them most.

    Args:
        image: (H, W, 3) uint8.
        rows: For each channel its label, its map (h, w) and its top-activating patches (N, p, p, 3) uint8.
        title: What they say together.

    Returns:
        A figure as wide as a notebook.
    """
    side, tall, head = 2.3, 0.66, 0.3  # inches: the picture, a map, the line above the first row
    left, apart = side + 0.3, tall + 0.28 + GAP  # each row has its label above
    small = (WIDTH - left - tall - 0.4) / len(rows[0][2]) - 0.06
    height = TITLE + head + len(rows) * apart
    figure = Figure(figsize=(WIDTH, height))

    def show(array, x, bottom, size, **how):
        axes = figure.add_axes((x / WIDTH, bottom / height, size / WIDTH, size / height))
        axes.imshow(array, **how)
        axes.axis("off")

    show(image, 0, height - TITLE - head - side, side, interpolation="lanczos")
    for i, (label, map_, patches) in enumerate(rows):
        bottom = height - TITLE - head - (i + 1) * apart + GAP
        show(map_, left, bottom, tall, cmap=MAP, vmin=0, interpolation="nearest")
        figure.text(left / WIDTH, (bottom + tall + 0.06) / height, label, va="bottom", color=INK)
        for j, patch in enumerate(patches):
            show(patch, left + tall + 0.4 + j * (small + 0.06), bottom, small, interpolation="nearest")
    for x, text in (
        (0, "the picture"),
        (left, "feature map"),
        (left + tall + 0.4, "patches of other pictures that activate it most"),
    ):
        figure.text(x / WIDTH, 1 - (TITLE + 0.14) / height, text, va="center", color=QUIET, fontsize=10)
    add_title(figure, title)
    return figure


@house_style
def feature_maps(image: np.ndarray, layers: dict[str, np.ndarray], title: str) -> Figure:
    """Show a picture, and a row of its feature maps for each of some layers.

    Args:
        image: (H, W, 3) uint8.
        layers: For each layer what stands on the left, and the maps (rows, columns, N) to show, none negative; the
            same N for each. Each map has its own scale, from 0 to its largest value.
        title: What they say together.

    Returns:
        A figure as wide as a notebook.
    """
    left, apart = 2.9, 0.08  # inches: the picture and the labels stand left of the maps
    count = next(iter(layers.values())).shape[2]
    side = (WIDTH - left) / count - apart
    height = TITLE + len(layers) * (side + apart)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, (height - TITLE - 1.7) / height, 1.7 / WIDTH, 1.7 / height))
    show_picture(axes, image)
    for row, (label, maps) in enumerate(layers.items()):
        bottom = height - TITLE - (row + 1) * (side + apart) + apart
        text = f"{label}\n{maps.shape[0]} × {maps.shape[1]}"
        figure.text((left - 0.12) / WIDTH, (bottom + side / 2) / height, text, ha="right", va="center", color=INK)
        for column in range(count):
            place = ((left + column * (side + apart)) / WIDTH, bottom / height, side / WIDTH, side / height)
            axes = figure.add_axes(place)
            axes.imshow(maps[..., column], MAP, vmin=0, interpolation="nearest")
            axes.axis("off")
    add_title(figure, title)
    return figure


@house_style
def predictions(images: np.ndarray, predicted: list[str], true: list[str], title: str) -> Figure:
    """Show small pictures with the class predicted for each, and below a wrong one the true class.

    Args:
        images: (N, h, w, 3) uint8, up to ten.
        predicted: N words.
        true: N words.
        title: What they say together.

    Returns:
        A figure as wide as a notebook.
    """
    side = (WIDTH - GAP * (len(images) - 1)) / len(images)
    height = TITLE + side + 0.55
    figure = Figure(figsize=(WIDTH, height))
    for i, (image, word, truth) in enumerate(zip(images, predicted, true, strict=True)):
        axes = figure.add_axes((i * (side + GAP) / WIDTH, 0.55 / height, side / WIDTH, side / height))
        show_picture(axes, image)
        right = word == truth
        style = {"transform": axes.transAxes, "ha": "center", "va": "top"}
        axes.text(0.5, -0.06, f"“{word}”", color=INK, weight="normal" if right else "bold", **style)
        axes.text(0.5, -0.06 - 0.24 / side, "right" if right else f"a {truth}", color=QUIET, fontsize=10, **style)
    add_title(figure, title)
    return figure


@house_style
def accuracy_bars(shares: dict[str, dict[str, float]], chance: dict[str, float], title: str, label: str) -> Figure:
    """Show accuracies, such as those of linear probes on some features, with the chance level marked.

    Args:
        shares: Question to {what was measured: share right, 0 to 1}; the same two to four for each question.
        chance: Question to its chance level.
        title: What they say together.
        label: What is counted, below the axis.

    Returns:
        A figure as wide as a notebook.
    """
    lines = sum(len(each) for each in shares.values())
    figure = Figure(figsize=(WIDTH, 0.95 + 0.3 * lines + 0.3 * len(shares)), layout="constrained")
    axes, y = figure.subplots(), 0.0
    for question, each in shares.items():
        axes.text(-0.005, y, question, ha="right", va="center", weight="bold")
        start, y = y + 0.5, y + 1
        for name, share in each.items():
            axes.barh(y, share, 0.72, color=ROLES["features"])
            axes.text(share + 0.008, y, f"{share:.0%}", va="center", color=INK)
            axes.text(-0.005, y, name, ha="right", va="center", color=INK)
            y += 1
        axes.plot([chance[question]] * 2, [start, y - 0.5], color=INK, linewidth=2)
        axes.text(chance[question], start - 0.05, "chance level", ha="center", va="bottom", color=QUIET, fontsize=10)
        y += 0.3
    axes.set(xlim=(0, 1.08), ylim=(y - 0.4, -0.6), yticks=[], xticks=[0, 0.5, 1], xticklabels=["0 %", "50 %", "100 %"])
    axes.set_xlabel(label)
    axes.spines["left"].set_color(PALE)
    add_title(figure, title)
    return figure
