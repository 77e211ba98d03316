"""Step 4: the decoder's probabilities of the next word (lesson 00)."""

import numpy as np

from captionlib.plots.layout import add_title
from captionlib.plots.palette import INK, QUIET, ROLES, Figure, house_style


@house_style
def next_word(probs: np.ndarray, vocabulary: list[str], so_far: str, show: int = 6) -> Figure:
    """Show the most probable next words.

    Args:
        probs: (V,) probabilities, which sum to 1.
        vocabulary: The V words.
        so_far: The words before, for the title.
        show: How many words.

    Returns:
        A figure; its title names the most probable word.
    """
    best = np.argsort(-probs)[:show]  # (show,) most probable first
    figure = Figure(figsize=(6.4, 0.7 + 0.34 * len(best)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(best)), probs[best], color=ROLES["words"], height=0.7)
    axes.set_yticks(range(len(best)), [vocabulary[i] for i in best])
    axes.invert_yaxis()
    for row, share in enumerate(probs[best]):
        axes.text(share + 0.01, row, f"{share:.0%}" if share >= 0.01 else "under 1%", va="center", color=QUIET)
    axes.set(xlim=(0, 1.1), xlabel="probability of the next word", xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=12)
    axes.spines["left"].set_visible(False)
    add_title(figure, f"After “{so_far}”, the most probable word is “{vocabulary[best[0]]}”")
    return figure
