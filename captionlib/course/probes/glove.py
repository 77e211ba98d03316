"""Step 1, data: word vectors that others trained, in GloVe's plain text format (lesson 05, an extra step).

Pennington, Socher and Manning 2014, https://nlp.stanford.edu/projects/glove/. One word per line, then its numbers, all
separated by single spaces. Nothing is downloaded here: the learner puts the file into a data folder.
"""

from collections.abc import Iterable

import numpy as np

from captionlib import storage
from captionlib.errors import CaptionlibError

NAME = "glove/glove.6B.50d.txt"
ABSENT = f"""\
There is no GloVe file here, and this lesson does not need one. To have one:
1. fetch glove.6B.zip (822 MB) from https://nlp.stanford.edu/projects/glove/ and unpack glove.6B.50d.txt;
2. put it into a folder, as FOLDER/{NAME};
3. set the environment variable CAPTIONLIB_DATA to that FOLDER, start Jupyter again, and run this cell again."""


def load(words: Iterable[str]) -> dict[str, np.ndarray]:
    """Read the vectors of some words from the learner's GloVe file.

    Args:
        words: Which ones, in lower case.

    Returns:
        Word to vector (50,) float32; a word that GloVe lacks is absent.

    Raises:
        CaptionlibError: There is no file (the message says how to get one), or it is not in GloVe's format.
    """
    path = storage.find(NAME)
    if path is None:
        raise CaptionlibError(ABSENT)
    try:
        with open(path, encoding="utf8", newline="\n") as lines:
            return read(lines, words)
    except (OSError, UnicodeDecodeError) as error:
        raise CaptionlibError(f"{path} is not a text file of word vectors ({error}): unpack the zip again.") from error


def read(lines: Iterable[str], words: Iterable[str]) -> dict[str, np.ndarray]:
    """Read the vectors of some words, line by line, so that a large file never lies in memory.

    Args:
        lines: As in a GloVe file, `red 0.13 -0.5 …`.
        words: Which ones.

    Returns:
        Word to vector (D,) float32.

    Raises:
        CaptionlibError: A line that is wanted is cut short or holds no numbers, or none of the words occurs.
    """
    wanted, found, width = set(words), {}, None
    for number, line in enumerate(lines, start=1):
        word, *values = line.rstrip("\r\n").split(" ")
        width = width or len(values)
        if word not in wanted or word in found:
            continue
        try:
            vector = np.array(values, dtype="float32")  # (D,)
        except ValueError:
            vector = np.array([np.nan])
        if len(vector) != width or width < 2 or not np.isfinite(vector).all():
            raise CaptionlibError(
                f"Line {number}, of {word!r}, is not a word and {width} numbers: the file is damaged."
            )
        found[word] = vector
    if not found:
        raise CaptionlibError("None of the words is in the file: is it a GloVe file, a word and its numbers per line?")
    return found
