"""Captions as tokens, and what a vocabulary of some size keeps of a text (lesson 04)."""

import numpy as np
from matplotlib.patches import FancyBboxPatch

from captionlib.plots.palette import INK, PALE, PAPER, QUIET, ROLES, Figure, house_style

WIDTH, LINE, GAP = 9.2, 0.34, 0.08  # inches: the figure, the height of a chip, between two chips
LETTER, NARROWEST = 0.085, 0.34  # inches: one letter at 11 points, the smallest chip


@house_style
def token_rows(rows: list[tuple[str, list[str], list[int] | None]], title: str) -> Figure:
    """Show captions cut into pieces: a row each, every piece on a chip of its own, its token id below.

    Special tokens stand on grey, `<unk>` on white with an orange rim, `<pad>` on the palest ground.

    Args:
        rows: For each caption what it is called, its T pieces, and their T ids or None.
        title: What the rows say together.

    Returns:
        A figure as wide as a notebook; a row that is too long goes on below.
    """
    lines = [line for row in rows for line in broken(*row)]
    heights = [LINE + (0.24 if ids else 0) + 0.14 for _, _, ids in lines]
    height = 0.42 + sum(heights)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
    axes.axis("off")
    axes.text(0.02, height - 0.08, title, ha="left", va="top", weight="bold", fontsize=12)
    top = height - 0.42
    for (name, words, ids), tall in zip(lines, heights, strict=True):
        axes.text(0.02, top - LINE / 2, name, va="center", color=QUIET)
        left = label_width(rows)
        for place, word in enumerate(words):
            wide = chip_width(word)
            chip(axes, word, left, top - LINE, wide)
            if ids:
                axes.text(left + wide / 2, top - LINE - 0.13, ids[place], ha="center", va="center", color=QUIET)
            left += wide + GAP
        top -= tall
    return figure


def broken(name: str, words: list[str], ids: list[int] | None) -> list[tuple[str, list[str], list[int] | None]]:
    """Break a row where it leaves the figure; only its first line keeps the name."""
    room = WIDTH - 0.1 - label_width([(name, words, ids)])
    lines, start, used = [], 0, 0.0
    for place, word in enumerate(words):
        used += chip_width(word) + GAP
        if used > room and place > start:
            lines.append((start, place))
            start, used = place, chip_width(word) + GAP
    lines.append((start, len(words)))
    return [(name if a == 0 else "", words[a:b], ids[a:b] if ids else None) for a, b in lines]


def label_width(rows: list[tuple]) -> float:
    """Inches that the longest name takes."""
    return 0.25 + LETTER * max(len(name) for name, *_ in rows) if any(name for name, *_ in rows) else 0.02


def chip_width(word: str) -> float:
    """Inches that a piece takes."""
    return max(NARROWEST, 0.18 + LETTER * len(word))


def chip(axes, word: str, left: float, bottom: float, width: float) -> None:
    """Draw one piece on its ground."""
    ground, rim, letters = ROLES["words"], ROLES["words"], INK
    if word == "<unk>":
        ground = PAPER
    elif word in ("<start>", "<end>", "<pad>"):
        ground = rim = PALE
        letters = QUIET if word == "<pad>" else INK
    shape = "round,pad=0,rounding_size=0.08"
    patch = FancyBboxPatch((left, bottom), width, LINE, boxstyle=shape, facecolor=ground, edgecolor=rim, linewidth=1.5)
    axes.add_patch(patch)
    axes.text(left + width / 2, bottom + LINE / 2, word, ha="center", va="center_baseline", color=letters)


@house_style
def word_counts(texts: dict[str, np.ndarray], title: str) -> Figure:
    """Show how often each word of a text occurs, from the most frequent to the rarest, both axes by powers of ten.

    Args:
        texts: Name of a text to the counts of its words, (V,) each, falling.
        title: What the curves say.

    Returns:
        A figure; a text whose words follow Zipf's law is a straight line (Zipf 1949).
    """
    figure = Figure(figsize=(6.8, 3.9), layout="constrained")
    axes = figure.subplots()
    for (name, counts), role in zip(texts.items(), ("words", "picture"), strict=False):
        share = counts / counts.sum()
        axes.loglog(np.arange(1, len(share) + 1), share, color=ROLES[role], linewidth=2.5)
        middle = int(len(share) ** 0.75)
        axes.annotate(name, (middle, share[middle - 1]), (8, 6), textcoords="offset points", color=INK)
    axes.set(xlabel="rank of the word, the most frequent first", ylabel="share of the text", title=title)
    return figure


@house_style
def vocabulary_curve(sizes: np.ndarray, words: np.ndarray, captions: np.ndarray, marked: int, title: str) -> Figure:
    """Show what a smaller vocabulary costs: unknown words, and captions with at least one of them.

    Args:
        sizes: (N,) numbers of words kept.
        words: (N,) share of the text's words that are then unknown, 0 to 1.
        captions: (N,) share of the captions with at least one unknown word, 0 to 1.
        marked: Which of the N sizes to mark.
        title: What the curves say.

    Returns:
        A figure.
    """
    figure = Figure(figsize=(6.8, 3.9), layout="constrained")
    axes = figure.subplots()
    for share, role, name in (
        (captions, "picture", "captions with an unknown word"),
        (words, "words", "unknown words"),
    ):
        axes.semilogx(sizes, 100 * share, color=ROLES[role], linewidth=2.5)
        axes.plot(sizes[marked], 100 * share[marked], "o", color=ROLES[role], markersize=8)
        told = f"{name}: {100 * share[marked]:.0f}%"
        axes.annotate(told, (sizes[marked], 100 * share[marked]), (8, 8), textcoords="offset points", color=INK)
    axes.axvline(sizes[marked], color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
    axes.set(xlabel="words in the vocabulary", ylabel="percent of val", ylim=(0, 100), title=title)
    axes.set_xlim(sizes.min(), sizes.max() * 4)  # room for the labels
    return figure
