"""Captions as tokens, and what a vocabulary of some size keeps of a text (lesson 04)."""

from itertools import zip_longest

import numpy as np
from matplotlib.patches import FancyBboxPatch

from captionlib.course.figures.labels import label_line_ends, powers_of_ten
from captionlib.plots.layout import WIDTH, add_title
from captionlib.plots.palette import INK, PALE, PAPER, QUIET, ROLES, Figure, house_style
from captionlib.text import Tokenizer

LINE, GAP = 0.34, 0.08  # inches: the height of a chip, between two chips
LETTER, NARROWEST = 0.085, 0.34  # inches: one letter at 11 points, the smallest chip


@house_style
def token_rows(rows: list[tuple[str, list[str], list[int] | None]], title: str) -> Figure:
    """Show captions cut into pieces: a row each, every piece on a chip of its own, its token id below.

    Special tokens stand on grey, `<unk>` on white with an orange rim, `<pad>` on the palest ground. Rows with ids
    stand in columns, as they do in a batch (B, T).

    Args:
        rows: For each caption what it is called, its T pieces, and their T ids or None.
        title: What the rows say together.

    Returns:
        A figure as wide as a notebook; a row that is too long goes on below.
    """
    widths = [[chip_width(word) for word in words] for _, words, _ in rows]
    if all(ids for *_, ids in rows):
        columns = [max(column) for column in zip_longest(*widths, fillvalue=0)]
        widths = [columns[: len(row)] for row in widths]
    start = label_width(rows)
    lines = [(row, wide, part) for row, wide in zip(rows, widths, strict=True) for part in parts(wide, WIDTH - start)]
    heights = [LINE + (0.24 if ids else 0) + 0.14 for (_, _, ids), _, _ in lines]
    height = 0.42 + sum(heights)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
    axes.axis("off")
    add_title(figure, title)
    top = height - 0.42
    for ((name, words, ids), wide, part), tall in zip(lines, heights, strict=True):
        left = start
        for place in part:
            chip(axes, words[place], left, top - LINE, wide[place])
            if ids:
                middle = left + wide[place] / 2
                axes.text(middle, top - LINE - 0.13, ids[place], ha="center", va="center", color=QUIET)
            left += wide[place] + GAP
        if part.start == 0:
            axes.text(0.02, top - LINE / 2, name, va="center", color=QUIET)
        top -= tall
    return figure


def parts(widths: list[float], room: float) -> list[range]:
    """Break a row of chips into lines that fit: which pieces stand in each, `room` and widths in inches."""
    lines, start, used = [], 0, 0.0
    for place, width in enumerate(widths):
        used += width + GAP
        if used > room and place > start:
            lines.append(range(start, place))
            start, used = place, width + GAP
    return [*lines, range(start, len(widths))]


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


def token_batch(texts: list[str], tokenizer: Tokenizer, title: str) -> Figure:
    """Show captions as a network reads them: one row per caption, each token with its id, padding included.

    Args:
        texts: B captions.
        tokenizer: What encodes them, (B, T) ids.
        title: What the rows say.

    Returns:
        A figure, see `token_rows`.
    """
    batch = tokenizer.encode_batch(texts)  # (B, T)
    words = [[tokenizer.vocabulary[token] for token in row] for row in batch]
    return token_rows([(str(i), row, list(ids)) for i, (row, ids) in enumerate(zip(words, batch, strict=True))], title)


def shifted_captions(texts: list[str], tokenizer: Tokenizer, title: str) -> Figure:
    """Show what a decoder reads of each caption, and below it the targets, shifted by one.

    Args:
        texts: B captions.
        tokenizer: What encodes them, (B, T + 1) ids, padding included.
        title: What the rows say.

    Returns:
        A figure, see `token_rows`: two rows per caption, numbered if there are several.
    """
    rows = []
    for i, ids in enumerate(tokenizer.encode_batch(texts)):
        for name, part in [("reads", ids[:-1]), ("targets", ids[1:])]:
            label = f"{i} {name}" if len(texts) > 1 else name
            rows.append((label, [tokenizer.vocabulary[token] for token in part], list(part)))
    return token_rows(rows, title)


@house_style
def word_counts(texts: dict[str, np.ndarray], title: str) -> Figure:
    """Show how often each word of a text occurs, from the most frequent to the rarest, both axes logarithmic.

    Args:
        texts: Name of a text to the counts of its words, (V,) each, falling.
        title: What the curves say.

    Returns:
        A figure; each curve's label says how often its rarest word occurs, where the curve ends. The dashed line is
        Zipf's law for the first text, a frequency that falls as 1 / rank (Zipf 1949).
    """
    figure = Figure(figsize=(7.6, 3.9), layout="constrained")
    axes = figure.subplots()
    ends = []
    for (name, counts), role in zip(texts.items(), ("words", "picture"), strict=False):
        share = counts / counts.sum()
        axes.loglog(np.arange(1, len(share) + 1), share, color=ROLES[role], linewidth=2.5)
        ends.append((len(share), share[-1], f"{name}, rarest word: {counts[-1]:,}×"))
    first = next(iter(texts.values()))
    ranks = np.array([1, len(first)])
    axes.loglog(ranks, first[0] / first.sum() / ranks, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    ends.append((ranks[1], first[0] / first.sum() / ranks[1], "Zipf's law: 1 / rank"))
    axes.set(xlabel="rank of the word, 1 for the most frequent", ylabel="share of the text", title=title)
    powers_of_ten(axes.xaxis)
    powers_of_ten(axes.yaxis)
    label_line_ends(axes, ends)
    return figure


@house_style
def vocabulary_curve(
    sizes: np.ndarray, words: np.ndarray, captions: np.ndarray, min_counts: list[int], title: str
) -> Figure:
    """Show what a smaller vocabulary leaves out: out-of-vocabulary words, and captions with at least one of them.

    Args:
        sizes: (N,) numbers of words in the vocabulary.
        words: (N,) share of the text's words that are then out of vocabulary, 0 to 1.
        captions: (N,) share of the captions with at least one such word, 0 to 1.
        min_counts: (N,) the smallest count that a word of each vocabulary needs.
        title: What the curves say.

    Returns:
        A figure.
    """
    figure = Figure(figsize=(7.6, 3.9), layout="constrained")
    axes = figure.subplots()
    curves = {"captions with at least one": (captions, "picture"), "out-of-vocabulary words": (words, "words")}
    for share, role in curves.values():
        axes.plot(sizes, 100 * share, "o-", color=ROLES[role], linewidth=2.5, markersize=7)
        for size, value in zip(sizes, share, strict=True):
            axes.text(size + 60, 100 * value + 1.5, f"{100 * value:.0f}%")
    for size in sizes:
        axes.axvline(size, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
    above = axes.secondary_xaxis("top")
    above.set_xticks(sizes, min_counts)
    above.set_xlabel("min_count: words that occur less often are left out", color=QUIET, labelpad=7)
    above.spines["top"].set_visible(False)
    axes.set(xlabel="words in the vocabulary", ylabel="percent of Flickr8k's val")
    axes.set(xlim=(0, 1.09 * sizes.max()), ylim=(0, 120 * captions.max()))
    axes.set_title(title, pad=12)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    last = np.argmax(sizes)
    label_line_ends(axes, [(sizes[last], 100 * share[last], name) for name, (share, _) in curves.items()])
    return figure
