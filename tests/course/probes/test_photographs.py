"""What lesson 03 shows of photographs: squares, feature maps, and maps whose mean is the class score."""

import numpy as np
import pytest
import skimage.data

from captionlib.course.probes import photographs
from captionlib.vision import efficientnet_lite


@pytest.fixture(scope="module")
def classifier():
    return efficientnet_lite.classifier("efficientnet_lite2")


@pytest.fixture(scope="module")
def cat():
    return photographs.square(skimage.data.chelsea(), 260)


def test_a_square_is_the_middle_of_a_photograph():
    photo = np.zeros((4, 10, 3), np.uint8)
    photo[:, 3:7] = 200
    assert (photographs.square(photo, 4) == 200).all() and photographs.square(photo.swapaxes(0, 1), 8).shape == (
        8,
        8,
        3,
    )


def test_feature_maps_become_smaller_with_depth_and_are_what_the_last_layer_gives(classifier, cat):
    maps = photographs.feature_maps(classifier, cat)
    assert [each.shape[0] for each in maps.values()] == [130, 65, 17, 17, 9]
    assert all(each.min() >= 0 and each.max() <= 6 for each in maps.values())
    encoder = efficientnet_lite.encoder("efficientnet_lite2")
    features = encoder(efficientnet_lite.preprocess(cat[None].astype("float32")))[0]
    np.testing.assert_allclose(maps["features"], features, rtol=1e-4, atol=1e-4)


def test_the_channels_that_vary_most_come_first():
    maps = np.zeros((2, 2, 4))
    maps[0, 0] = [0, 3, 1, 2]
    assert photographs.most_varied(maps, 3).tolist() == [1, 3, 2]


def test_most_channels_of_block_9_are_brightest_at_the_eyes_of_the_cat(classifier, cat):
    maps = photographs.feature_maps(classifier, cat)["block 9"]
    peaks = [divmod(int(maps[..., i].argmax()), 17) for i in photographs.most_varied(maps, 7)]
    assert sum(4 <= row <= 8 and (4 <= column <= 8 or column >= 13) for row, column in peaks) >= 4


@pytest.mark.parametrize("name, best, share", [("coffee", "espresso, 9", 47), ("chelsea", "Egyptian cat, 6", 31)])
def test_class_maps_name_the_photograph_and_peak_inside_it(classifier, name, best, share):
    maps = photographs.class_maps(classifier, photographs.square(getattr(skimage.data, name)(), 260))
    assert next(iter(maps)).startswith(best) and len(maps) == 3
    first = next(iter(maps.values()))
    assert first.shape == (9, 9) and first.min() >= 0 and first.max() > share * 0.8


def test_no_class_of_the_astronaut_is_probable_and_the_helmet_is_found_at_the_helmet(classifier):
    maps = photographs.class_maps(classifier, photographs.square(skimage.data.astronaut(), 260), 5)
    assert all(int(name.split(", ")[1].rstrip("%")) < 20 for name in maps)
    helmet = next(map_ for name, map_ in maps.items() if name.startswith("football helmet"))
    row, column = divmod(int(helmet.argmax()), 9)
    assert row >= 5 and column >= 5
