"""The tokenizer playground of lesson 04: type a caption, choose how to cut it and how many words are known."""

import html

import ipywidgets

from captionlib.course.figures import token_rows
from captionlib.course.widgets import parts
from captionlib.text import SPECIALS, SPLITTERS, UNK, Tokenizer

STANDARDIZE = {"none": False, "lower case, strip punctuation": True}


def tokenizer_playground(words: list[str], caption: str) -> None:
    """Show the playground.

    Args:
        words: The words of a training text, the most frequent first.
        caption: What stands in the text box at first.
    """
    typed = parts.text_box("caption", caption)
    clean = parts.choice("standardize", STANDARDIZE)
    split = parts.choice("tokenizer", SPLITTERS)
    known, row = parts.slider("words in vocabulary", 0, len(words), len(words))
    page = ipywidgets.HTML()

    def redraw(_=None):
        page.value = show(typed.value, STANDARDIZE[clean.value], split.value, words[: known.value])

    for control in (typed, clean, split, known):
        control.observe(redraw, "value")
    redraw()
    words_for_no_kernel = "Here stands the tokenizer playground: a caption to type, ways to cut it, its tokens and ids."
    controls = parts.aligned(typed, clean, split, row)
    parts.present(ipywidgets.VBox([controls, page]), words_for_no_kernel)


def show(caption: str, clean: bool, split: str, words: list[str]) -> str:
    """Turn a caption into HTML: its pieces, what the vocabulary makes of them, and a count.

    Args:
        caption: Any text, also an empty one.
        clean: Whether capitals and punctuation go first.
        split: A key of `SPLITTERS`.
        words: The words known, the most frequent first.

    Returns:
        HTML; the picture's description reads pieces and tokens out.
    """
    tokenizer = Tokenizer(SPECIALS + words, split)
    pieces = (tokenizer.words(caption) if clean else SPLITTERS[split](caption))[:40]
    if not pieces:
        return '<p role="status">There is nothing to encode: type a caption with at least one word.</p>'
    ids = [1, *(tokenizer.ids.get(piece, UNK) for piece in pieces), 2]
    read = [tokenizer.vocabulary[i] for i in ids]
    shown = [piece if len(piece) < 24 else piece[:22] + "…" for piece in pieces]
    unknown = ids.count(UNK)
    summary = f"{len(pieces)} words, {unknown} out of vocabulary; {len(tokenizer)} tokens in all, special ones included"
    figure = token_rows(
        [("pieces", shown, None), ("tokens", read, ids)],
        f"What you type, and the tokens of a vocabulary of {len(words)} words",
    )
    width, height = figure.get_size_inches() * 80
    image = parts.picture(figure, f"pieces: {' '.join(shown)}; tokens: {' '.join(read)}", round(width))
    return f'<div style="min-height: {round(height)}px">{image}<p role="status">{html.escape(summary)}</p></div>'
