"""The pointing game: a hit is a hit, the baseline is the share of cells, and training makes the difference."""

import numpy as np
import pytest

from captionlib.course.probes import pointing_game
from captionlib.data import toyscenes
from captionlib.vision import toynet

import keras  # isort: skip

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.over_seeds) for seed in (1, 2))]


def test_objects_are_in_their_scenes():
    sample = pointing_game.objects(30, seed=1)
    assert len(sample) == 30 and all(scene[kind] for scene, kind in sample)


def test_the_random_baseline_is_the_mean_share_of_cells():
    scene = toyscenes.scene_from("meadow", ("fox", "red", "big", "runs", "left", "front"))
    cells = len(toyscenes.cells_of(scene, "fox", grown=0))
    assert pointing_game.random_baseline([(scene, "fox")]) == cells / 144


def test_the_class_score_is_that_of_the_kind_of_each_row():
    network = toynet.load_recogniser()
    scene = toyscenes.scene_from("meadow", ("fox", "red", "big", "runs", "left", "front"))
    output = network(np.stack([toyscenes.draw(scene)] * 2))
    fox, boat = np.asarray(pointing_game.class_score(["fox", "boat"])(output))
    assert fox > 0 > boat


@pytest.mark.parametrize("seed", SEEDS)
def test_the_trained_network_points_and_the_untrained_one_hits_above_chance_in_layer_1(seed):
    sample = pointing_game.objects(96, seed)
    keras.utils.set_random_seed(seed)
    trained, untrained = toynet.load_recogniser(), toynet.build()
    chance = pointing_game.random_baseline(sample)
    assert pointing_game.share_of_hits(trained, "shape", sample) > 0.95
    assert chance < pointing_game.share_of_hits(untrained, "shape", sample) < 0.35
    for network in (trained, untrained):
        assert 2 * chance < pointing_game.share_of_hits(network, "layer_1", sample) < 0.4
