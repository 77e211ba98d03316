"""ToyNet recognises scenes it never saw, and each of its locations sees about one object."""

from random import Random

import numpy as np
import pytest
from keras import ops

from captionlib.data.toyscenes import random_scene
from captionlib.data.toyscenes.drawing import draw
from captionlib.data.toyscenes.scene import KINDS, UNSEEN
from captionlib.errors import CaptionlibError
from captionlib.vision import toynet


@pytest.fixture(scope="module")
def network():
    return toynet.load_recogniser()


def scenes(count, novel=False):
    rng = Random("scenes of this test")
    return [random_scene(rng, novel) for _ in range(count)]


def test_unseen_scenes_are_recognised(network):
    scores = toynet.scores(network, scenes(400))
    assert scores["kinds_colours_place"] > 0.97, scores
    assert scores["everything"] > 0.96, scores


def test_pairs_of_colour_and_kind_never_trained_on_are_recognised(network):
    assert toynet.scores(network, scenes(200, novel=True))["kinds_colours_place"] > 0.9


def test_a_location_sees_at_most_a_third_of_the_picture(network):
    image = np.random.RandomState(0).randint(0, 256, (96, 96, 3)).astype(np.uint8)
    extractor = toynet.load()
    plain = extractor.predict(image[None], verbose=0)[0]
    assert plain.shape == (*toynet.GRID, toynet.DEPTH)
    for axis in (0, 1):
        changed = np.repeat(image[None], 96, 0)
        for i in range(96):
            line = (i, i) if axis == 0 else (i, slice(None), i)
            changed[line] = 255 - changed[line]
        moved = np.abs(extractor.predict(changed, verbose=0) - plain).max((2 - axis, 3)) > 1e-5  # (96, 12)
        for location in range(12):
            seen = np.flatnonzero(moved[:, location])
            assert np.ptp(seen) + 1 <= 32
            assert seen.min() <= location * 8 + 4 <= seen.max()  # and its own pixels are among them
        assert np.ptp(np.flatnonzero(moved[:, 6])) + 1 == 27


def test_features_do_not_depend_on_the_batch():
    images = np.stack([draw(scene) for scene in scenes(3)])
    extractor = toynet.load()
    assert extractor.output_shape == (None, 12, 12, 128)
    together, alone = extractor.predict(images, verbose=0), extractor.predict(images[1:2], verbose=0)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)


def test_colour_is_read_at_the_locations_with_the_kind():
    logits = np.full((1, 12, 12, 44), -9.0, np.float32)
    for kind, colour, row, column in (("fox", 2, 1, 1), ("car", 5, 9, 8)):
        logits[0, row, column, 8 + KINDS.index(kind)] = 9
        logits[0, row, column, colour] = 9
    pooled = {name: ops.convert_to_numpy(values)[0] for name, values in toynet.pool(logits).items()}
    assert [KINDS[i] for i in np.flatnonzero(pooled["kind"] > 0)] == ["fox", "car"]
    assert pooled["colour"][KINDS.index("fox")].argmax() == 2
    assert pooled["colour"][KINDS.index("car")].argmax() == 5


def test_labels_name_what_is_there():
    for scene in scenes(20):
        numbers = toynet.labels(scene)
        assert {KINDS[i] for i in np.flatnonzero(numbers[:-1, 0] >= 0)} == {thing.kind for thing in scene.objects}
        for thing in scene.objects:
            colour, size, action = numbers[KINDS.index(thing.kind)]
            said = toynet.LABELS["colour"][colour], toynet.LABELS["size"][size], toynet.LABELS["action"][action]
            assert said == (thing.colour, thing.size, thing.action)


def test_training_scenes_keep_novel_novel_and_come_again_with_their_seed():
    images, numbers = toynet.FreshScenes(2, seed=77)[1]
    again, _ = toynet.FreshScenes(9, seed=77)[1]
    np.testing.assert_array_equal(images, again)
    assert (numbers[:, :-1, 0] < 0).sum() > (numbers[:, :-1, 1] < 0).sum()  # some colours have no name
    for kind, colour in UNSEEN.items():
        assert not (numbers[:, KINDS.index(kind), 0] == toynet.LABELS["colour"].index(colour)).any()


def test_loss_is_small_only_for_the_truth(network):
    some = scenes(8)
    logits = network.predict(np.stack([draw(scene) for scene in some]), verbose=0)["logits"]
    true = np.stack([toynet.labels(scene) for scene in some])
    right, wrong = toynet.recognition_loss(true, logits), toynet.recognition_loss(true[::-1].copy(), logits)
    assert float(ops.mean(right)) < 1 < float(ops.mean(wrong))


def test_weights_are_small_and_a_broken_file_is_named(tmp_path):
    assert (toynet.SHIPPED / "toynet.weights.h5").stat().st_size <= 1.3e6
    with pytest.raises(CaptionlibError, match="cannot be read"):
        toynet.load_recogniser(tmp_path)
    (tmp_path / "config.json").write_text((toynet.SHIPPED / "config.json").read_text())
    (tmp_path / "toynet.weights.h5").write_bytes((toynet.SHIPPED / "toynet.weights.h5").read_bytes()[:5000])
    with pytest.raises(CaptionlibError, match="cannot be read"):
        toynet.load_recogniser(tmp_path)
