"""Step 3, text: captions become lists of token ids and back. Lesson 04 builds the tokenizer piece by piece.

Plain Python on purpose: it starts without TensorFlow and is kept as readable JSON. With the same settings,
`keras.layers.TextVectorization` gives the same ids for every word of an ASCII caption (a test). Beyond ASCII two
things are different on purpose, for what looks the same should be the same word: captions are put into Unicode's
composed form (NFC, so that "é" is not also "e" with an accent), and typographic punctuation goes as the ASCII one does
(Keras would keep “dog” apart from "dog", and “dog’s” from "dog's").
"""

import json
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from captionlib import storage
from captionlib.errors import CaptionlibError

SPECIALS = ["<pad>", "<start>", "<end>", "<unk>"]
PAD, START, END, UNK = range(4)


def treebank(text: str) -> list[str]:
    """Split as the Penn Treebank does: "don't" is do and n't."""
    from nltk.tokenize import NLTKWordTokenizer  # a second to import, and a captioner that only decodes needs none

    return NLTKWordTokenizer().tokenize(text)


def characters(kind: str) -> str:
    """All characters beyond ASCII of a kind, the first letter of their Unicode category."""
    return "".join(one for one in map(chr, range(0x80, 0x10000)) if unicodedata.category(one)[0] == kind)


PUNCTUATION = re.compile(f"[{re.escape(string.punctuation + characters('P'))}´]")
SIGNS = characters("M") + "\u200c\u200d"  # vowel signs and joiners: parts of words (Hindi, Arabic ...), though no \w
SPLITTERS = {
    "whitespace": str.split,
    "treebank": treebank,
    "wordpunct": re.compile(rf"[\w{SIGNS}]+|[^\w\s{SIGNS}]+").findall,  # NLTK's, with the signs
}  # none needs data files
# Letters of scripts that are written without spaces: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese.
UNSPACED = re.compile("[\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Tokenizer:
    """Captions to token ids and back; ids 0 to 3 are `<pad> <start> <end> <unk>`.

    Attributes:
        vocabulary: id to word, the special tokens first, then words by falling count, ties by alphabet.
        split: how a caption is cut into words, a key of `SPLITTERS`.
    """

    def __init__(self, vocabulary: list[str], split: str = "whitespace"):
        """Make a tokenizer from its vocabulary, the special tokens included."""
        if vocabulary[:4] != SPECIALS or len(set(vocabulary)) != len(vocabulary):
            raise CaptionlibError(f"A vocabulary begins with {' '.join(SPECIALS)} and names every word once.")
        if split not in SPLITTERS:
            raise CaptionlibError(f"There is no way to split called {split!r}: use one of {', '.join(SPLITTERS)}.")
        self.vocabulary, self.split = vocabulary, split
        self.ids = {word: i for i, word in enumerate(vocabulary)}

    def __len__(self) -> int:
        """V, the size of the vocabulary."""
        return len(self.vocabulary)

    @classmethod
    def fit(cls, captions: Iterable[str], min_count: int = 1, split: str = "whitespace") -> "Tokenizer":
        """Learn a vocabulary. Give it the captions of `train` alone: a word of `val` is a word the model has not met.

        Args:
            captions: raw captions.
            min_count: a word seen less often becomes `<unk>`.
            split: a key of `SPLITTERS`.

        Returns:
            The tokenizer.

        Raises:
            CaptionlibError: most captions are written without spaces, so that each would be a single word.
        """
        probe = cls(list(SPECIALS), split)
        rows = [probe.words(caption) for caption in captions]
        # Words of these scripts have 2 to 5 characters on average, a caption that is one or two words many more.
        unspaced = sum(len(UNSPACED.findall("".join(words))) > 6 * len(words) for words in rows)
        if unspaced > len(rows) / 2:
            raise CaptionlibError(
                "Most captions have no spaces between their words (as Chinese, Japanese and Thai are written), so that "
                "each would be one long word: put spaces between the words."
            )
        counts = Counter(word for words in rows for word in words)
        words = sorted((w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w))
        return cls(SPECIALS + words, split)

    def words(self, caption: str) -> list[str]:
        """Standardise (lower case, composed form, punctuation removed) and split."""
        return SPLITTERS[self.split](PUNCTUATION.sub("", unicodedata.normalize("NFC", caption.lower())))

    def encode(self, caption: str) -> list[int]:
        """Token ids of a caption, from `<start>` to `<end>`.

        Raises:
            CaptionlibError: if the caption has no word.
        """
        words = self.words(caption)
        if not words:
            raise CaptionlibError(f"The caption {caption!r} has no word: give every picture at least one word.")
        return [START, *(self.ids.get(word, UNK) for word in words), END]

    def encode_batch(self, captions: Iterable[str]) -> np.ndarray:
        """Token ids of many captions, (N, T) int32, padded on the right with `<pad>`."""
        rows = [self.encode(caption) for caption in captions]
        tokens = np.full((len(rows), max(map(len, rows), default=0)), PAD, "int32")
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids)] = ids
        return tokens  # (N, T)

    def decode(self, ids: Iterable[int]) -> str:
        """The caption that token ids stand for: words up to `<end>`, without `<pad>` and `<start>`."""
        words = []
        for i in ids:
            if i == END:
                break
            if i not in (PAD, START):
                words.append(self.vocabulary[i])
        return " ".join(words)

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as JSON."""
        about = {"split": self.split, "vocabulary": self.vocabulary}
        with storage.write_atomically(Path(path)) as temporary:
            temporary.write_bytes(json.dumps(about, ensure_ascii=False, indent=0).encode())

    @classmethod
    def load(cls, path: str | Path) -> "Tokenizer":
        """Read a tokenizer that `save` wrote.

        Raises:
            CaptionlibError: if the file is missing or is not a tokenizer.
        """
        try:
            about = json.loads(Path(path).read_text(encoding="utf8"))
            return cls(list(map(str, about["vocabulary"])), about["split"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError, CaptionlibError) as error:
            raise CaptionlibError(f"{path} is not a tokenizer ({error}): train the model again.") from error
