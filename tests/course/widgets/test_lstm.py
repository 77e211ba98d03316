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
    monkeypatch.setattr(parts.Figure, "savefig", lambda figure, *_, **how: figure.draw_without_rendering())


def page(decoder, scenes, scene="lake", prefix="a red boat", clamp="forget gate f = 0", at=2):
    return lstm.show(decoder, UNITS, *scenes[scene], prefix, clamp, at)


def alt(html):
    return re.findall(r'alt="([^"]*)"', html)[1]


@pytest.mark.parametrize("clamp", lstm.CLAMPS)
@pytest.mark.parametrize("at", [0, 1, 3, 9])
def test_every_clamp_at_every_word(decoder, scenes, undrawn, clamp, at):
    html = page(decoder, scenes, clamp=clamp, at=at)
    clamped = clamp != "none" and at < 4
    assert (f"{clamp} at " in html) == clamped and html.count("<img ") == 2
    words = ["<start>", "a", "red", "boat"]
    probs = decoder.read(words, scenes["lake"][1], lstm.CLAMPS[clamp] if clamped else None, at or None)["probs"][-1]
    assert f"“{WORDS[int(probs.argmax())]}” {probs.max():.0%}" in alt(html).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("clamp", ["none", "freeze cell state c (i = 0, f = 1)"])
def test_every_kind_of_text(decoder, scenes, prefix, clamp):
    html = page(decoder, scenes, prefix=prefix, clamp=clamp, at=0)
    assert html.count("<img ") == 2 and "<b>bold" not in html
    assert ("read as &lt;unk&gt;: “dog”" in html) == ("dog" in prefix)


def test_80_drawn_combinations(decoder, scenes, monkeypatch):
    monkeypatch.setattr(parts.Figure, "savefig", lambda figure, *_, **how: None)
    rng = Random(6)
    for _ in range(80):
        prefix = " ".join(rng.choices([*WORDS[4:], "dog", "<end>", "x" * 30], k=rng.randrange(15)))
        how = {"scene": rng.choice([*scenes]), "clamp": rng.choice([*lstm.CLAMPS]), "at": rng.randrange(16)}
        html = page(decoder, scenes, prefix=prefix, **how)
        assert re.match(r'<div .*<img width="60" .* alt="After “', html, re.S)


def test_no_clamp_changes_nothing_and_a_word_that_is_not_there_is_not_clamped(decoder, scenes):
    assert "<div>without intervention: a red boat <b>" in page(decoder, scenes, clamp="none")
    assert page(decoder, scenes, at=9) != page(decoder, scenes, at=2)
    assert alt(page(decoder, scenes, at=9)) == alt(page(decoder, scenes, clamp="none"))


def test_under_each_word_stands_its_share_of_the_gradient(decoder, scenes, undrawn):
    words, start = ["<start>", "a", "red", "boat"], scenes["lake"][1]

    def shares(html):
        return [float(number) for number in re.findall(r">([01]\.\d\d)</div>", html)]

    norms = np.linalg.norm(decoder.word_gradients(words, start, decoder.read(words, start)), axis=1)
    assert shares(page(decoder, scenes, clamp="none")) == pytest.approx(norms / norms.max(), abs=0.006)
    cut = page(decoder, scenes, prefix="the boat", clamp="output gate o = 0", at=2)
    assert shares(cut) == [0, 0, 0]  # the last hidden state is 0, whatever was read
    assert len(shares(page(decoder, scenes, prefix="the " * 30))) == lstm.MOST_SHOWN


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    return seen


def test_the_controls_move_the_page_and_the_slider_follows_the_text(decoder, scenes, shown):
    widgets.lstm_workbench(decoder, scenes, UNITS, "a red boat sails")
    ((bench, words),) = shown
    controls, page = bench.children
    scene, line, clamp, row = controls.children
    slide, box = row.children
    assert (slide.max, box.max, slide.value, clamp.value) == (
        4,
        4,
        3,
        "forget gate f = 0",
    ) and "at “boat”" in page.value
    assert (
        len(words.splitlines()) == 2 + 2 * len(lstm.CLAMPS) + len(scenes) and words.count("freeze cell state c ") == 2
    )
    for control, value in ((box, 1), (clamp, "output gate o = 1"), (scene, "snow"), (line, "a boat")):
        before = page.value
        control.value = value
        assert page.value != before
    assert slide.max == box.max == 2 and slide.value == 1
    line.value = ""
    assert slide.max == 1 and page.value
