"""The kernel workbench: every value of every control gives a picture, a description and an arithmetic that are true."""

import base64
import io
import random
import re

import ipywidgets
import numpy as np
import pytest
import skimage.data
from PIL import Image

from captionlib.course import widgets
from captionlib.course.scratch.convolution import by_loops
from captionlib.course.widgets import kernels, parts
from captionlib.plots import ROLES

RNG = np.random.default_rng(1)
PICTURES = {"noise": RNG.integers(0, 256, (96, 96), np.uint8), "small": RNG.integers(0, 256, (24, 24), np.uint8)}
PICTURES["colour"] = RNG.integers(0, 256, (96, 96, 3), np.uint8)
EDGE = kernels.KERNELS["vertical edge"][0]
START = {"name": "noise", "kernel": EDGE, "channels": "all", "divide": 1, "bias": 0, "stride": 1, "padding": "valid"}
START |= {"activation": "none", "pool": "none", "row": 4, "column": 5, "step": "activation"}
VALUES = {"name": list(PICTURES), "kernel": [kernel for kernel, _ in kernels.KERNELS.values()]}
VALUES |= {"channels": list(kernels.CHANNELS), "divide": range(1, 28), "bias": range(-255, 256, 51)}
VALUES |= {"stride": range(1, 5), "padding": ["valid", "same"], "activation": ["none", "ReLU"]}
VALUES |= {"pool": ["none", "max", "average"], "row": range(0, 96, 5), "column": range(0, 96, 5), "step": kernels.STEPS}
for place in range(9):
    VALUES["kernel"] += [(*EDGE[:place], value, *EDGE[place + 1 :]) for value in range(-9, 10, 3)]


def page_of(name, kernel, channels, row, column, step, **settings):
    weights = np.reshape(kernel, (3, 3, 1)).astype(float)
    if PICTURES[name].ndim == 3:
        weights = weights * kernels.CHANNELS[channels]
    return kernels.show(name, PICTURES[name], kernels.Layer(weights, **settings), row, column, step)


def tables(page):
    """Each table's numbers, from left to right and from top to bottom."""
    found = re.findall(r"<table.*?</table>", page)
    return [np.array([float(cell) for cell in re.findall(r">([^<>]+)</td>", cells)]) for cells in found]


def is_true(page, settings):
    """Picture and description are there, and what is told of the location follows from the numbers shown."""
    alt = re.search(r'<img width="520" height="256" alt="([^"]+)"', page)[1]
    told = float(re.search(r"at row \d+, column \d+: (\S+)$", alt)[1])
    assert f"<div>{alt[alt.index('Feature map') :]}</div>" in page and "nan" not in re.sub('src="[^"]+"', "", page)
    if settings["pool"] != "none":
        keep = {"max": max, "average": np.mean}[settings["pool"]]
        assert keep(tables(page)[0]) == pytest.approx(told, rel=1e-3, abs=1e-3)
        return
    numbers = np.reshape(tables(page), (-1, 3, 9))  # pixels, kernel, products of each channel
    assert len(numbers) == (3 if settings["name"] == "colour" else 1)
    assert numbers[:, 0] * numbers[:, 1] == pytest.approx(numbers[:, 2])
    activated = numbers[:, 2].sum() / settings["divide"] + settings["bias"]
    activated = max(activated, 0) if settings["activation"] == "ReLU" else activated
    assert activated == pytest.approx(told, rel=1e-4, abs=1e-4)


def test_every_value_of_every_control_is_told_truly():
    start = START | {"name": "colour"}
    pages = {name: [page_of(**start | {name: value}) for value in values] for name, values in VALUES.items()}
    for name, values in VALUES.items():
        for value, page in zip(values, pages[name], strict=True):
            is_true(page, start | {name: value})
    for name in ("name", "channels", "padding", "pool", "stride", "divide", "bias"):
        assert len(set(pages[name])) == len(VALUES[name])


def test_the_steps_are_written_one_after_another():
    settings = START | {"name": "colour", "bias": -200, "divide": 2, "activation": "ReLU"}
    pages = [page_of(**settings | {"step": step}) for step in kernels.STEPS]
    patch, weights = PICTURES["colour"][4:7, 5:8].astype(int), np.reshape(EDGE, (3, 3))
    sums = [int((patch[..., c] * weights).sum()) for c in range(3)]
    total = sum(sums) / 2
    told = [">products</div>", f"= {sum(sums)}; ÷ 2 = {total:g}<", f"+ bias -200: {total - 200:g}<"]
    told.append(f"ReLU: max(0, {total - 200:g}) = {max(total - 200, 0):g}<")
    for number, page in enumerate(pages):
        assert [line in page for line in told] == [True] * (number + 1) + [False] * (3 - number)
    assert all(f"<div>{each}</div>" in pages[1] for each in sums)
    assert "ReLU" not in page_of(**settings | {"activation": "none"})


def test_eighty_drawn_settings_are_told_truly():
    rng = random.Random(1)
    for _ in range(80):
        settings = {name: rng.choice(list(values)) for name, values in VALUES.items()}
        is_true(page_of(**settings), settings)


def test_the_feature_map_is_that_of_the_loops():
    kernel = np.arange(9.0).reshape(3, 3)
    mine = kernels.feature_map(PICTURES["small"], kernels.Layer(kernel[..., None], 2, 7, stride=3))
    np.testing.assert_allclose(mine, by_loops(PICTURES["small"].astype(float), kernel, 3) / 2 + 7)


def test_channels_are_added_before_bias_and_relu():
    weights = np.arange(27.0).reshape(3, 3, 3) - 13
    mine = kernels.feature_map(PICTURES["colour"], kernels.Layer(weights, bias=-100, activation="ReLU"))
    channels = [by_loops(PICTURES["colour"][..., c].astype(float), weights[..., c]) for c in range(3)]
    np.testing.assert_allclose(mine, np.maximum(sum(channels) - 100, 0), atol=1e-9)


def test_the_frames_stand_where_the_location_is():
    """Purple in the left half lies around the patch, in the right half around the location."""
    page = page_of(**START | {"row": 20, "column": 60})
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)', page)[1]))).convert("RGB"))
    purple = np.array([int(ROLES["attention"][i : i + 2], 16) for i in (1, 3, 5)])
    rows, columns = np.nonzero((abs(image.astype(int) - purple) < 40).all(axis=-1))
    scale = image.shape[1] / 520
    left = columns < 256 * scale
    for half, start, pixel in ((left, 0, 256 / 96), (~left, 264, 256 / 94)):
        extra = 1 if start == 0 else 0  # a patch of three: its middle is one further
        assert np.median([rows[half].min(), rows[half].max()]) / scale / pixel == pytest.approx(20.5 + extra, abs=0.7)
        middle = (columns[half].min() + columns[half].max()) / 2 / scale - start
        assert middle / pixel == pytest.approx(60.5 + extra, abs=0.7)


@pytest.fixture
def bench(monkeypatch):
    """The workbench's controls by name, its page as "page"."""
    seen = []
    monkeypatch.setattr(parts, "present", lambda widget, words: seen.append((widget, words)))
    widgets.kernel_workbench(PICTURES)
    (widget, words), found = seen[0], {}
    assert "nine weights" in words
    waiting = [widget]
    while waiting:
        control = waiting.pop(0)
        if isinstance(control, ipywidgets.Box):
            waiting += control.children
        else:
            found[getattr(control, "description", "") or "page"] = control
    return found


def test_a_ready_kernel_fills_the_boxes_and_other_numbers_are_your_own(bench):
    before = bench["page"].value
    bench["kernel"].value = "blur"
    numbers = [bench[f"row {r}, column {c}"] for r in (1, 2, 3) for c in (1, 2, 3)]
    assert [box.value for box in numbers] == [1] * 9 and bench["divide by"].value == 9
    assert bench["page"].value != before
    numbers[4].value = 2
    assert bench["kernel"].value == "your own" and tables(bench["page"].value)[1].tolist() == [
        1,
        1,
        1,
        1,
        2,
        1,
        1,
        1,
        1,
    ]
    numbers[4].value = 1
    assert bench["kernel"].value == "blur"
    before = bench["page"].value
    bench["kernel"].value = "your own"
    assert [box.value for box in numbers] == [1] * 9 and bench["page"].value == before


def test_the_location_stays_inside_the_feature_map(bench):
    bench["row"].value = 93
    bench["stride"].value = 4
    assert bench["row"].max == 23 == bench["row"].value
    assert "Feature map 24 × 24, from" in bench["page"].value and "at row 23, column" in bench["page"].value
    bench["picture"].value = "small"
    assert bench["row"].max == 5 and "Feature map 6 × 6, from" in bench["page"].value


def test_channels_are_hidden_where_a_picture_is_grey(bench):
    assert bench["channels"].layout.display == "none"
    bench["picture"].value = "colour"
    assert bench["channels"].layout.display is None
    before, bench["channels"].value = bench["page"].value, "red"
    assert bench["page"].value != before and not tables(bench["page"].value)[4].any()  # green's weights


def test_a_negative_bias_removes_first_the_rim_of_the_cup_and_then_its_front():
    """Task 2 of lesson 01: kernel blur, channels red − blue, ReLU."""
    cup = skimage.data.coffee()[40:328:2, 160:448:2]
    weights, divide = kernels.KERNELS["blur"]
    kernel = np.reshape(weights, (3, 3, 1)) * np.array(kernels.CHANNELS["red − blue"], float)

    def on(part, bias):  # the share of a part of the cup with an activation above 0
        layer = kernels.Layer(kernel, divide, bias, activation="ReLU")
        return (kernels.feature_map(cup, layer)[part] > 0).mean()

    rim, front, coffee = np.s_[77:81, 55:65], np.s_[88:94, 50:60], np.s_[52:62, 45:60]
    assert on(rim, 0) > 0.9 and on(rim, -40) == 0 and on(front, -40) > 0.9 and on(front, -100) == 0
    assert on(coffee, -100) == 1
