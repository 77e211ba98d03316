"""Composer and scrubber at every value of every control, then on a random walk: a described picture or a sentence."""

import random
import re

import ipywidgets
import numpy as np
import pytest

from captionlib.course import widgets
from captionlib.course.widgets import parts


@pytest.fixture
def show(monkeypatch):
    """Show a widget; get its controls and what it says at the moment."""
    shown = []
    monkeypatch.setattr(parts, "present", lambda widget, words: shown.append(widget))

    def leaves(widget):
        return (
            [leaf for child in widget.children for leaf in leaves(child)] if hasattr(widget, "children") else [widget]
        )

    def call(function, *arguments):
        function(*arguments)
        controls = [c for c in leaves(shown[-1]) if isinstance(c, ipywidgets.IntSlider | ipywidgets.ToggleButtons)]
        page = next(leaf for leaf in leaves(shown[-1]) if isinstance(leaf, ipywidgets.HTML))
        return controls, page

    return call


def values(control):
    return list(control.options if hasattr(control, "options") else range(control.min, control.max + 1))


def all_settings(controls, seed=0):
    """Set every control to each of its values, the others as they were; then one at a time at random, 200 times."""
    for control in controls:
        start = control.value
        for value in values(control):
            control.value = value
            yield control.description, value
        control.value = start if start in values(control) else values(control)[0]
    rng = random.Random(seed)
    for _ in range(200 if len(controls) > 1 else 0):
        control = rng.choice(controls)
        control.value = rng.choice(values(control))
        yield "drawn", [control.value for control in controls]


def test_the_composer_never_falls_silent(show):
    controls, page = show(widgets.scene_composer, lambda image: "a red boat & a <cat>")
    assert len(controls) == 12
    described = refused = 0
    for setting in all_settings(controls):
        if alt := re.search(r'<img width="288" height="288" alt="a drawn scene: ([^"]+)"', page.value):
            chosen = {control.description: control.value for control in controls}
            things = [number for number in "12" if chosen[f"object {number}"] != "nothing"]
            told = [chosen["place"], f"backdrop {chosen['backdrop']}"]
            told += [chosen[f"{row} {n}"] for n in things for row in ("object", "colour", "size", "action", "column")]
            assert all(word in alt[1] for word in map(str, told)), (setting, alt[1])
            assert "<b>a red boat &amp; a &lt;cat&gt;</b>" in page.value
            described += 1
        else:
            assert re.fullmatch(r'<p role="status">[A-Z][^<]+\.</p>', page.value), (setting, page.value)
            refused += 1
    assert described > 150 and refused > 20


def test_the_scrubber_says_where_each_word_looked(show):
    rng = np.random.default_rng(0)
    attention = rng.dirichlet(np.ones(144), size=12).reshape(12, 12, 12)
    image = rng.integers(0, 256, (96, 96, 3)).astype("uint8")
    tokens = [f"word{t}" for t in range(12)]
    controls, page = show(widgets.attention_scrubber, image, tokens, attention)
    told = set()
    for _ in all_settings(controls):
        word = tokens[controls[0].value - 1]
        row, column = np.unravel_index(attention[controls[0].value - 1].argmax(), (12, 12))
        said = f"at row {row + 1}, column {column + 1}"
        peak = re.search(rf"<p>(“{word}”: largest attention weight \d+% {said})</p>", page.value)[1]
        assert f'alt="the scene, and beside it its attention; {peak}"' in page.value
        told.add(page.value)
    assert len(told) == 12
