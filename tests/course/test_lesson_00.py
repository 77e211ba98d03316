"""What lesson 00 says in prose about its two captioners, counted."""

import numpy as np
import pytest
import skimage.data

from captionlib import Captioner
from captionlib.data import toyscenes

SPLITS, SCENES, CAPTIONS = toyscenes.compose()
UNSEEN = [SCENES[name] for split in ("val", "test") for name in SPLITS[split]]
LAKE = toyscenes.scene_from(
    "lake", ("boat", "red", "big", "sails", "left", "back"), ("cat", "white", "big", "sits", "right", "front")
)


@pytest.fixture(scope="module")
def captioner():
    return Captioner.load("toyscenes_show_attend_tell")


@pytest.fixture(scope="module")
def photo_captioner():
    return Captioner.load("flickr8k_show_attend_tell")


def places(captioner, scenes, light):
    """The places that captions of scenes name at a share of the light, each with whether it is right."""
    images = [(toyscenes.draw(scene) * light).astype(np.uint8) for scene in scenes]
    verdicts = [
        toyscenes.truth(caption.text, scene) for caption, scene in zip(captioner.caption(images), scenes, strict=True)
    ]
    return [
        (statement.value, statement in verdict.true)
        for verdict in verdicts
        for statement in [*verdict.true, *verdict.false]
        if statement.subject == "scene"
    ]


def test_the_first_scene_is_new_to_the_captioner_and_its_caption_is_wholly_true(captioner):
    def content(scene):
        return scene.place, sorted((thing.kind, thing.colour, thing.size) for thing in scene.objects)

    assert all(content(SCENES[name]) != content(LAKE) for name in SPLITS["train"]) and len(SPLITS["train"]) == 6000
    caption, greedy = (captioner.caption([toyscenes.draw(LAKE)], beam)[0] for beam in (3, 1))
    verdict = toyscenes.truth(caption.text, LAKE)
    assert (caption.text, len(verdict.true), verdict.false) == ("a white cat and a red boat", 4, [])
    assert greedy.text != caption.text and greedy.log_prob < caption.log_prob
    peaks = dict(zip(caption.tokens, caption.attention.max(axis=(1, 2)), strict=True))
    assert max(peaks, key=peaks.get) == "and" and 0.8 < peaks["and"] < 0.95
    left = caption.attention[:, :, :6].sum(axis=(1, 2))  # the boat is in the left half, the cat in the right
    left = dict(zip(caption.tokens, left, strict=True))
    assert left["boat"] > 0.8 and left["cat"] < 0.2 and 0.4 < left["white"] < 0.6


def test_a_cup_of_coffee_is_a_dog_and_out_of_distribution(photo_captioner):
    coffee, lawn, astronaut, cat = photo_captioner.caption(
        [
            skimage.data.coffee(),
            np.repeat(skimage.data.grass()[..., None], 3, axis=2),
            skimage.data.astronaut(),
            skimage.data.chelsea()[:, 75:375],
        ]
    )
    assert "dog" in coffee.text and "table" in coffee.text and coffee.out_of_distribution
    known = set(photo_captioner.tokenizer.vocabulary)
    assert {"cup", "coffee", "table"} <= known and not {"maybe", "perhaps", "probably", "might"} & known
    assert cat.out_of_distribution and "cat" not in cat.text
    assert lawn.out_of_distribution and "dog" in lawn.text
    assert not astronaut.out_of_distribution and "a man in a blue shirt" in astronaut.text
    assert lawn.log_prob > max(cat.log_prob, astronaut.log_prob)


def test_half_of_the_training_captions_begin_with_a():
    first = [caption.split()[0] for name in SPLITS["train"] for caption in CAPTIONS[name]]
    assert len(first) == 30_000 and 0.45 < np.mean(np.array(first) == "a") < 0.55


def test_with_less_light_the_place_goes_first_and_only_the_moon_is_dark_in_training(captioner):
    snow = [scene for scene in UNSEEN if scene.place == "snow"][:150]
    bright, dusk = places(captioner, snow, 1), places(captioner, snow, 0.8)
    assert len(bright) > 90 and all(right for _, right in bright)
    assert 125 < len(dusk) < 145 and {place for place, _ in dusk} == {"moon"}
    mean = {place: [] for place in ("beach", "lake", "meadow", "moon", "snow", "street")}
    for name in SPLITS["train"][:600]:
        mean[SCENES[name].place].append(toyscenes.draw(SCENES[name]).mean())
    assert max(mean.pop("moon")) < 140 < 160 < min(min(values) for values in mean.values())


def test_swapped_channels_cost_every_red_car_and_are_marked(captioner):
    cars = [scene for scene in UNSEEN if any((thing.kind, thing.colour) == ("car", "red") for thing in scene.objects)]
    images = [toyscenes.draw(scene) for scene in cars]
    before, after = captioner.caption(images), captioner.caption([image[..., ::-1] for image in images])
    assert len(cars) == 54
    assert 34 < sum("red car" in caption.text for caption in before) < 44
    assert not any("red car" in caption.text for caption in after)
    assert sum(caption.out_of_distribution for caption in before) <= 6
    assert all(caption.out_of_distribution for caption in after)
