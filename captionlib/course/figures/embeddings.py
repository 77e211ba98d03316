"""Step 4, word vectors: a heat map of similarities, a map of words, the map as it forms (lesson 05)."""

from collections.abc import Iterator

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from captionlib.errors import CaptionlibError
from captionlib.plots.layout import WIDTH, add_title
from captionlib.plots.palette import INK, MAP, PAPER, QUIET, ROLES, Figure, house_style

ON_ORANGE = {"boxstyle": "round,pad=0.15", "facecolor": ROLES["words"], "edgecolor": "none"}
ON_PAPER = {
    "boxstyle": "square,pad=0",
    "facecolor": PAPER,
    "edgecolor": "none",
    "alpha": 0.75,
}  # no line strikes through
LETTER, LINE = 0.082, 0.17  # inches: one letter and one line at 10 points
MOVED = 0.16  # inches: a word further from its dot gets a line
# Where a word may stand when its place is taken: rings around its dot, (N, 2), the nearest first.
ANGLES = np.arange(0, 2 * np.pi, np.pi / 8)
SPOTS = np.concatenate([r * np.column_stack([np.cos(ANGLES), 0.7 * np.sin(ANGLES)]) for r in np.arange(0.1, 2.6, 0.1)])


@house_style
def similarity_map(cosines: np.ndarray, words: list[str], title: str) -> Figure:
    """Show how alike any two of a few words are.

    Args:
        cosines: (N, N); the scale goes from 0 to 1, and what is negative looks like 0.
        words: The N words, in the order of the rows.
        title: What the map says.

    Returns:
        A square figure.

    Raises:
        CaptionlibError: The shapes do not belong together.
    """
    if np.shape(cosines) != (len(words), len(words)):
        wanted = (len(words), len(words))
        raise CaptionlibError(f"{len(words)} words need cosines of shape {wanted}, not {np.shape(cosines)}.")
    side = 1.2 + 0.44 * len(words)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.subplots()
    seaborn.heatmap(
        cosines, vmin=0, vmax=1, cmap=MAP, square=True, ax=axes, xticklabels=words, yticklabels=words,
        annot=np.where(np.eye(len(words)) == 1, "", np.char.mod("%.2f", cosines)), fmt="",
        annot_kws={"fontsize": 10}, linewidths=1, linecolor=PAPER, cbar_kws={"label": "cosine", "shrink": 0.8},
    )  # fmt: skip
    axes.set_title(title)
    axes.tick_params(length=0, labelcolor=INK)
    axes.tick_params(axis="x", rotation=45)
    return figure


@house_style
def word_map(
    points: np.ndarray, words: list[str], title: str, highlighted: str | None = None, neighbours: tuple = (), frame=None
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

    Returns:
        A figure as wide as a notebook.
    """
    figure = Figure(figsize=(WIDTH, 6.2))
    axes = figure.add_axes((0.005, 0.005, 0.99, 0.93))
    add_title(figure, title)
    size = (9.1, 5.75)
    if frame is None:
        frame = points = uncrowded(points)
    scatter_words(axes, in_inches(points, frame, size), words, size, words, highlighted, neighbours)
    return figure


@house_style
def word_map_snapshots(
    points: np.ndarray, words: list[str], times: list[str], written: list[str], title: str
) -> Figure:
    """Show a map of words at several times, all on one scale, so that one sees groups of words form.

    Args:
        points: (N, V, 2), where each word lies at each of N times.
        words: The V words, each a dot.
        times: N, when each panel is.
        written: Those words that are also written.
        title: What the panels say together.

    Returns:
        A figure as wide as a notebook, three panels per row.
    """
    rows, size = -(-len(points) // 3), (3.0, 2.6)
    height = 0.35 + 2.95 * rows
    figure = Figure(figsize=(WIDTH, height))
    add_title(figure, title)
    for number, (now, time) in enumerate(zip(points, times, strict=True)):
        row, column = divmod(number, 3)
        bottom = (height - 0.3 - 2.95 * (row + 1)) / height
        axes = figure.add_axes((0.005 + column / 3, bottom, size[0] / WIDTH, size[1] / height))
        axes.set_title(time, fontsize=11, fontweight="normal", pad=4, color=QUIET)
        scatter_words(axes, in_inches(now, points.reshape(-1, 2), size), words, size, written)
        axes.spines[:].set(visible=True, color=QUIET, alpha=0.4)
    return figure


@house_style
def colour_circles(panels: dict[str, np.ndarray], words: list[str], colours: list[tuple]) -> Figure:
    """Show where colour words lie, each as a dot in the colour it names, joined in the order given.

    Args:
        panels: Name of each panel to the words' points, (N, 2).
        words: The N words, in the order of the colour circle.
        colours: For each word red, green, blue from 0 to 255.

    Returns:
        A figure with the panels side by side, each on its own scale.
    """
    figure, size = Figure(figsize=(4.6 * len(panels), 4.2)), (4.4, 3.7)
    for number, (name, points) in enumerate(panels.items()):
        place = (0.01 + number / len(panels), 0.02, size[0] / 4.6 / len(panels), size[1] / 4.2)
        axes = figure.add_axes(place, xlim=(0, size[0]), ylim=(0, size[1]), xticks=[], yticks=[])
        axes.set_title(name)
        axes.spines[:].set_visible(False)
        middle, half = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points, axis=0).max() / 2
        dots = np.array(size) / 2 + (points - middle) / half * 1.45  # (N, 2), inches; both axes on one scale
        axes.plot(*np.append(dots, dots[:1], axis=0).T, color=QUIET, alpha=0.6, linewidth=1, zorder=1)
        axes.scatter(*dots.T, s=190, c=np.array(colours) / 255, edgecolors=INK, linewidths=0.8, zorder=2)
        rim = np.array([[0.1, 0.1]])  # a dot is a disc here: words stay further off
        letters = np.array([[LETTER * len(word) / 2, LINE / 2] for word in words])
        spots = free_spots(dots, letters + rim, size, dots, np.full(len(dots), np.inf))
        for spot, dot, word in zip(spots, dots, words, strict=True):
            if np.hypot(*(spot - dot)) > 0.6:
                axes.plot(*np.column_stack([dot, spot]), color=QUIET, linewidth=0.8, linestyle=":", zorder=0)
            axes.text(*spot, word, ha="center", va="center_baseline", fontsize=10, bbox=ON_PAPER, zorder=3)
    return figure


def uncrowded(points: np.ndarray) -> np.ndarray:
    """Give crowded places of a map (V, 2) more room: mix each coordinate with its rank, which keeps their order."""
    share = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-9)  # 0 to 1
    return 0.6 * share + 0.4 * points.argsort(axis=0).argsort(axis=0) / max(len(points) - 1, 1)


def in_inches(points: np.ndarray, frame: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Scale points (V, 2) so that all points of a frame (N, 2) lie well inside a map of a size in inches: (V, 2)."""
    low, high = frame.min(axis=0), frame.max(axis=0)
    return [0.65, 0.25] + (points - low) / np.maximum(high - low, 1e-9) * (np.array(size) - [1.3, 0.5])


def scatter_words(
    axes: Axes,
    dots: np.ndarray,
    words: list[str],
    size: tuple,
    written: list[str],
    highlighted: str | None = None,
    neighbours=(),
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
    """
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
        axes.text(*middle, words[i], ha="center", va="center_baseline", fontsize=10, **style)
    axes.scatter(*dots[~first].T, s=9, color=QUIET, alpha=0.5, linewidths=0)
    axes.scatter(*dots[first].T, s=16, color=ROLES["words"], linewidths=0)


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
