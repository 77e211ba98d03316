"""Our tokeniser against stored and, on real captions, live answers of the standard Java one."""

import json
import shutil
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captionlib.errors import CaptionlibError
from captionlib.metrics.ptb import ptb_tokenize, tokenize

STORED = json.loads((Path(__file__).parents[1] / "data_files" / "ptb_sentences.json").read_text("utf8"))
SCRIPTS = [name for name in STORED if name not in ("made_by", "tool", "sentences", "characters")]


def unequal(pairs):
    return [(caption, answer) for caption, answer in pairs if ptb_tokenize(caption) != answer.split()]


def test_answers_of_the_standard_tokeniser_on_our_own_sentences():
    sentences = STORED["sentences"]
    assert len(sentences) >= 1000
    assert len(unequal(sentences)) <= 0.001 * len(sentences), unequal(sentences)[:5]


@pytest.mark.parametrize("script", SCRIPTS)
def test_answers_of_the_standard_tokeniser_in_other_scripts(script):
    assert len(SCRIPTS) == 14 and len(STORED[script]) == 10
    assert unequal(STORED[script]) == []


def test_answers_of_the_standard_tokeniser_for_single_characters():
    characters = STORED["characters"]
    assert len(characters) == 500
    assert len(unequal(characters)) <= 0.01 * len(characters), unequal(characters)[:5]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scores_do_not_know_one_normal_form_from_another(script):
    for caption, _ in STORED[script]:
        composed, decomposed = (unicodedata.normalize(form, caption) for form in ("NFC", "NFD"))
        assert tokenize(composed) == tokenize(decomposed) == ptb_tokenize(composed)


def test_the_standard_tokeniser_alone_keeps_normal_forms_apart():
    assert ptb_tokenize("caf\u00e9") != ptb_tokenize("cafe\u0301")  # as Java answers: so `tokenize` is needed


@pytest.mark.real_data
@pytest.mark.skipif(not shutil.which("java"), reason="java is absent: the standard tokeniser is a Java program")
def test_answers_of_the_standard_tokeniser_on_flickr8k(data_dir):
    from make_ptb_sentences import run_tokeniser

    with zipfile.ZipFile(data_dir / "flickr8k" / "Flickr8k_text.zip") as archive:
        lines = archive.read("Flickr8k.token.txt").decode().splitlines()
    captions = [line.split("\t", 1)[1] for line in lines if "\t" in line]
    assert len(captions) == 40_460
    answers = run_tokeniser(captions)
    assert len(unequal(zip(captions, answers, strict=True))) <= 0.001 * len(captions)


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("The dog's ball isn't red.", "the dog 's ball is n't red"),
        ('Two girls\' T-shirts , and " P. "', "two girls t-shirts and p."),
        ("We cannot see Mr. O'Neill at 5 p.m. in the U.S.", "we can not see mr. o'neill at 5 p.m. in the u.s."),
        ("A dog (brown) costs $1,000.50!", "a dog -lrb- brown -rrb- costs $ 1,000.50"),
        ("A <unk> on a bench", "a <unk> on a bench"),  # a word the model does not know stays one word
        ("कुत्ता दौड़ा।", "कुत्ता दौड़ा ।"),
        ("“The dog’s ball isn’t red”, l’été…", "the dog 's ball is n't red l’été"),
        ("\U0001f415 a dog \U0001f600", "a dog"),
    ],
)
def test_what_becomes_of_punctuation(caption, words):
    assert ptb_tokenize(caption) == words.split()


@given(st.text())
def test_any_text_becomes_lower_case_words(text):
    for word in ptb_tokenize(text):
        assert word == word.lower() and word.split() == [word]


@pytest.mark.parametrize(
    "part", ["a.", "a-", "a'", "1,", "@", "a_", "n't", ".", "’", "a’", "é-", "a\u0301", "त्", "“", "²", "A$", "狗"]
)
def test_a_very_long_text_takes_no_longer_than_its_length(part):
    assert isinstance(ptb_tokenize(part * 50_000 + "€"), list)  # a rule that backtracks would take minutes


@pytest.mark.parametrize("caption", [["a", "dog"], None, 5])
def test_refuses_what_is_not_a_sentence(caption):
    with pytest.raises(CaptionlibError, match="must be a string"):
        tokenize(caption)
