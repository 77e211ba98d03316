"""Grad-CAM finds the locations that raised a score, and is what can be worked out by hand where the end is linear."""

from random import Random

import keras
import numpy as np
import pytest

from captionlib.data import toyscenes
from captionlib.data.toyscenes.scene import KINDS
from captionlib.explain.grad_cam import grad_cam
from captionlib.vision import toynet


@pytest.fixture(scope="module")
def network():
    return toynet.load_recogniser()


def of_kind(kind):
    return lambda output: toynet.pool(output["logits"])["kind"][:, KINDS.index(kind)]


def test_by_hand_on_two_locations():
    images = keras.Input((1, 2, 3))
    maps = keras.layers.Conv2D(3, 1, use_bias=False, name="maps")(images)
    score = keras.layers.Dense(1, use_bias=False)(keras.layers.GlobalAveragePooling2D()(maps))
    network = keras.Model(images, score)
    network.get_layer("maps").set_weights([np.eye(3)[None, None]])
    network.layers[-1].set_weights([np.array([[2.0], [-4.0], [0.0]])])
    picture = np.array([[[[3.0, 0, 9], [1, 5, 9]]]], "float32")  # weights of the maps: 2 / 2 locations, -4 / 2, 0
    np.testing.assert_allclose(grad_cam(network, "maps", picture, lambda out: out[:, 0]), [[[3, 0]]])


def test_at_the_last_layer_it_is_the_logits_themselves(network):
    """The logits are linear in the maps and their pooling shares out a gradient of 1: Grad-CAM is CAM (sec. 3)."""
    image = toyscenes.draw(
        toyscenes.scene_from("snow", ("fox", "red", "big", "runs"), ("car", "blue", "big", "stands"))
    )
    logits = network.get_layer("other_logits")
    seen = keras.Model(network.input, logits.output).predict(image[None], verbose=0)[0, :, :, KINDS.index("fox")]
    by_hand = np.maximum(seen - np.asarray(logits.bias)[KINDS.index("fox")], 0) / 144
    np.testing.assert_allclose(grad_cam(network, "shape", image[None], of_kind("fox"))[0], by_hand, atol=1e-4)


def test_its_brightest_location_lies_on_the_object_it_was_asked_for(network):
    rng, hits = Random("pointing"), []
    for scene in [toyscenes.random_scene(rng) for _ in range(20)]:
        for thing in scene.objects:
            map_ = grad_cam(network, "shape", toyscenes.draw(scene)[None], of_kind(thing.kind))[0]
            hits.append(divmod(int(map_.argmax()), 12) in toyscenes.cells_of(scene, thing.kind, grown=0))
    assert np.mean(hits) > 0.95


def test_it_works_on_unfrozen_networks_and_leaves_them_as_they_were():
    network = toynet.build()
    before = [np.array(weight) for weight in network.weights]
    maps = grad_cam(network, "layer_3", np.zeros((2, 96, 96, 3), "uint8"), of_kind("fox"))
    assert maps.shape == (2, 24, 24) and (maps >= 0).all()
    for was, weight in zip(before, network.weights, strict=True):
        np.testing.assert_array_equal(was, weight)
