"""Crops show one object each, novel ones the pairs that training never shows, painted ones colours without a name."""

import numpy as np

from captionlib.data.toyscenes.drawing import COLOURS
from captionlib.data.toyscenes.scene import KINDS, UNSEEN
from captionlib.vision.crops import crops


def pairs(kinds, colours):
    return {(KINDS[kind], list(COLOURS)[colour]) for kind, colour in zip(kinds, colours, strict=True) if colour >= 0}


def test_training_and_novel_share_no_pair():
    images, kinds, colours = crops(300, 1)
    assert images.shape == (300, 32, 32, 3) and images.dtype == np.uint8 and (colours >= 0).all()
    novel = crops(60, 1, novel=True)
    assert pairs(*novel[1:]) <= set(UNSEEN.items()) and not pairs(kinds, colours) & set(UNSEEN.items())


def test_about_half_are_painted_and_the_rest_keep_their_names():
    _, kinds, colours = crops(300, 2, painted=True)
    assert 0.4 < (colours < 0).mean() < 0.6 and not pairs(kinds, colours) & set(UNSEEN.items())


def test_the_object_fills_the_middle():
    images, _, colours = crops(200, 3)
    paint = np.array(list(COLOURS.values()))[colours]  # (N, 3)
    near = np.abs(images.astype(int) - paint[:, None, None]).max(-1) < 60  # (N, 32, 32), about the object's colour
    assert near[:, 8:24, 8:24].mean() > 2 * near[:, [0, 1, 30, 31]].mean()


def test_the_same_seed_gives_the_same_crops():
    for one, other in zip(crops(5, 4), crops(5, 4), strict=True):
        np.testing.assert_array_equal(one, other)
