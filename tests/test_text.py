"""The tokenizer: ids, padding, round trips, and the same answer as Keras' TextVectorization."""

import json
import string
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize import wordpunct_tokenize

from captionlib.data import toyscenes
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


def test_ascii_captions_keep_their_words():
    """Vocabularies that were learned before other scripts were thought of stay valid."""
    stored = json.loads((Path(__file__).parent / "data_files" / "ptb_sentences.json").read_text("utf8"))["sentences"]
    scenes = [caption for captions in toyscenes.compose()[2].values() for caption in captions]
    captions = [caption for caption in [*scenes, *(sentence for sentence, _ in stored)] if caption.isascii()]
    assert len(scenes) >= 8500 and len(captions) > len(scenes) + 1000
    for caption in captions:
        bare = caption.lower().translate(dict.fromkeys(map(ord, string.punctuation)))
        assert Tokenizer(SPECIALS).words(caption) == bare.split()
        assert Tokenizer(SPECIALS, "wordpunct").words(caption) == wordpunct_tokenize(bare)


@pytest.mark.parametrize("split", ["whitespace", "treebank", "wordpunct"])
@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("“Dog”, ‘dog’ – the dog’s „dog“…", "dog dog the dogs dog"),
        ("dog's dog’s dog´s dog′s", "dogs dogs dogs dogs"),
        ("«Собака» бежит; ¿qué? ¡niño!", "собака бежит qué niño"),
        ("कुत्ता घास पर दौड़ रहा है।", "कुत्ता घास पर दौड़ रहा है"),
        ("كَلْبٌ أَسْوَدُ، أَلَيْسَ كَذَلِكَ؟", "كَلْبٌ أَسْوَدُ أَلَيْسَ كَذَلِكَ"),
        ("כֶּלֶב שָׁחוֹר, צַהַ״ל", "כֶּלֶב שָׁחוֹר צַהַל"),
        ("سگ می\u200cدود", "سگ می\u200cدود"),
        ("狗 在 草地 上 跑 。", "狗 在 草地 上 跑"),
    ],
)
def test_words_of_other_scripts_stay_whole_and_lose_their_punctuation(split, caption, words):
    tokenizer = Tokenizer(SPECIALS, split)
    expected = [unicodedata.normalize("NFC", word) for word in words.split()]
    for form in ("NFC", "NFD"):
        assert tokenizer.words(unicodedata.normalize(form, caption)) == expected


def test_what_looks_the_same_has_the_same_id():
    tokenizer = Tokenizer.fit(["a caf\u00e9"])
    assert UNK not in tokenizer.encode("a cafe\u0301")
    assert tokenizer.encode("a cafe\u0301") == tokenizer.encode("A CAF\u00c9")


@pytest.mark.parametrize(
    "caption",
    [
        "一只黑色的狗在草地上奔跑。",
        "一只黑狗，在草地上奔跑，很开心。",
        "芝生の上を黒い犬が走っている。",
        "สุนัขสีดำวิ่งบน สนามหญ้าสีเขียว",
    ],
)
def test_captions_without_spaces_are_refused(caption):
    with pytest.raises(CaptionlibError, match="put spaces between the words"):
        Tokenizer.fit([caption, caption, "a dog"])
    Tokenizer.fit([caption, "a dog", "a cat"])  # a few of them are a matter of taste


@pytest.mark.parametrize(
    "caption",
    [
        "一只 黑色 的 狗 在 草地 上 奔跑 。",
        "芝生 の 上 を 黒い 犬 が 走って いる 。",
        "สุนัข สี ดำ วิ่ง บน สนามหญ้า",
        "狗",
        "狗 自行车",
    ]
    + ["Donaudampfschifffahrtsgesellschaft", "검은개가풀밭위를달린다", ""],
)
def test_captions_with_spaces_are_not(caption):
    assert Tokenizer.fit([caption]).vocabulary[:4] == SPECIALS


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
