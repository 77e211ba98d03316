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


def darkened(scenes, light):
    return [(toyscenes.draw(scene) * light).astype(np.uint8) for scene in scenes]


def places(captions, scenes):
    """The places that captions of scenes name, each with whether it is right."""
    verdicts = [toyscenes.truth(caption.text, scene) for caption, scene in zip(captions, scenes, strict=True)]
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
    assert greedy.text != caption.text
    assert 1.8 < np.exp(caption.log_prob - greedy.log_prob) < 2.1  # “twice as probable”
    peaks = dict(zip(caption.tokens, caption.attention.max(axis=(1, 2)), strict=True))
    assert max(peaks, key=peaks.get) == "and" and 0.8 < peaks["and"] < 0.95
    left = caption.attention[:, :, :6].sum(axis=(1, 2))  # the boat is in the left half, the cat in the right
    left = dict(zip(caption.tokens, left, strict=True))
    assert left["boat"] > 0.8 and left["cat"] < 0.2 and 0.4 < left["white"] < 0.6


def test_a_cup_of_coffee_is_flagged_and_a_wrong_caption_of_an_astronaut_is_not(photo_captioner):
    photos = skimage.data.coffee(), skimage.data.astronaut()
    coffee, astronaut = photo_captioner.caption(list(photos))
    assert "dog" in coffee.text and "table" in coffee.text and coffee.out_of_distribution
    known = set(photo_captioner.tokenizer.vocabulary)
    assert {"cup", "coffee", "table"} <= known and not {"maybe", "perhaps", "probably", "might"} & known
    assert "a man in a blue shirt" in astronaut.text and not astronaut.out_of_distribution
    assert 0 < photo_captioner.detector.threshold - astronaut.distance < 0.03  # “by a narrow margin”


def test_most_training_photographs_are_at_0_3_to_0_5_and_noise_at_0_7(photo_captioner):
    detector = photo_captioner.detector
    kept = detector.references.astype("float32")  # training photographs, and what the detector compares them with
    train = 1 - np.sort(kept @ kept.T, axis=1)[:, -10:].mean(axis=1)
    assert np.mean((train > 0.3) & (train < 0.5)) > 0.85 and 0.37 < np.median(train) < 0.41
    noise = [np.random.default_rng(seed).integers(0, 256, (300, 300, 3), np.uint8) for seed in range(3)]
    assert all(0.7 < caption.distance < 0.76 for caption in photo_captioner.caption(noise))


def test_half_of_the_training_captions_begin_with_a():
    first = [caption.split()[0] for name in SPLITS["train"] for caption in CAPTIONS[name]]
    assert len(first) == 30_000 and 0.45 < np.mean(np.array(first) == "a") < 0.55


@pytest.mark.over_seeds
def test_most_captions_of_the_test_set_are_wholly_true(captioner):
    scenes = [SCENES[name] for name in SPLITS["test"]]
    captions = captioner.caption([toyscenes.draw(scene) for scene in scenes])
    verdicts = [toyscenes.truth(caption.text, scene) for caption, scene in zip(captions, scenes, strict=True)]
    whole = [bool(v.true) and not v.false and not v.not_understood for v in verdicts]
    assert len(scenes) == 1000 and 0.92 < np.mean(whole) < 0.945


def test_with_less_light_the_place_goes_first_and_only_the_moon_is_dark_in_training(captioner):
    snow = [scene for scene in UNSEEN if scene.place == "snow"][:150]
    bright, dusk = (captioner.caption(darkened(snow, light)) for light in (1, 0.8))
    assert len(places(bright, snow)) > 90 and all(right for _, right in places(bright, snow))
    assert 125 < len(places(dusk, snow)) < 145 and {place for place, _ in places(dusk, snow)} == {"moon"}
    for word in ("moon", "space"):  # two words for one place
        assert 55 < sum(word in caption.text for caption in dusk) < 80
    assert all(caption.out_of_distribution for caption in dusk)
    mean = {place: [] for place in ("beach", "lake", "meadow", "moon", "snow", "street")}
    for name in SPLITS["train"][:600]:
        mean[SCENES[name].place].append(toyscenes.draw(SCENES[name]).mean())
    assert max(mean.pop("moon")) < 140 < 160 < min(min(values) for values in mean.values())


def test_a_wrong_colour_is_not_flagged(captioner):
    moon = toyscenes.scene_from("moon", ("kite", "red", "small", "flies"), ("horse", "white", "small", "runs"))
    [caption] = captioner.caption([toyscenes.draw(moon)])
    verdict = toyscenes.truth(caption.text, moon)
    assert ("kite", "colour", "pink") in verdict.false and "horse" not in caption.text
    assert caption.distance < captioner.detector.threshold / 2 and not caption.out_of_distribution


def test_reversed_channels_turn_the_red_car_blue_and_are_flagged(captioner):
    street = toyscenes.scene_from("street", ("car", "red", "big", "stands"), ("tree", "green", "big", "stands"))
    drawn = toyscenes.draw(street)
    before, after = captioner.caption([drawn, drawn[..., ::-1]])
    assert "red car" in before.text and "tree" in before.tokens and not before.out_of_distribution
    assert "blue car" in after.text and "tree" not in after.tokens and after.out_of_distribution


def test_reversed_channels_cost_every_red_car_and_are_flagged(captioner):
    cars = [scene for scene in UNSEEN if any((thing.kind, thing.colour) == ("car", "red") for thing in scene.objects)]
    images = [toyscenes.draw(scene) for scene in cars]
    before, after = captioner.caption(images), captioner.caption([image[..., ::-1] for image in images])
    assert len(cars) == 54
    assert 34 < sum("red car" in caption.text for caption in before) < 44
    assert not any("red car" in caption.text for caption in after)
    assert sum(caption.out_of_distribution for caption in before) <= 6
    assert all(caption.out_of_distribution for caption in after)
