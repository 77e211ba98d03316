"""The optimiser playground: every value of every control draws, and its sentence is true of the path."""

import base64
import io
import random
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from captionlib.course import widgets
from captionlib.course.probes.surfaces import SURFACES
from captionlib.course.widgets import optimisers, parts

VALUES = {"surface": list(SURFACES), "optimiser": list(optimisers.OPTIMISERS)}
VALUES |= {"learning_rate": np.arange(0.01, 0.505, 0.01), "momentum": np.arange(0, 0.995, 0.01)}
VALUES |= {name: np.arange(-2, 2.1, 0.25) for name in ("start_x", "start_y")} | {"steps": range(1, 101)}
KINDS = [
    "It diverges: ",
    "It has converged.",
    "The loss has grown: ",
    "It oscillates: ",
    "It is stuck ",
    "It overshoots: ",
]
KINDS += ["It is still descending."]


def kind_of(page):
    """What kind of path the page tells of; description and readout agree, and nothing reads nan."""
    alt, told = (
        re.search(r'<img width="790" height="386" alt="([^"]+)"', page)[1],
        re.search(r"<p [^>]*>(.*)</p>", page),
    )
    assert alt.endswith(told[1]) and "nan" not in told[1] and "inf" not in told[1]
    (kind,) = (kind for kind in KINDS if kind in told[1])
    return kind


def drawn(page):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)', page)[1]))))


@pytest.mark.parametrize("name", VALUES)
def test_every_value_of_each_control_draws(name, monkeypatch):
    monkeypatch.setattr(parts, "picture", lambda figure, alt, width: f'<img width="790" height="386" alt="{alt}">')
    told = set()
    for value in VALUES[name]:
        page = optimisers.show(**optimisers.START | {name: value})
        assert kind_of(page)
        told.add(page)
    assert len(told) == len(VALUES[name])  # and each says something else


def test_any_combination_draws_without_a_warning():
    rng = random.Random(2)
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(200):
            chosen = {name: rng.choice(list(values)) for name, values in VALUES.items()}
            if number % 20:  # the drawing takes most of the time: twenty of the 200 in full
                path = optimisers.descend(**chosen)
                told = optimisers.outcome(chosen["surface"], path)
                seen.add(next(kind for kind in KINDS if kind in told))
            else:
                assert drawn(optimisers.show(**chosen)).shape == (579, 1185, 4)
    assert {"It diverges: ", "It has converged.", "It overshoots: ", "It is still descending."} <= seen


@pytest.mark.parametrize(
    "kind, settings",
    [
        ("It diverges: at step 3 of 30", {"surface": "two dips", "optimiser": "SGD", "learning_rate": 0.3}),
        ("The loss has grown", {"optimiser": "SGD", "learning_rate": 0.21}),
        ("It oscillates", {"optimiser": "SGD", "learning_rate": 0.19}),
        ("It is still descending", {"optimiser": "SGD", "learning_rate": 0.02}),
        ("It overshoots", {"optimiser": "momentum", "learning_rate": 0.05, "momentum": 0.9}),
        ("It has converged", {"surface": "round bowl", "optimiser": "SGD", "learning_rate": 0.25, "steps": 1}),
        (
            "It is stuck where the gradient",
            {"surface": "two dips", "optimiser": "SGD", "start_x": 2, "start_y": 1, "steps": 90},
        ),
    ],
)
def test_each_kind_of_path_is_told(kind, settings):
    assert kind in optimisers.show(**optimisers.START | settings)


def test_a_path_beyond_all_numbers_draws_cleanly():
    far = {"surface": "two dips", "optimiser": "SGD", "learning_rate": 0.5, "steps": 100}
    path = optimisers.descend(**optimisers.START | far)
    assert not np.isfinite(path[-1]).all()
    page = optimisers.show(**optimisers.START | far)
    assert kind_of(page) == "It diverges: " and drawn(page).std() > 10


def test_controls_move_the_path_and_momentum_rests_where_it_has_no_say(monkeypatch):
    shown = []
    monkeypatch.setattr(parts, "present", lambda widget, words: shown.append((widget, words)))
    widgets.optimiser_playground()
    ((widget, words),) = shown
    controls, page = widget.children
    surface, optimiser, *rows = controls.children
    assert "long valley, Adam: After 30 steps" in words
    before = page.value
    for row in rows:
        slide, box = row.children
        box.value = slide.value + 2 * slide.step
        assert page.value != before
        before = page.value
    momentum = rows[1].children
    for name, rests in (("SGD", True), ("RMSProp", True), ("Adam", False), ("momentum", False)):
        optimiser.value = name
        assert [control.disabled for control in momentum] == [rests, rests]
    surface.value = "two dips"
    assert "on the two dips" in page.value
