"""The feature store: one row a picture, resumable after a kill, checked on opening, broken pictures named."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from captionlib.data import CaptionDataset
from captionlib.errors import CaptionlibError
from captionlib.vision import features
from captionlib.vision.encoders import Encoder
from captionlib.vision.features import FeatureStore


@pytest.fixture
def encoder():
    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.AveragePooling2D(2)(inputs))
    return Encoder("mean", "1", model, lambda images: images)


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.setenv("CAPTIONLIB_CACHE", str(tmp_path))
    monkeypatch.setattr(features, "CHUNK", 4)
    names = [f"p{i}" for i in range(18)]

    def open_image(name):
        if name in ("p3", "p11"):
            raise CaptionlibError(f"{name} is broken.")
        return np.full((8, 6, 3), int(name[1:]), "uint8")

    return CaptionDataset("bench", "1", {"train": names[:12], "val": names[12:]}, {n: ["a"] for n in names}, open_image)


def test_each_picture_has_its_own_features(dataset, encoder):
    store = FeatureStore.extract(dataset, encoder)
    assert store.features.shape == (18, 4, 3) and store.features.dtype == np.float16
    assert (store[["p7", "p16", "p0"]] == np.array([7, 16, 0])[:, None, None]).all()


def test_broken_pictures_are_named_and_left_out(dataset, encoder):
    store = FeatureStore.extract(dataset, encoder)
    assert store.broken == {"p3": "p3 is broken.", "p11": "p11 is broken."}
    assert store.usable(["p2", "p3", "p4"]) == ["p2", "p4"]


def test_a_finished_store_is_not_computed_again(dataset, encoder):
    FeatureStore.extract(dataset, encoder)

    def never(name):
        raise AssertionError("a picture was opened again")

    again = FeatureStore.extract(replace(dataset, open_image=never), encoder)
    assert (again[["p5"]] == 5).all() and again.broken.keys() == {"p3", "p11"}


def test_another_version_is_another_store(dataset, encoder):
    FeatureStore.extract(dataset, encoder)
    doubled = replace(encoder, version="2", preprocess=lambda images: 2 * images)
    assert (FeatureStore.extract(dataset, doubled)[["p5"]] == 10).all()
    assert (FeatureStore.extract(dataset, encoder)[["p5"]] == 5).all()


def test_an_interrupted_extraction_goes_on(dataset, encoder):
    opened = []

    def killed(name):
        opened.append(name)
        if name == "p13":
            raise KeyboardInterrupt
        return dataset.open_image(name)

    with pytest.raises(KeyboardInterrupt):
        FeatureStore.extract(replace(dataset, open_image=killed), encoder)
    opened.clear()

    def counted(name):
        opened.append(name)
        return dataset.open_image(name)

    store = FeatureStore.extract(replace(dataset, open_image=counted), encoder)
    assert "p0" not in opened and "p13" in opened
    assert (store[["p0", "p13", "p17"]] == np.array([0, 13, 17])[:, None, None]).all()
    assert store.broken.keys() == {"p3", "p11"}


@pytest.mark.parametrize("damage", ["flip", "cut", "description"])
def test_a_damaged_store_is_made_again(dataset, encoder, tmp_path, damage):
    FeatureStore.extract(dataset, encoder)
    (folder,) = (tmp_path / "features").iterdir()
    file = folder / "features.npy"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[-1] ^= 255
    if damage == "cut":
        content = content[:-10]
    file.write_bytes(content)
    if damage == "description":
        (folder / "store.json").write_text("{")
    assert (FeatureStore.extract(dataset, encoder)[["p17"]] == 17).all()


def test_features_of_a_picture_do_not_depend_on_its_neighbours(dataset, encoder):
    whole = FeatureStore.extract(dataset, encoder)
    part = FeatureStore.extract(dataset, encoder, splits=["val"])
    assert (part[["p14"]] == whole[["p14"]]).all()
    with pytest.raises(KeyError):
        part[["p0"]]
