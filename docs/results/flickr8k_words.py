"""Count Flickr8k's words for lesson 04: `python docs/results/flickr8k_words.py` with CAPTIONLIB_DATA set.

Only counts are stored, no caption: for each count that a word of `train` can have, how many words have it, how many
words of `val`'s text these are, and in how many captions of `val` such a word is the rarest. Zipf's curve, the
vocabulary's size and what `<unk>` costs follow from these rows for every smallest count.
"""

import json
from collections import Counter
from pathlib import Path

from captionlib.data import load_dataset
from captionlib.text import SPECIALS, Tokenizer

STORED = Path(__file__).parents[2] / "captionlib" / "pretrained" / "flickr8k_words.json"


def count() -> dict:
    """Count the words of the local copy of Flickr8k.

    Returns:
        What is stored: `made_by`, and `rows` of [count in train, words of train, words of val's text, captions of val].
    """
    dataset, words = load_dataset("flickr8k"), Tokenizer(SPECIALS).words
    train, val = ([words(c) for name in dataset.splits[s] for c in dataset.captions[name]] for s in ("train", "val"))
    known = Counter(word for caption in train for word in caption)
    types, text = Counter(known.values()), Counter(known[word] for caption in val for word in caption)
    rarest = Counter(min(known[word] for word in caption) for caption in val)
    rows = [[n, types[n], text[n], rarest[n]] for n in sorted(types | text)]
    return {"made_by": "python docs/results/flickr8k_words.py", "rows": rows}


if __name__ == "__main__":
    STORED.write_text(json.dumps(count()) + "\n", "utf8")
