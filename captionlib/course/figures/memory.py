"""Step 4, inside the LSTM: gates and cell state at every word, and curves over distance (lesson 06)."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import ScaledTranslation

from captionlib.course.figures.labels import label_line_ends, powers_of_ten
from captionlib.plots.layout import WIDTH, add_title, show_picture
from captionlib.plots.palette import COMPARED, INK, MAP, PAPER, QUIET, ROLES, SIGNED, Figure, house_style

ROWS = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate", "c": "cell state"}
ON_ORANGE = {"boxstyle": "round,pad=0.2", "facecolor": ROLES["words"], "edgecolor": "none"}
TRACK, TOP, LEFT, ACROSS = 1.44, 0.74, 1.25, 5.0  # inches; ACROSS is the room for the words


@house_style
def gate_activations(
    words: list[str], trace: dict, units: dict[int, str], vocabulary=None, unclamped=None, clamped=(), title=""
) -> Figure:
    """Show a few units of an LSTM at every word, and beside them the probabilities of the next word.

    Args:
        words: The T words read.
        trace: Gates i, f, g, o and cell state c, each (T, H), and probs (T, V).
        units: Which units to show, and what each is called.
        vocabulary: The V words; None for a figure without the probabilities of the next word.
        unclamped: Probabilities of the next word without the clamped gates, (V,); None when none is clamped.
        clamped: Pairs of a clamped gate and a word, such as ("f", 2); one word or several in a row per gate.
        title: What is seen; left out, it names the leading word.

    Returns:
        A figure as wide as a notebook.
    """
    probs, across = trace["probs"][-1], ACROSS if vocabulary else WIDTH - LEFT - 0.1
    if not title:
        leader = vocabulary[int(probs.argmax())]
        title = f"After “{' '.join(words[1:]) or words[0]}”, “{leader}” leads with {probs.max():.0%}"
    step = 0.25 if len(words) > 7 else 0  # many words stand on two levels in turn
    top = TOP + step + (0 if vocabulary else 0.3)  # without the bars, the keys stand above the words
    height = top + TRACK * len(units)
    figure = Figure(figsize=(WIDTH, height))
    add_title(figure, title)
    for number, (unit, name) in enumerate(units.items()):
        bottom = height - top - TRACK * (number + 1) + 0.1
        axes = figure.add_axes((LEFT / WIDTH, bottom / height, across / WIDTH, (TRACK - 0.38) / height))
        track(axes, {row: trace[row][:, unit] for row in ROWS}, f"unit {unit}: {name}")
        for row in dict(clamped):
            first, *_, last = sorted([t for gate, t in clamped if gate == row] * 2)
            corner = (first - 0.5, list(ROWS).index(row) - 0.5)  # one box from the first to the last clamped word
            across = last - first + 1
            axes.add_patch(
                Rectangle(corner, across, 1, fill=False, edgecolor=INK, linewidth=2, clip_on=False, zorder=3)
            )
    for t, word in enumerate(words):
        x, y = (LEFT + across * (t + 0.5) / len(words)) / WIDTH, 1 - (top - 0.2 - step * (1 - t % 2)) / height
        figure.text(x, y, word, ha="center", va="center", fontsize=10, bbox=ON_ORANGE)
    if vocabulary:
        below = 0.9 if unclamped is None else 1.1
        bars = figure.add_axes((7.35 / WIDTH, (below - 0.18) / height, 1.25 / WIDTH, (height - top - below) / height))
        next_word_bars(bars, probs, unclamped, vocabulary)
    add_keys(figure, *((7.0, 0) if vocabulary else (LEFT, 4.0)))
    return figure


def add_keys(figure: Figure, left: float, beside: float) -> None:
    """Say what the colours mean: from `left` inches on the gates; the signed rows below, or `beside` inches further."""
    height = figure.get_figheight()
    x, y = (left + beside, 0.42) if beside else (left, 0.68)
    keys = [(left, 0.42, MAP, 0.0, "0 closed"), (left + 1.0, 0.42, MAP, 1.0, "1 open")]
    keys += [
        (x + 0.35 * n, y, SIGNED, share, sign) for n, (share, sign) in enumerate([(0.1, "−"), (0.5, "0"), (0.9, "+")])
    ]
    for x_key, y_key, colours, share, key in keys:
        ink = PAPER if share < 0.2 or key == "+" else INK
        style = {"facecolor": colormaps[colours](share), "edgecolor": "none", "boxstyle": "round,pad=0.2"}
        figure.text(
            x_key / figure.get_figwidth(), 1 - y_key / height, key, color=ink, va="center", fontsize=10, bbox=style
        )
    figure.text((x + 1.0) / figure.get_figwidth(), 1 - y / height, "g and c", color=INK, va="center", fontsize=10)
    if beside:
        figure.text(
            (left + 1.75) / figure.get_figwidth(), 1 - y / height, "i, f and o", color=INK, va="center", fontsize=10
        )


def track(axes: Axes, rows: dict[str, np.ndarray], name: str) -> None:
    """Draw one unit: five rows of T cells (T,), gates from dark to yellow, candidate and cell state around white."""
    signed = {"g": rows["g"], "c": np.tanh(rows["c"] / 2)}
    empty = np.full_like(rows["c"], np.nan)  # (T,), not drawn
    axes.imshow(np.stack([empty if row in signed else rows[row] for row in ROWS]), MAP, vmin=0, vmax=1, aspect="auto")
    axes.imshow(np.stack([signed.get(row, empty) for row in ROWS]), SIGNED, vmin=-1, vmax=1, aspect="auto")
    for t, value in enumerate(rows["c"]):
        letters = PAPER if abs(signed["c"][t]) > 0.6 else INK
        number = f"{round(float(value), 1) + 0:.1f}".replace("-", "−")  # + 0, so that no number reads −0.0
        axes.text(t, 4, number, color=letters, ha="center", va="center", fontsize=10)
    for line, (row, label) in enumerate(ROWS.items()):
        axes.text(-0.6, line, f"{label} {row}", ha="right", va="center", fontsize=10)
    axes.vlines(np.arange(len(rows["c"]) - 1) + 0.5, -0.5, 4.5, color=PAPER, linewidth=1.5)
    axes.axis("off")  # labels are texts: ticks would take half of the time
    axes.text(-0.5, -0.62, name, va="bottom", fontsize=10)


def next_word_bars(axes: Axes, probs: np.ndarray, unclamped: np.ndarray | None, vocabulary: list[str]) -> None:
    """Draw bars of the likeliest next words, probs (V,); a circle shows each one's in `unclamped` (V,)."""
    best = np.argsort(-(probs if unclamped is None else np.maximum(probs, unclamped)), kind="stable")[:7]
    best = best[np.argsort(-probs[best], kind="stable")]
    axes.barh(range(len(best)), probs[best], color=ROLES["words"], height=0.7)
    if unclamped is not None:
        style = {"facecolor": PAPER, "edgecolor": INK, "linewidth": 1.5, "zorder": 3, "clip_on": False}
        axes.scatter(unclamped[best], range(len(best)), s=45, **style)
    for row, i in enumerate(best):
        share = f"{probs[i]:.0%}" if probs[i] >= 0.01 else "<1%"
        axes.text(1.08, row, share, transform=axes.get_yaxis_transform(), va="center", color=QUIET, fontsize=10)
    axes.set_yticks(range(len(best)), [vocabulary[i] for i in best], color=INK)
    axes.set(xlim=(0, 1), ylim=(len(best) - 0.5, -0.6), xticks=[0, 0.5, 1])
    label = "probability of the next word"
    axes.set_xlabel(label.replace(" of", "\nof") + ("\n○ without intervention" if unclamped is not None else ""))
    axes.tick_params(axis="y", length=0, pad=9)
    axes.spines["left"].set_visible(False)


@house_style
def next_word_with_intervention(
    image: np.ndarray, words: list[str], probs: np.ndarray, unclamped: np.ndarray, vocabulary: list[str], title: str
) -> Figure:
    """Show a scene, and the probabilities of the next word with and without an intervention.

    Args:
        image: (rows, columns, 3) uint8, the scene.
        words: The T words read, <start> first.
        probs: (V,), with the intervention.
        unclamped: (V,), without it.
        vocabulary: The V words.
        title: What is seen.

    Returns:
        A figure as wide as a notebook.
    """
    height = 2.9
    figure = Figure(figsize=(WIDTH, height))
    add_title(figure, title)
    show_picture(figure.add_axes((0.1 / WIDTH, 0.12 / height, 2.3 / WIDTH, 2.3 / height)), image)
    for number, word in enumerate(words[1:]):
        x = (3.1 + 0.62 * number) / WIDTH
        figure.text(x, 1.27 / height, word, ha="center", va="center", fontsize=12, bbox=ON_ORANGE)
    end = (3.1 + 0.62 * (len(words) - 1)) / WIDTH
    figure.text(end, 1.27 / height, "?", ha="center", va="center", fontsize=14, weight="bold")
    bars = figure.add_axes((6.4 / WIDTH, 0.72 / height, 2.0 / WIDTH, 1.75 / height))
    next_word_bars(bars, probs, unclamped, vocabulary)
    bars.set_xlabel("probability of the next word\n○ without intervention")
    return figure


@house_style
def line_chart(x: np.ndarray, lines: dict, title: str, xlabel: str, ylabel: str, mark=None, **scales) -> Figure:
    """Draw how something falls with distance, or grows with a number.

    Args:
        x: (N,), such as words back.
        lines: Name of each line to its values (N,), or to those of several runs, (runs, N): then each run is a dot,
            and the line joins their means; a line with an empty name stays unnamed.
        title: What the lines say.
        xlabel: What x is.
        ylabel: What the values are.
        mark: A height to compare with, and its name, such as (0.125, "chance level"); none when None.
        **scales: xscale, yscale or ylim, as Matplotlib takes them.

    Returns:
        A figure, each line named at its end.
    """
    figure = Figure(figsize=(7.6, 3.7), layout="constrained")
    axes = figure.subplots()
    ends = []
    for number, (colour, (name, values)) in enumerate(zip(COMPARED, lines.items(), strict=False)):
        runs = np.atleast_2d(values)
        axes.plot(x, runs.mean(axis=0), color=colour, linewidth=2.5)
        if len(runs) > 1:
            beside = ScaledTranslation((number - len(lines) / 2) / 14, 0, figure.dpi_scale_trans)  # so that none hides
            axes.plot(x, runs.T, "o", color=colour, markersize=7, alpha=0.7, transform=axes.transData + beside)
        ends += [(x[-1], runs.mean(axis=0)[-1], name)] if name else []
    if mark:
        axes.axhline(mark[0], color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    axes.set(xlabel=xlabel, ylabel=ylabel, **scales)
    if mark:
        above = (
            4 if mark[0] > np.mean(axes.get_ylim()) / 2 else -13
        )  # points; low lines are named below, where no line is
        axes.annotate(mark[1], (0.01, mark[0]), (0, above), axes.get_yaxis_transform(), "offset points", color=QUIET)
    axes.minorticks_off()
    if axes.get_yscale() == "log":
        powers_of_ten(axes.yaxis)
    add_title(figure, title)
    label_line_ends(axes, ends)
    return figure


@house_style
def unit_histogram(values: np.ndarray, yes: np.ndarray, names: tuple[str, str], title: str, xlabel: str) -> Figure:
    """Draw how well one unit tells two groups apart.

    Args:
        values: (N,), the unit's value at N moments.
        yes: (N,) of bool, which of the moments are of the first group.
        names: Of the first group and of the other.
        title: What is seen.
        xlabel: What the value is.

    Returns:
        A figure with one histogram per group, each of area 1.
    """
    figure = Figure(figsize=(7.6, 2.9), layout="constrained")
    axes = figure.subplots()
    edges = np.linspace(*np.percentile(values, [0.2, 99.8]), 41)
    for group, role, name in ((~yes, "picture", names[1]), (yes, "features", names[0])):
        counts, _ = np.histogram(values[group], edges, density=True)
        axes.stairs(counts, edges, fill=True, color=ROLES[role], alpha=0.75)
        peak = counts.argmax()
        axes.annotate(name, (edges[peak : peak + 2].mean(), counts[peak]), (0, 5), textcoords="offset points",
                      ha="center", color=INK)  # fmt: skip
    axes.set(xlabel=xlabel, ylabel="share of words", yticks=[])
    axes.margins(y=0.15)
    axes.spines["left"].set_visible(False)
    add_title(figure, title)
    return figure
