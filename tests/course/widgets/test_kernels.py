"""The kernel workbench: every value of every control gives a picture, a description and an arithmetic that are true."""

import base64
import io
import random
import re

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from captionlib.course import widgets
from captionlib.course.scratch.convolution import by_loops
from captionlib.course.widgets import kernels, parts
from captionlib.plots import ROLES

RNG = np.random.default_rng(1)
PICTURES = {"noise": RNG.integers(0, 256, (96, 96), np.uint8), "small": RNG.integers(0, 256, (24, 24), np.uint8)}
START = {"name": "noise", "kernel": kernels.KERNELS["upright"][0], "divide": 1, "stride": 1, "padding": "valid"}
START |= {"pool": "none", "row": 4, "column": 5}
VALUES = {"name": list(PICTURES), "kernel": [kernel for kernel, _ in kernels.KERNELS.values()]}
VALUES |= {"divide": range(1, 17), "stride": range(1, 5), "padding": ["valid", "same"]}
VALUES |= {"pool": ["none", "largest", "mean"], "row": range(96), "column": range(96)}
for place in range(9):
    VALUES["kernel"] += [(*START["kernel"][:place], value, *START["kernel"][place + 1 :]) for value in range(-9, 10)]


def page_of(name, kernel, **settings):
    return kernels.show(name, PICTURES[name], np.reshape(kernel, (3, 3)).astype(float), **settings)


def tables(page):
    """Each table's numbers by its caption."""
    found = re.findall(r"<caption>([\w ]+)</caption>(.*?)</table>", page)
    return {name: [float(cell) for cell in re.findall(r"<td>(.*?)</td>", cells)] for name, cells in found}


def is_true(page, settings):
    """Picture and description are there, and what is told of the place follows from the numbers shown."""
    alt = re.search(r'<img width="584" height="288" alt="([^"]+)"', page)[1]
    row, column, told = re.search(r"at row (\d+), column (\d+) it is (\S+)$", alt).groups()
    assert f"at row {row}, column {column} it is {told}.</p>" in page and "nan" not in re.sub('src="[^"]+"', "", page)
    if settings["pool"] == "none":
        found = tables(page)
        assert np.multiply(found["pixels"], found["kernel"]) == pytest.approx(found["products"])
        assert sum(found["products"]) / settings["divide"] == pytest.approx(float(told), rel=1e-4, abs=1e-4)
    else:
        keep = {"largest": max, "mean": np.mean}[settings["pool"]]
        assert keep(tables(page)["four answers"]) == pytest.approx(float(told), rel=1e-3, abs=1e-3)
    return alt


def test_every_value_of_every_control_is_told_truly():
    pages = {name: [page_of(**START | {name: value}) for value in values] for name, values in VALUES.items()}
    for name, values in VALUES.items():
        for value, page in zip(values, pages[name], strict=True):
            is_true(page, START | {name: value})
    for name in ("name", "padding", "pool", "stride", "divide"):
        assert len(set(pages[name])) == len(VALUES[name])


def test_two_hundred_drawn_settings_are_told_truly():
    rng = random.Random(1)
    for _ in range(200):
        settings = {name: rng.choice(list(values)) for name, values in VALUES.items()}
        is_true(page_of(**settings), settings)


def test_the_feature_map_is_that_of_the_loops():
    kernel = np.arange(9.0).reshape(3, 3)
    mine = kernels.feature_map(PICTURES["small"], kernel, 2, 3, "valid", "none")
    np.testing.assert_allclose(mine, by_loops(PICTURES["small"].astype(float), kernel, 3) / 2)


def test_the_frames_stand_where_the_place_is():
    """Purple in the left half lies round the patch, in the right half round the place."""
    page = page_of(**START | {"row": 20, "column": 60})
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search(r'base64,([^"]+)', page)[1]))).convert("RGB"))
    purple = np.array([int(ROLES["attention"][i : i + 2], 16) for i in (1, 3, 5)])
    rows, columns = np.nonzero((abs(image.astype(int) - purple) < 40).all(axis=-1))
    scale = image.shape[1] / 584
    left = columns < 288 * scale
    for half, start, pixel in ((left, 0, 288 / 96), (~left, 296, 288 / 94)):
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
    assert "nine numbers" in words
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
    assert bench["kernel"].value == "your own" and tables(bench["page"].value)["kernel"] == [1, 1, 1, 1, 2, 1, 1, 1, 1]
    numbers[4].value = 1
    assert bench["kernel"].value == "blur"
    before = bench["page"].value
    bench["kernel"].value = "your own"
    assert [box.value for box in numbers] == [1] * 9 and bench["page"].value == before


def test_the_place_stays_inside_the_answer(bench):
    bench["row"].value = 93
    bench["stride"].value = 4
    assert bench["row"].max == bench["row, typed"].max == 23 and bench["row"].value == 23
    assert "The answer has 24 rows" in bench["page"].value and "at row 23, column" in bench["page"].value
    bench["picture"].value = "small"
    assert bench["row"].max == 5 and "The answer has 6 rows" in bench["page"].value
