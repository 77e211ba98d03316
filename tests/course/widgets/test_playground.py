"""The tokenizer playground shows what Tokenizer does, for whatever is typed."""

import random
import re

import pytest

from captionlib.course import widgets
from captionlib.course.widgets import parts, playground
from captionlib.text import SPECIALS, SPLITTERS, Tokenizer

WORDS = ["a", "the", "red", "boat", "sails", "dogs", "cat"]
CAPTION = "The dog's red boat sails!"


def alt(page):
    return re.search(r'; tokens: ([^"]*)"', page)[1].replace("&lt;", "<").replace("&gt;", ">").split()


def test_it_reads_what_the_tokenizer_reads():
    page = playground.show(CAPTION, True, "whitespace", WORDS)
    tokenizer = Tokenizer(SPECIALS + WORDS)
    assert alt(page) == [tokenizer.vocabulary[i] for i in tokenizer.encode(CAPTION)]
    assert "5 words, 0 out of vocabulary; 11 tokens in all" in page


def test_without_cleaning_a_capital_makes_another_word():
    page = playground.show("The cat", False, "whitespace", WORDS)
    assert alt(page) == ["<start>", "<unk>", "cat", "<end>"] and "1 out of vocabulary" in page


@pytest.mark.parametrize("typed", ["", "   ", "?!"])
def test_nothing_to_number_is_said(typed):
    assert "<img" not in (page := playground.show(typed, True, "whitespace", WORDS)) and "type a caption" in page


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", '"quotes" & <b>', "狗 跑", "$x^$ $\\frac{$", "x" * 500, "a " * 500, "$x^"]
)
@pytest.mark.parametrize("clean", [True, False])
def test_anything_can_be_typed(typed, clean):
    page = playground.show(typed, clean, "wordpunct", WORDS)
    assert "<script" not in page and "<b>" not in page and len(alt(page)) <= 42


@pytest.mark.parametrize("known", range(len(WORDS) + 1))
def test_a_smaller_vocabulary_knows_less(known):
    page = playground.show(" ".join(WORDS), True, "whitespace", WORDS[:known])
    assert f"7 words, {7 - known} out of vocabulary" in page


def test_any_combination_draws():
    rng = random.Random(4)
    for _ in range(40):
        text = " ".join(rng.choices([*WORDS, "dog's", "isn't,", "zebra"], k=rng.randrange(12)))
        page = playground.show(text, rng.random() < 0.5, rng.choice(list(SPLITTERS)), WORDS[: rng.randrange(8)])
        assert ("<img" in page) == bool(text)


@pytest.mark.parametrize(
    "number, value", [(0, "a cat"), (1, "lower case, strip punctuation"), (2, "wordpunct"), (3, 3)], ids=str
)
def test_every_control_redraws(monkeypatch, number, value):
    shown = []
    monkeypatch.setattr(parts, "present", lambda widget, words: shown.append(widget))
    widgets.tokenizer_playground(WORDS, CAPTION)
    column, page = shown[0].children
    controls = list(column.children)
    controls[3] = controls[3].children[1]  # the slider's number box
    before, controls[number].value = page.value, value
    assert page.value != before
