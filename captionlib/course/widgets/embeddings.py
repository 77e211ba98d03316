"""The embedding map of lesson 05: choose a word and an epoch of training, see its neighbours and the map."""

import difflib
import html

import ipywidgets
import numpy as np

from captionlib.course.figures import word_map
from captionlib.course.scratch import skipgram
from captionlib.course.widgets import parts

WIDTH = 760  # pixels of the screen for the map


def embedding_map(history: np.ndarray, words: list[str], examples: list[str]) -> None:
    """Show the map.

    Args:
        history: (N, V, E), the vectors before training and after each epoch.
        words: The V words.
        examples: Words that have a button; the first one is selected at first.
    """
    points = skipgram.pca(skipgram.unit(history))
    word = parts.text_box("word", examples[0])
    buttons = [parts.button(example, lambda example=example: setattr(word, "value", example)) for example in examples]
    count, count_row = parts.slider("neighbours", 1, 15, 5)
    epoch, epoch_row = parts.slider("epoch", 0, len(history) - 1, len(history) - 1)
    page = ipywidgets.HTML()

    def redraw(_=None):
        page.value = show(history, points, words, word.value, count.value, epoch.value)

    for control in (word, count, epoch):
        control.observe(redraw, "value")
    redraw()
    row = ipywidgets.HBox(buttons, layout={"flex_flow": "row wrap"})
    row = ipywidgets.HBox([ipywidgets.HTML("&nbsp;", description="examples", layout={"flex": "0 0 auto"}), row])
    controls = parts.aligned(word, row, count_row, epoch_row)
    parts.present(parts.bench(controls, page, WIDTH), in_plain_text(history, words, examples))


def show(history: np.ndarray, points: np.ndarray, words: list[str], typed: str, count: int, epoch: int) -> str:
    """Turn a word and an epoch into HTML: the map with the word and its neighbours highlighted, and their cosines.

    Args:
        history: (N, V, E).
        points: (N, V, 2), where the words lie on the map.
        words: The V words.
        typed: What the learner typed; capitals and blanks around it do not count.
        count: How many neighbours.
        epoch: Which epoch, 0 is before training.

    Returns:
        HTML; or a sentence when the word is not among the words.
    """
    word = typed.strip().lower()
    if word not in words:
        return f'<p role="status">{html.escape(unknown(word, words))}</p>'
    summary, near = nearest(history[epoch], words, word, count)
    title = f"“{word}” and its {count} nearest, after epoch {epoch}" if epoch else f"“{word}” before training"
    figure = word_map(points[epoch], words, title, word, near, frame=points.reshape(-1, 2))
    image = parts.picture(figure, f"a map of {len(words)} words, epoch {epoch}; {summary}", WIDTH)
    return f'{image}<p role="status">{html.escape(summary)}</p>'


def nearest(table: np.ndarray, words: list[str], word: str, count: int) -> tuple[str, tuple[str, ...]]:
    """Name a word's neighbours in a table (V, E): in a sentence with their cosines, and as words."""
    similar = skipgram.cosines(table)
    own = words.index(word)
    ids = skipgram.neighbours(similar, own, count)
    listed = ", ".join(f"{words[i]} {similar[own, i]:.2f}" for i in ids)
    median = np.median(similar[~np.eye(len(words), dtype=bool)])
    sentence = f"nearest to “{word}” by cosine: {listed}. Median cosine of all pairs: {median:.2f}."
    return sentence, tuple(words[i] for i in ids)


def unknown(word: str, words: list[str]) -> str:
    """Make a sentence that a word is not in the vocabulary, with the words that are spelled like it."""
    if not word:
        return "Type a word of the captions, such as red, and press Enter."
    alike = difflib.get_close_matches(word, words, n=3)
    advice = f"; {', '.join(alike)} would be" if alike else ""
    return f"“{word[:30]}” is not one of the {len(words)} words of these captions{advice}."


def in_plain_text(history: np.ndarray, words: list[str], examples: list[str]) -> str:
    """Say for each example what its neighbours are at the end of training; history is (N, V, E)."""
    lines = [
        "The interactive map appears here: a word, how many nearest neighbours, a slider for the epoch. At the end:"
    ]
    return "\n".join(lines + [nearest(history[-1], words, word, 5)[0].split(". Median")[0] for word in examples])
