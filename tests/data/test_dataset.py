"""A CaptionDataset refuses what would falsify scores."""

import numpy as np
import pytest

from captionlib.data import CaptionDataset, load_dataset, mirrored
from captionlib.errors import CaptionlibError


def dataset(splits, captions):
    return CaptionDataset("tiny", "1", splits, captions, lambda name: np.zeros((2, 2, 3), np.uint8))


def test_keeps_the_order_of_its_splits():
    tiny = dataset({"train": ["b", "a"], "val": ["c"]}, {name: ["a caption"] for name in "abc"})
    assert tiny.splits["train"] == ["b", "a"]
    assert tiny.scenes is None


@pytest.mark.parametrize("splits", [{"train": ["a"], "test": ["b", "a"]}, {"train": ["a", "a"]}])
def test_refuses_a_picture_that_stands_twice(splits):
    with pytest.raises(CaptionlibError, match="Picture a of tiny"):
        dataset(splits, {name: ["a caption"] for name in "ab"})


@pytest.mark.parametrize("captions", [{"a": ["a caption"]}, {"a": ["a caption"], "b": []}])
def test_refuses_a_picture_without_a_caption(captions):
    with pytest.raises(CaptionlibError, match="Picture b of tiny has no caption"):
        dataset({"train": ["a", "b"]}, captions)


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(CaptionlibError, match="use toyscenes, flickr8k or a folder"):
        load_dataset("no-such-data-set")


def test_mirrored_pictures_are_those_of_train_that_no_caption_gives_sides():
    image = np.arange(24, dtype="uint8").reshape(2, 4, 3)
    captions = {"a": ["a dog"], "b": ["A dog", "Left of it a cat"], "c": ["a dog that was righted"], "d": ["a cat"]}
    splits = {"train": ["a", "b", "c"], "val": ["d"]}
    dataset = CaptionDataset("some", "1", splits, captions, lambda name: image)
    turned = mirrored(dataset)
    assert turned.splits == {"train": ["a", "c"]} and turned.name != dataset.name
    np.testing.assert_array_equal(turned.open_image("a")[:, 0], image[:, -1])
    np.testing.assert_array_equal(turned.open_image("a")[:, ::-1], image)
