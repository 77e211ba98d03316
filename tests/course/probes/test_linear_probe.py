"""Linear probes: they find what is linear in the features, and in ToyNet's what lesson 03 says."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_03 as exercises
from captionlib.course.probes import linear_probe
from captionlib.data import toyscenes
from captionlib.vision import toynet

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.over_seeds) for seed in (1, 2))]


def test_a_linear_label_is_found_and_a_random_one_is_not():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(600, 20))
    linear = (features @ rng.normal(size=(20, 3))).argmax(axis=1)
    assert linear_probe.accuracy(features, linear) > 0.85
    assert linear_probe.accuracy(features, rng.integers(3, size=600)) < 0.45


def test_labels_of_the_measured_examples_are_not_used():
    rng = np.random.default_rng(3)
    features, labels = rng.normal(size=(500, 20)), rng.integers(2, size=500)
    other = np.concatenate([labels[:400], 1 - labels[400:]])
    assert linear_probe.accuracy(features, labels) == pytest.approx(1 - linear_probe.accuracy(features, other))


def test_cats_stand_where_their_label_says():
    images, right = linear_probe.cats_left_or_right(40, seed=1)
    assert images.shape == (40, 96, 96, 3) and set(right) == {0, 1}


def test_the_cell_of_an_object_lies_in_its_box():
    images, (scene, row, column), labels = linear_probe.objects_with_a_front(20, seed=1)
    assert {len(each) for each in labels.values()} == {len(scene)} and images.shape == (20, 96, 96, 3)
    rng = linear_probe.Random(1)
    scenes = [toyscenes.random_scene(rng) for _ in range(20)]
    for i, cell, kind in zip(scene, zip(row, column, strict=True), labels["which kind?"], strict=True):
        assert cell in toyscenes.cells_of(scenes[i], linear_probe.WITH_A_FRONT[kind], grown=0)


def test_the_middle_pixel_is_that_of_the_cell():
    images = np.zeros((2, 96, 96, 3), np.uint8)
    images[1, 4 + 8 * 5, 4 + 8 * 11] = [1, 2, 3]
    pixels = linear_probe.middle_pixels(images, (np.array([0, 1]), np.array([5, 5]), np.array([11, 11])))
    assert pixels.tolist() == [[0, 0, 0], [1, 2, 3]]


@pytest.mark.parametrize("seed", SEEDS)
def test_two_halves_tell_left_from_right_and_the_pooled_vector_hardly_does(seed):
    images, right = linear_probe.cats_left_or_right(640, seed)
    grids = toynet.load().predict(images, verbose=0)
    halves = np.stack([exercises.left_and_right(grid) for grid in grids])
    assert 0.5 < linear_probe.accuracy(grids.mean(axis=(1, 2)), right) < 0.7
    assert linear_probe.accuracy(halves, right) > 0.95
    whole = grids.reshape(640, -1)
    assert 0.9 <= linear_probe.accuracy(whole, right) <= 0.96
    twice = np.concatenate([whole[:400]] * 2), np.concatenate([right[:400]] * 2)
    assert linear_probe.accuracy(*twice) == 1  # every scene that it was fitted to


@pytest.mark.parametrize("seed", SEEDS)
def test_frozen_features_know_kinds_and_colours_and_hardly_where_an_object_faces(seed):
    images, cells, labels = linear_probe.objects_with_a_front(448, seed)
    features = toynet.load().predict(images, verbose=0)[cells]
    pixels = linear_probe.middle_pixels(images, cells)
    colour, kind, faces = (
        [linear_probe.accuracy(each, label) for each in (pixels, features)] for label in labels.values()
    )
    assert colour[0] > 0.6 and colour[1] > 0.9 and kind[0] < 0.3 and kind[1] > 0.75 and 0.5 < faces[1] < 0.7
