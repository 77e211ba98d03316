"""Words and their odds (lessons 00, 06 and 09)."""

import numpy as np

from captionlib.plots.palette import INK, QUIET, ROLES, Figure, house_style


@house_style
def next_word(odds: np.ndarray, vocabulary: list[str], so_far: str, show: int = 6) -> Figure:
    """Show the likeliest next words.

    Args:
        odds: (V,) probabilities, which sum to 1.
        vocabulary: The V words.
        so_far: The words before, for the title.
        show: How many words.

    Returns:
        A figure; its title names the leading word.
    """
    best = np.argsort(-odds)[:show]  # (show,) likeliest first
    figure = Figure(figsize=(6.4, 0.7 + 0.34 * len(best)), layout="constrained")
    axes = figure.subplots()
    axes.barh([vocabulary[i] for i in best], odds[best], color=ROLES["words"], height=0.7)
    axes.invert_yaxis()
    for row, share in enumerate(odds[best]):
        axes.text(share + 0.01, row, f"{share:.0%}" if share >= 0.01 else "under 1%", va="center", color=QUIET)
    axes.set(xlim=(0, 1.1), xlabel="probability of being the next word", xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=12)
    axes.spines["left"].set_visible(False)
    figure.suptitle(
        f"After “{so_far}”, “{vocabulary[best[0]]}” leads with {odds[best[0]]:.0%}", x=0.01, ha="left", weight="bold"
    )
    return figure
