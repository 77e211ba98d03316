"""The feature-map browser: every setting shows a map, the pixels that its place sees, and says both truly."""

import base64
import io
import random
import re

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from captionlib.course import widgets
from captionlib.course.scratch.convolution import receptive_field_span
from captionlib.course.widgets import features, parts
from captionlib.data import toyscenes
from captionlib.plots import ROLES
from captionlib.vision import toynet

FOX = toyscenes.scene_from("meadow", ("fox", "red", "big", "runs", "left", "front"))
CAR = toyscenes.scene_from("snow", ("car", "blue", "big", "stands", "right", "front"))
SCENES = {"fox": toyscenes.draw(FOX), "car": toyscenes.draw(CAR)}
START = {"scene": "car", "layer": "shape", "channel": 91, "row": 10, "column": 11}


@pytest.fixture(scope="module")
def others():
    rng = random.Random("other scenes")
    scenes = [toyscenes.random_scene(rng) for _ in range(60)]
    return scenes, np.stack([toyscenes.draw(scene) for scene in scenes])


@pytest.fixture(scope="module")
def maps(others):
    return features.feature_maps(np.stack(list(SCENES.values()))), features.feature_maps(others[1])


def page_of(maps, others, scene, layer, channel, row, column):
    own, elsewhere = maps
    patches = features.top_patches(layer, elsewhere[layer], others[1], channel - 1)
    return features.show(SCENES[scene], layer, own[layer][list(SCENES).index(scene)], patches, channel, row, column)


def is_true(page, maps, scene, layer, channel, row, column):
    """The picture is there, and its description says what the map holds at the place and at its peak."""
    map_ = maps[0][layer][list(SCENES).index(scene)][..., channel - 1]
    step = len(map_) // 12
    answer = map_[(row - 1) * step + step // 2, (column - 1) * step + step // 2]
    told = f"channel {channel} of {layer.replace('_', ' ')}: {answer:.2f} at row {row}, column {column}"
    alt = re.search(r'<img width="600" height="\d+" alt="([^"]+)"', page)[1]
    assert told in alt and f'<p role="status">{told}' in page
    if map_.max() > 0:
        peak, y, x = re.search(r"largest activation (\S+) at row (\d+) and column (\d+)$", alt).groups()
        assert float(peak) == pytest.approx(float(map_.max()), abs=0.006)
        cells = map_[(int(y) - 1) * step : int(y) * step, (int(x) - 1) * step : int(x) * step]
        assert cells.max() == map_.max()
    else:
        assert alt.endswith("no activation in this scene")


def channels(layer):
    return toynet.build().get_layer(layer).output.shape[-1]


def test_every_value_of_every_control_is_told_truly(maps, others):
    values = {"scene": SCENES, "channel": range(1, 97), "row": range(1, 13), "column": range(1, 13)}
    for name, each in values.items():
        for value in each:
            settings = START | {name: value}
            is_true(page_of(maps, others, **settings), maps, **settings)
    for layer in toynet.LAYERS:
        settings = START | {"layer": layer, "channel": channels(layer)}
        is_true(page_of(maps, others, **settings), maps, **settings)


def test_eighty_drawn_settings_are_told_truly(maps, others):
    rng, size = random.Random(3), {layer: channels(layer) for layer in toynet.LAYERS}
    for _ in range(80):
        layer = rng.choice(list(toynet.LAYERS))
        settings = {"scene": rng.choice(list(SCENES)), "layer": layer, "channel": rng.randint(1, size[layer])}
        settings |= {"row": rng.randint(1, 12), "column": rng.randint(1, 12)}
        is_true(page_of(maps, others, **settings), maps, **settings)


@pytest.mark.parametrize("layer", toynet.LAYERS)
def test_nothing_outside_the_receptive_field_reaches_the_location_and_its_rim_does(layer):
    """Changed pixel lines change a location's activations exactly where the span says."""
    network = toynet.load_recogniser()
    maps = features.keras.Model(network.input, network.get_layer(layer).output)
    place = maps.output.shape[1] // 2
    first, end = receptive_field_span(toynet.LAYERS[layer], place, 96)
    image = np.random.RandomState(0).randint(0, 256, (96, 96, 3)).astype(np.uint8)
    changed = np.repeat(image[None], 5, 0)
    for i, line in enumerate((first - 1, first, end - 1, end)):
        changed[i + 1, :, line] = 255 - changed[i + 1, :, line]
    answers = maps.predict(changed, verbose=0)[:, :, place]  # (5, rows, channels)
    moved = np.abs(answers - answers[0]).max((1, 2)) > 1e-5
    assert moved.tolist() == [False, False, True, True, False]


def test_a_channel_can_be_a_word(maps, others):
    """All top patches of channel 91 show cars: the middle of each lies in a car's box."""
    answers = maps[1]["shape"][..., 90].reshape(60, -1)
    for i in np.argsort(-answers.max(1))[:6]:
        assert divmod(int(answers[i].argmax()), 12) in toyscenes.cells_of(others[0][i], "car")


def test_the_frame_stands_round_the_receptive_field(maps, others):
    page = page_of(maps, others, **START | {"scene": "fox", "row": 5, "column": 3})
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)', page)[1]))).convert("RGB"))
    blue = np.array([int(ROLES["features"][i : i + 2], 16) for i in (1, 3, 5)])
    scale = image.shape[1] / 600
    rows, columns = np.nonzero((image[: round(192 * scale), : round(192 * scale)] == blue).all(axis=-1))
    for seen, place in ((rows, 4), (columns, 2)):
        first, end = (2 * scale * pixel for pixel in receptive_field_span(toynet.LAYERS["shape"], place, 96))
        assert seen.min() == pytest.approx(first, abs=4 * scale) and seen.max() == pytest.approx(end, abs=4 * scale)


@pytest.fixture
def browser(monkeypatch, others, maps):
    """The browser's controls by name, its page as "page"."""
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    widgets.feature_browser(SCENES, others[1], maps[1])
    (widget, words), found = seen[0], {}
    assert "feature-map browser" in words
    waiting = [widget]
    while waiting:
        control = waiting.pop(0)
        if isinstance(control, ipywidgets.Box):
            waiting += control.children
        else:
            found[getattr(control, "description", "") or "page"] = control
    return found


def test_every_control_moves_the_page_and_the_channel_stays_inside_its_layer(browser):
    assert "channel 91 of shape" in browser["page"].value
    for name, value in (("scene", "car"), ("channel", 67), ("row", 2), ("column", 5), ("layer", "layer 1")):
        before = browser["page"].value
        browser[name].value = value
        assert browser["page"].value != before
    assert browser["channel"].max == 24 == browser["channel"].value
    assert "channel 24 of layer 1" in browser["page"].value and "3 × 3 pixels" in browser["page"].value
    browser["layer"].value = "layer 5"
    browser["channel"].value = 128
    assert "channel 128 of layer 5" in browser["page"].value
