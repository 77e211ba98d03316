"""The workbench answers to every hand, scene, word and line of text; what it says is what the network says."""

import re
from random import Random

import numpy as np
import pytest

from captionlib.course import widgets
from captionlib.course.probes.speaker import Speaker
from captionlib.course.widgets import lstm, parts

WORDS = ["<pad>", "<start>", "<end>", "<unk>", "a", "boat", "red", "sails", "the", "lake", "and"]
UNITS = {0: "first", 4: "fifth"}
IMAGE = np.full((96, 96, 3), 120, np.uint8)
PREFIXES = [
    "",
    "a red boat",
    "A red, red boat!",
    "a dog",
    "<b>bold</b>",
    "the " * 200,
    "…",
    "ünïcode 🚤 boat",
    "a\n boat",
]


@pytest.fixture(scope="module")
def speaker():
    rng = np.random.default_rng(6)
    shapes = (len(WORDS), 3), (3, 20), (5, 20), (20,), (5, len(WORDS)), (len(WORDS),)
    return Speaker(WORDS, *(rng.normal(size=shape) for shape in shapes))


@pytest.fixture(scope="module")
def scenes():
    rng = np.random.default_rng(7)
    return {name: (IMAGE, (rng.normal(size=5), rng.normal(size=5))) for name in ("lake", "snow")}


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made and not rendered, which is most of the time."""
    monkeypatch.setattr(parts.Figure, "png", lambda figure: figure.draw_without_rendering() or b"")


def page(speaker, scenes, scene="lake", prefix="a red boat", hand="f = 0", at=2):
    return lstm.operate(speaker, UNITS, *scenes[scene], prefix, hand, at)


def alt(html):
    return re.findall(r'alt="([^"]*)"', html)[1]


@pytest.mark.parametrize("hand", lstm.HANDS)
@pytest.mark.parametrize("at", [0, 1, 3, 9])
def test_every_hand_at_every_word(speaker, scenes, undrawn, hand, at):
    html = page(speaker, scenes, hand=hand, at=at)
    held = hand != "hands off" and at < 4
    assert (f"{hand} at " in html) == held and html.count("<img ") == 2
    words = ["<start>", "a", "red", "boat"]
    odds = speaker.read(words, scenes["lake"][1], lstm.HANDS[hand] if held else None, at or None)["odds"][-1]
    assert f"“{WORDS[int(odds.argmax())]}” {odds.max():.0%}" in alt(html).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("hand", ["hands off", "freeze c"])
def test_every_kind_of_text(speaker, scenes, prefix, hand):
    html = page(speaker, scenes, prefix=prefix, hand=hand, at=0)
    assert html.count("<img ") == 2 and "<b>bold" not in html
    assert ("does not know “dog”" in html) == ("dog" in prefix)


def test_200_drawn_combinations(speaker, scenes, monkeypatch):
    monkeypatch.setattr(parts.Figure, "png", lambda figure: b"")
    lots = Random(6)
    for _ in range(200):
        prefix = " ".join(lots.choices([*WORDS[4:], "dog", "<end>", "x" * 30], k=lots.randrange(15)))
        how = {"scene": lots.choice([*scenes]), "hand": lots.choice([*lstm.HANDS]), "at": lots.randrange(16)}
        html = page(speaker, scenes, prefix=prefix, **how)
        assert re.match(r'<div .*<img width="120" .* alt="After “', html, re.S)


def test_no_hand_changes_nothing_and_an_unknown_word_has_no_hand(speaker, scenes):
    assert "<p>hands off: a red boat <b>" in page(speaker, scenes, hand="hands off")
    assert page(speaker, scenes, at=9) != page(speaker, scenes, at=2)
    assert alt(page(speaker, scenes, at=9)) == alt(page(speaker, scenes, hand="hands off"))


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    return seen


def test_the_controls_move_the_page_and_the_slider_follows_the_text(speaker, scenes, shown):
    widgets.lstm_workbench(speaker, scenes, UNITS, "a red boat sails")
    ((bench, words),) = shown
    scene, line, hand, (slide, box), page = (*bench.children[:3], bench.children[3].children, bench.children[4])
    assert (slide.max, box.max, slide.value, hand.value) == (4, 4, 3, "f = 0") and "at “boat”" in page.value
    assert len(words.splitlines()) == 2 + 2 * len(lstm.HANDS) + len(scenes) and words.count("freeze c ") == 2
    for control, value in ((box, 1), (hand, "o = 1"), (scene, "snow"), (line, "a boat")):
        before = page.value
        control.value = value
        assert page.value != before
    assert slide.max == box.max == 2 and slide.value == 1
    line.value = ""
    assert slide.max == 1 and page.value
