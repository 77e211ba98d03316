"""The workbench works with every clamp, scene, word and line of text; what it says is what the network says."""

import re
from random import Random

import numpy as np
import pytest

from captionlib.course import widgets
from captionlib.course.probes.numpy_decoder import NumpyDecoder
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
def decoder():
    rng = np.random.default_rng(6)
    shapes = (len(WORDS), 3), (3, 20), (5, 20), (20,), (5, len(WORDS)), (len(WORDS),)
    return NumpyDecoder(WORDS, *(rng.normal(size=shape) for shape in shapes))


@pytest.fixture(scope="module")
def scenes():
    rng = np.random.default_rng(7)
    return {name: (IMAGE, (rng.normal(size=5), rng.normal(size=5))) for name in ("lake", "snow")}


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made and not rendered, which is most of the time."""
    monkeypatch.setattr(parts.Figure, "png", lambda figure: figure.draw_without_rendering() or b"")


def page(decoder, scenes, scene="lake", prefix="a red boat", clamp="f = 0", at=2):
    return lstm.show(decoder, UNITS, *scenes[scene], prefix, clamp, at)


def alt(html):
    return re.findall(r'alt="([^"]*)"', html)[1]


@pytest.mark.parametrize("clamp", lstm.CLAMPS)
@pytest.mark.parametrize("at", [0, 1, 3, 9])
def test_every_clamp_at_every_word(decoder, scenes, undrawn, clamp, at):
    html = page(decoder, scenes, clamp=clamp, at=at)
    clamped = clamp != "hands off" and at < 4
    assert (f"{clamp} at " in html) == clamped and html.count("<img ") == 2
    words = ["<start>", "a", "red", "boat"]
    probs = decoder.read(words, scenes["lake"][1], lstm.CLAMPS[clamp] if clamped else None, at or None)["probs"][-1]
    assert f"“{WORDS[int(probs.argmax())]}” {probs.max():.0%}" in alt(html).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("clamp", ["hands off", "freeze c"])
def test_every_kind_of_text(decoder, scenes, prefix, clamp):
    html = page(decoder, scenes, prefix=prefix, clamp=clamp, at=0)
    assert html.count("<img ") == 2 and "<b>bold" not in html
    assert ("does not know “dog”" in html) == ("dog" in prefix)


def test_80_drawn_combinations(decoder, scenes, monkeypatch):
    monkeypatch.setattr(parts.Figure, "png", lambda figure: b"")
    rng = Random(6)
    for _ in range(80):
        prefix = " ".join(rng.choices([*WORDS[4:], "dog", "<end>", "x" * 30], k=rng.randrange(15)))
        how = {"scene": rng.choice([*scenes]), "clamp": rng.choice([*lstm.CLAMPS]), "at": rng.randrange(16)}
        html = page(decoder, scenes, prefix=prefix, **how)
        assert re.match(r'<div .*<img width="120" .* alt="After “', html, re.S)


def test_no_clamp_changes_nothing_and_a_word_that_is_not_there_is_not_clamped(decoder, scenes):
    assert "<p>hands off: a red boat <b>" in page(decoder, scenes, clamp="hands off")
    assert page(decoder, scenes, at=9) != page(decoder, scenes, at=2)
    assert alt(page(decoder, scenes, at=9)) == alt(page(decoder, scenes, clamp="hands off"))


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    return seen


def test_the_controls_move_the_page_and_the_slider_follows_the_text(decoder, scenes, shown):
    widgets.lstm_workbench(decoder, scenes, UNITS, "a red boat sails")
    ((bench, words),) = shown
    scene, line, clamp, (slide, box), page = (*bench.children[:3], bench.children[3].children, bench.children[4])
    assert (slide.max, box.max, slide.value, clamp.value) == (4, 4, 3, "f = 0") and "at “boat”" in page.value
    assert len(words.splitlines()) == 2 + 2 * len(lstm.CLAMPS) + len(scenes) and words.count("freeze c ") == 2
    for control, value in ((box, 1), (clamp, "o = 1"), (scene, "snow"), (line, "a boat")):
        before = page.value
        control.value = value
        assert page.value != before
    assert slide.max == box.max == 2 and slide.value == 1
    line.value = ""
    assert slide.max == 1 and page.value
