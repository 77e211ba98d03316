"""The tokenizer: ids, padding, round trips, and the same answer as Keras' TextVectorization."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.errors import CaptionlibError
from captionlib.text import END, PAD, SPECIALS, START, UNK, Tokenizer

CAPTIONS = ["A red fox runs!", "a red ball", "The fox, the fox; it's here", "Two dogs run - fast"]
words = st.text(st.characters(codec="ascii", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x1f\x00"), max_size=12)


def test_ids_are_counted_then_alphabetical():
    tokenizer = Tokenizer.fit(["b a", "b c", "b"])
    assert tokenizer.vocabulary == [*SPECIALS, "b", "a", "c"]
    assert tokenizer.encode("c b zebra") == [START, 6, 4, UNK, END]


def test_min_count_sends_rare_words_to_unk():
    tokenizer = Tokenizer.fit(CAPTIONS, min_count=2)
    assert tokenizer.decode(tokenizer.encode("a red fox sits")) == "a red fox <unk>"


def test_batch_pads_on_the_right():
    tokens = Tokenizer.fit(CAPTIONS).encode_batch(["a", "a red fox"])
    assert tokens.dtype == np.int32 and tokens.shape == (2, 5)
    assert tokens[0].tolist()[2:] == [END, PAD, PAD]


@pytest.mark.parametrize("split", ["whitespace", "treebank", "wordpunct"])
def test_save_and_load(tmp_path, split):
    tokenizer = Tokenizer.fit([*CAPTIONS, "ein müder Bär"], split=split)
    tokenizer.save(tmp_path / "tokenizer.json")
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert (again.vocabulary, again.split) == (tokenizer.vocabulary, split)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(words, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=6))
def test_equal_to_text_vectorization(captions):
    """Word ids agree for any ASCII caption; the four special tokens stand elsewhere in Keras' vocabulary."""
    import keras

    tokenizer = Tokenizer.fit(captions)
    captions = [caption for caption in captions if tokenizer.words(caption)]
    layer = keras.layers.TextVectorization(standardize="lower_and_strip_punctuation", split="whitespace")
    layer.set_vocabulary(["<start>", "<end>", *tokenizer.vocabulary[4:]])  # Keras puts '' and [UNK] before them
    for caption in captions:
        ours = tokenizer.encode(caption)[1:-1]
        assert layer([caption]).numpy()[0].tolist() == ours


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9))
def test_decode_undoes_encode(letters):
    tokenizer = Tokenizer.fit(["a b c d e f g"])
    assert tokenizer.decode(tokenizer.encode(" ".join(letters))) == " ".join(letters)


def test_decode_stops_at_end():
    assert Tokenizer.fit(["a b"]).decode([START, 4, END, 5, 5]) == "a"


@pytest.mark.parametrize("caption", ["", "   ", "?!", "..."])
def test_a_caption_without_a_word_is_refused(caption):
    with pytest.raises(CaptionlibError, match="has no word"):
        Tokenizer.fit(CAPTIONS).encode(caption)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"split": "whitespace", "vocabulary": ["a"]}', '{"split": "x", "vocabulary": []}']
)
def test_a_broken_file_is_refused(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(CaptionlibError):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_unknown_split_and_doubled_words_are_refused():
    with pytest.raises(CaptionlibError, match="split"):
        Tokenizer.fit(CAPTIONS, split="letters")
    with pytest.raises(CaptionlibError, match="once"):
        Tokenizer([*SPECIALS, "a", "a"])


def test_the_file_is_readable_json(tmp_path):
    Tokenizer.fit(["ein Bär"]).save(tmp_path / "t.json")
    assert "bär" in json.loads((tmp_path / "t.json").read_text(encoding="utf8"))["vocabulary"]
