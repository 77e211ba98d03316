"""Step 4, word vectors: one update, cosines and baseline, a map of words, colours joined by hue (lesson 05)."""

from collections.abc import Iterator

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from captionlib.plots.layout import WIDTH, add_title
from captionlib.plots.palette import COMPARED, INK, PALE, PAPER, QUIET, ROLES, Figure, house_style

ON_ORANGE = {"boxstyle": "round,pad=0.15", "facecolor": ROLES["words"], "edgecolor": "none"}
ON_PAPER = {
    "boxstyle": "square,pad=0",
    "facecolor": PAPER,
    "edgecolor": "none",
    "alpha": 0.75,
}  # no line strikes through
SHADE = "#c9d0d8"  # a distribution behind marks
LETTER, LINE = 0.082, 0.17  # inches: one letter and one line at 10 points
MARGIN = np.array([1.3, 0.5])  # inches of a map without dots, on both sides together
MOVED = 0.16  # inches: a word further from its dot gets a line
# Where a word may stand when its place is taken: rings around its dot, (N, 2), the nearest first.
ANGLES = np.arange(0, 2 * np.pi, np.pi / 8)
SPOTS = np.concatenate([r * np.column_stack([np.cos(ANGLES), 0.7 * np.sin(ANGLES)]) for r in np.arange(0.1, 2.6, 0.1)])


@house_style
def update_step(
    vectors: tuple[np.ndarray, np.ndarray],
    context: tuple[np.ndarray, np.ndarray],
    words: list[str],
    labels: np.ndarray,
    title: str,
) -> Figure:
    """Show how one update moves the vector of a centre word, a context word and negative samples, in two dimensions.

    Args:
        vectors: The vector of the centre word before and after the update, each (2,).
        context: The vectors of the other words before and after the update, each (N, 2).
        words: The centre word, then the N others.
        labels: (N,), 1 for a context word, 0 for a negative sample.
        title: What is seen.

    Returns:
        A square figure: dots before the update, arrows to where the vectors are after it.
    """
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    add_title(figure, title)
    before, after = (np.vstack(both) for both in zip(vectors, context, strict=True))  # (1 + N, 2)
    kinds = ["centre word", *np.where(labels == 1, "context word", "negative sample")]
    colours = {"centre word": ROLES["words"], "context word": COMPARED[0], "negative sample": QUIET}
    for start, end, word, kind in zip(before, after, words, kinds, strict=True):
        axes.plot(*np.column_stack([start * 0, start]), color=colours[kind], alpha=0.35, linewidth=1.2, zorder=1)
        if np.hypot(*(end - start)) > 0.2:  # a shorter arrow would hide in its dot
            style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "shrinkA": 5, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=style, zorder=3)
        axes.scatter(*start, s=80, color=colours[kind], edgecolors=INK, linewidths=0.8, zorder=2)
        side = 1 if start[0] >= 0 else -1
        style = {"textcoords": "offset points", "ha": "left" if side > 0 else "right", "va": "center"}
        axes.annotate(f"{word}\n{kind}", start, (11 * side, 0), fontsize=10, linespacing=1.1, zorder=4, **style)
    axes.axhline(0, color=PALE, linewidth=1, zorder=0)
    axes.axvline(0, color=PALE, linewidth=1, zorder=0)
    everything = np.vstack([before, after])
    low, high = everything.min(axis=0), everything.max(axis=0)
    axes.set(xlim=(low[0] - 1.7, high[0] + 1.9), ylim=(low[1] - 0.4, high[1] + 0.4), aspect="equal")
    axes.set(xlabel="first component of a vector", ylabel="second component")
    return figure


@house_style
def cosines_by_epoch(cosines: dict[str, np.ndarray], marked: dict[str, list[float]], title: str) -> Figure:
    """Show the cosines of all pairs of words at several epochs, with those of a few pairs marked.

    Args:
        cosines: Name of each epoch to the cosines of all pairs, (N,).
        marked: Name of each marked pair to its cosine at each epoch.
        title: What is seen.

    Returns:
        A figure as wide as a notebook, one distribution per epoch with its median.
    """
    figure = Figure(figsize=(WIDTH, 0.9 + 0.68 * len(cosines)), layout="constrained")
    axes = figure.subplots()
    add_title(figure, title)
    style = {"color": SHADE, "inner": None, "linewidth": 0, "width": 0.85}
    seaborn.violinplot(list(cosines.values()), orient="h", ax=axes, cut=0, density_norm="width", **style)
    rows = np.arange(len(cosines))
    shade = axes.collections[0]
    shade.set_label("cosines of all pairs:\nthe thicker, the more pairs")
    medians = [np.median(row) for row in cosines.values()]
    axes.scatter(medians, rows, marker="|", s=320, linewidths=2, color=INK, label="median of all pairs", zorder=3)
    for (name, values), colour in zip(marked.items(), COMPARED, strict=False):
        style = {"color": colour, "edgecolors": INK, "linewidths": 0.6, "zorder": 4, "clip_on": False}
        axes.scatter(values, rows, s=60, label=name, **style)
    axes.set_yticks(rows, list(cosines), color=INK)
    axes.set(xlim=(-1, 1), xlabel="cosine of the two word vectors")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@house_style
def pairs_and_baseline(cosines: dict[str, float], every: np.ndarray, title: str) -> Figure:
    """Show the cosines of a few pairs of words beside those of all pairs.

    Args:
        cosines: Name of each pair to its cosine.
        every: (N,), the cosines of all pairs.
        title: What is seen.

    Returns:
        A figure with one dot per pair; a band holds nine of ten of all pairs, a line is their median.
    """
    figure = Figure(figsize=(8.4, 0.95 + 0.32 * len(cosines)), layout="constrained")
    axes = figure.subplots()
    add_title(figure, title)
    low, median, high = np.quantile(every, [0.05, 0.5, 0.95])
    axes.axvspan(low, high, color=SHADE, linewidth=0, label="90 % of all pairs")
    axes.axvline(median, color=INK, linewidth=1.5, label="median of all pairs")
    rows = np.arange(len(cosines))[::-1]
    axes.scatter(list(cosines.values()), rows, s=70, color=ROLES["words"], edgecolors=INK, linewidths=0.8, zorder=3)
    for row, value in zip(rows, cosines.values(), strict=True):
        axes.annotate(f"{value:.2f}", (value, row), (8, 0), textcoords="offset points", va="center", fontsize=10)
    axes.set_yticks(rows, list(cosines), color=INK)
    axes.set_xticks(np.arange(0, 1.01, 0.2))
    axes.set(xlim=(min(low, 0) - 0.02, 1.14), ylim=(-0.6, len(cosines) - 0.4), xlabel="cosine of the two word vectors")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.03, 0.5))
    return figure


@house_style
def word_map(
    points: np.ndarray,
    words: list[str],
    title: str,
    highlighted: str | None = None,
    neighbours: tuple = (),
    frame: np.ndarray | None = None,
    categories: dict[str, tuple[str, ...]] | None = None,
) -> Figure:
    """Show words as a map, none of them on top of another; a thin line leads from a word that had to move to its dot.

    Args:
        points: (V, 2), where each word lies.
        words: The V words.
        title: What the map says.
        highlighted: A word to stand out, on orange, with the others written where there is room; None writes all alike.
        neighbours: Of that word, in bold.
        frame: (N, 2), points that must fit too, so that maps can be compared; None for `points` alone, with more
            room where they crowd.
        categories: Up to six names of categories, each with its words: dots and words get their category's colour.

    Returns:
        A figure as wide as a notebook.
    """
    figure = Figure(figsize=(WIDTH, 6.2))
    axes = figure.add_axes((0.005, 0.005, 0.99, 0.93))
    add_title(figure, title)
    colours = {}
    for (name, members), colour in zip((categories or {}).items(), COMPARED, strict=False):
        colours |= dict.fromkeys(members, colour)
        axes.scatter([], [], s=60, color=colour, label=name)
    if categories:
        figure.legend(loc="upper right", ncols=len(categories), bbox_to_anchor=(1, 1.005), handletextpad=0.2)
    size = (9.1, 5.75)
    if frame is None:
        half = np.array([[LETTER * len(word) / 2 + 0.08, 0.1] for word in words])
        frame = points = uncrowded(points, half, size)
    scatter_words(axes, in_inches(points, frame, size), words, size, words, highlighted, neighbours, colours)
    return figure


@house_style
def colour_circles(panels: dict[str, np.ndarray], words: list[str], colours: list[tuple], title: str) -> Figure:
    """Show where colour words lie, each as a dot in the colour it names, joined in the order given.

    Args:
        panels: Name of each panel to the words' points, (N, 2).
        words: The N words, in the order of the colour circle.
        colours: For each word red, green, blue from 0 to 255.
        title: What the panels say together.

    Returns:
        A figure with the panels side by side, each on its own scale.
    """
    figure, size = Figure(figsize=(4.6 * len(panels), 4.5)), (4.4, 3.7)
    add_title(figure, title)
    for number, (name, points) in enumerate(panels.items()):
        place = (0.01 + number / len(panels), 0.02, size[0] / 4.6 / len(panels), size[1] / 4.5)
        axes = figure.add_axes(place, xlim=(0, size[0]), ylim=(0, size[1]), xticks=[], yticks=[])
        axes.set_title(name, fontsize=11, fontweight="normal", color=QUIET)
        axes.spines[:].set_visible(False)
        middle, half = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points, axis=0).max() / 2
        dots = np.array(size) / 2 + (points - middle) / half * 1.25  # (N, 2), inches; both axes on one scale
        axes.plot(*np.append(dots, dots[:1], axis=0).T, color=QUIET, alpha=0.6, linewidth=1, zorder=1)
        axes.scatter(*dots.T, s=130, c=np.array(colours) / 255, edgecolors=INK, linewidths=0.8, zorder=2)
        for group in close_together(dots, 0.5):
            named = [f"{words[i]}," for i in group[:-1]] + [words[group[-1]]]
            told = "\n".join(" ".join(named[i : i + 2]) for i in range(0, len(named), 2))
            place = dots[group].mean(axis=0)
            outward = place - dots.mean(axis=0)
            if len(group) == 1:  # away from the lines to its two neighbours
                lines_from = dots[[group[0] - 1, (group[0] + 1) % len(dots)]] - place
                outward = -(lines_from / np.hypot(*lines_from.T)[:, None]).sum(axis=0)
            outward = outward / max(np.hypot(*outward), 1e-9)
            room = np.abs(dots[group] - place).max(axis=0) + [0.18, 0.2]
            align = "left" if outward[0] > 0.4 else "right" if outward[0] < -0.4 else "center"
            axes.text(*(place + outward * room), told, ha=align, va="center", fontsize=10)
    return figure


def close_together(dots: np.ndarray, reach: float) -> list[list[int]]:
    """Group dots (N, 2) that lie within reach of each other, directly or through others: the ids of each group."""
    groups = []
    for i, dot in enumerate(dots):
        near = [group for group in groups if (np.hypot(*(dots[group] - dot).T) < reach).any()]
        groups = [group for group in groups if group not in near] + [sorted([*sum(near, []), i])]
    return groups


def uncrowded(points: np.ndarray, half: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Give crowded areas of a map more room: mix coordinates with their ranks, then push words apart up and down.

    Args:
        points: (V, 2), where the words lie.
        half: (V, 2), half of each word's width and height in inches.
        size: Width and height of the map.

    Returns:
        (V, 2), in inches; from left to right their order is kept.
    """
    share = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-9)  # 0 to 1
    ranks = points.argsort(axis=0).argsort(axis=0) / max(len(points) - 1, 1)
    dots = (0.6 * share + 0.4 * ranks) * (np.array(size) - MARGIN)
    tie = np.sign(np.arange(len(dots))[:, None] - np.arange(len(dots))) * 1e-6  # for words at the same height
    for _ in range(60):
        apart = dots[:, None] - dots  # (V, V, 2)
        overlap = half[:, None] + half - np.abs(apart)
        touching = (overlap > 0).all(axis=2) & (tie != 0)
        dots[:, 1] += 0.25 * np.where(touching, np.sign(apart[..., 1] + tie) * overlap[..., 1], 0).sum(axis=1)
    return dots


def in_inches(points: np.ndarray, frame: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Scale points (V, 2) so that all points of a frame (N, 2) lie well inside a map of a size in inches: (V, 2)."""
    low, high = frame.min(axis=0), frame.max(axis=0)
    return MARGIN / 2 + (points - low) / np.maximum(high - low, 1e-9) * (np.array(size) - MARGIN)


def scatter_words(
    axes: Axes,
    dots: np.ndarray,
    words: list[str],
    size: tuple,
    written: list[str],
    highlighted: str | None = None,
    neighbours: tuple = (),
    colours: dict[str, str] | None = None,
) -> None:
    """Fill axes with dots (V, 2) in inches and words beside them, neither over each other nor over the rim.

    Args:
        axes: What to fill.
        dots: (V, 2).
        words: The V words.
        size: Width and height in inches.
        written: The words to write; the others are a dot only.
        highlighted: A word on orange; other words are then written only where they find room near their dots.
        neighbours: Words in bold beside it.
        colours: Words to the colour of their dot and of the tint behind them; other words are plain.
    """
    colours = colours or {}
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    first = np.isin(words, [highlighted, *neighbours] if highlighted else written)  # (V,)
    told = np.argsort(~first, kind="stable")  # the highlighted word chooses its place first
    told = told[np.isin(words, written)[told] | first[told]]  # (W,)
    letter = LETTER * (1.1 if highlighted else 1)  # bold is wider
    half = np.array([[letter * len(words[i]) / 2, LINE / 2] for i in told])  # (W, 2)
    furthest = np.where(first[told] | (highlighted is None), np.inf, 0.4)  # the others only where there is room
    middles = free_spots(dots[told], half, size, dots, furthest)
    told, middles, half = (each[np.isfinite(middles[:, 0])] for each in (told, middles, half))
    ends = middles + np.clip(dots[told] - middles, -half, half)  # (W, 2), where a word is nearest to its dot
    reach = np.hypot(*(ends - dots[told]).T)  # (W,) how far from its dot a word had to go
    moved = reach > MOVED
    for chosen, alpha in ((moved & ~first[told], 0.4), (moved & first[told], 1)):
        leaders = np.stack([dots[told], ends], axis=1)[chosen]  # (lines, 2 ends, 2)
        axes.add_collection(LineCollection(leaders, colors=QUIET, alpha=alpha, linewidths=0.8))
    for i, middle in zip(told, middles, strict=True):
        style = {"color": INK if first[i] else QUIET, "weight": "bold" if highlighted and first[i] else "normal"}
        style["bbox"] = ON_ORANGE if words[i] == highlighted else None if highlighted else ON_PAPER  # a slider waits
        if words[i] in colours:
            style["bbox"] = ON_PAPER | {"facecolor": (colours[words[i]], 0.3), "alpha": None}
        axes.text(*middle, words[i], ha="center", va="center_baseline", fontsize=10, **style)
    axes.scatter(*dots[~first].T, s=9, color=QUIET, alpha=0.5, linewidths=0)
    plain = QUIET if colours else ROLES["words"]
    axes.scatter(
        *dots[first].T, s=16, color=[colours.get(words[i], plain) for i in np.flatnonzero(first)], linewidths=0
    )


def free_spots(
    dots: np.ndarray, half: np.ndarray, size: tuple[float, float], things: np.ndarray, furthest: np.ndarray
) -> np.ndarray:
    """Find a place for every word, one after the other, as near to its dot as earlier words and lines leave room.

    The package adjustText does the same by forces; on a map of 74 words it took four times as long, too long for a
    slider, put words onto dots, and a word on any side of its dot.

    Args:
        dots: (W, 2), in inches, of the words to write.
        half: (W, 2), half of each word's width and height.
        size: Width and height of the map.
        things: (N, 2), points that no word may cover: the dots of the map, or points along a line.
        furthest: (W,), how far from its dot each word may go.

    Returns:
        The middle of every word, (W, 2). Where no spot is free, a word that may go anywhere takes the nearest one in
        the map, and another one is infinitely far away.
    """
    middles, lines = np.zeros_like(dots), np.zeros((0, 2))  # lines: points along the leaders so far
    for i, (dot, own, far) in enumerate(zip(dots, half, furthest, strict=True)):
        spots = dot + SPOTS + np.sign(SPOTS.round(6)) * [own[0], 0]  # (S, 2): beside the dot, not on it
        spots = spots[((spots >= own) & (spots <= np.array(size) - own)).all(axis=1)]
        spots = spots[np.hypot(*np.maximum(np.abs(spots - dot) - own, 0).T) < far]
        taken = np.concatenate([middles[:i], things, lines])  # (N, 2)
        reach = own + 0.02 + np.append(half[:i], np.zeros((len(taken) - i, 2)), axis=0)
        found = None
        for spot in free_of(taken, reach, spots):
            found = spot if found is None else found
            line = leader(dot, spot, own)
            through = (np.abs(line[:, None] - middles[:i]) < half[:i]).all(axis=2).any()
            if not through and (np.abs(line[:, None] - lines).max(axis=2) > 0.05).all():
                found = spot
                break
        if found is None and far < np.inf:
            middles[i] = np.inf
            continue
        middles[i] = spots[0] if found is None else found
        line = leader(dot, middles[i], own)
        lines = np.append(lines, line, axis=0) if np.hypot(*(line[-1] - dot)) > MOVED else lines
    return middles


def free_of(taken: np.ndarray, reach: np.ndarray, spots: np.ndarray) -> Iterator[np.ndarray]:
    """Go through spots (S, 2), a few at a time, and give those further than `reach` from all taken points (N, 2)."""
    for few in np.array_split(spots, len(spots) // len(ANGLES) + 1):  # most words find room beside their dot
        yield from few[(np.abs(few[:, None] - taken) > reach).any(axis=2).all(axis=1)]


def leader(dot: np.ndarray, middle: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Give points (P, 2) along the line from near a dot to the nearest edge of its word."""
    return dot + np.linspace(0.2, 1, 16)[:, None] * (middle + np.clip(dot - middle, -half, half) - dot)
