"""The networks that lesson 03 trains while the reader waits, run from the lesson's own cells with other seeds."""

from pathlib import Path
from random import Random

import nbformat
import numpy as np
import pytest

from captionlib.course import figures
from captionlib.course.exercises import lesson_03 as exercises
from captionlib.course.probes import recognition
from captionlib.data import toyscenes
from captionlib.data.toyscenes.scene import KINDS
from captionlib.vision import toynet

import keras  # isort: skip

pytestmark = pytest.mark.over_seeds

LESSON = Path(__file__).parents[2] / "notebooks" / "03_extract_cnn_features.ipynb"
CELLS = {cell.id: cell.source for cell in nbformat.read(LESSON, 4).cells}


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_each_change_helps_with_unseen_pairs_and_the_usual_crops_give_no_warning(seed):
    names = {"np": np, "keras": keras, "layers": keras.layers, "toynet": toynet, "KINDS": KINDS}
    names |= {"figures": figures, "exercises": exercises, "recognition": recognition}
    exec(CELLS["network-run"].replace("set_random_seed(3)", f"set_random_seed({seed})"), names)
    exec(CELLS["training"], names)
    crops, test, predicted = names["crops"], names["test_crops"], names["predicted_kinds"]
    unseen = crops(400, seed=5, novel=True)
    painted = crops(2000, seed=3, painted=True)
    networks = {"without changes": names["model"]}
    for name, branch, data in (
        ("branch", True, names["train_crops"]),
        ("paint", False, painted),
        ("both", True, painted),
    ):
        networks[name] = names["train"](names["small_network"](colour_branch=branch), *data)
    known, new = (
        {name: (predicted(model, images) == kinds).mean() for name, model in networks.items()}
        for images, kinds, _ in (test, unseen)
    )
    assert 0.65 < known["without changes"] < 0.8 and new["without changes"] < 0.25
    assert 0.3 < new["branch"] < 0.5 and 0.3 < new["paint"] < 0.5 and 0.35 < new["both"] < 0.6
    assert 0.65 < known["branch"] < 0.8 and 0.65 < known["both"] < 0.8 and known["paint"] > 0.55
    right = predicted(names["model"], test[0]) == test[1]
    of_kind = {kind: right[test[1] == i].mean() for i, kind in enumerate(KINDS)}
    assert all(of_kind[kind] > 0.8 for kind in ("boat", "house", "car"))
    assert all(of_kind[kind] < 0.2 for kind in ("cat", "fox", "rabbit"))


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_calls_in_training_mode_harm_toynet_unless_it_is_frozen(seed):
    names = {"np": np, "toynet": toynet, "toyscenes": toyscenes, "recogniser": toynet.load_recogniser()}
    names["rng"] = Random(seed)
    exec(CELLS["pitfall-run"], names)
    before, after, frozen = (
        toynet.scores(network, names["scenes"])["kinds_colours_place"] for network in names["networks"].values()
    )
    assert before == frozen > 0.9 and after < 0.65
