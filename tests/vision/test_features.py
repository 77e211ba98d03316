"""The feature store: one row per picture, resumable after a kill, checked on opening, broken pictures named."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
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
    assert store[["p0", "p17"]].shape == (2, 4, 3) and store[["p0"]].dtype == np.float16
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


@pytest.mark.parametrize("damage", ["flip", "cut", "description", "no description", "nothing"])
def test_a_damaged_store_is_computed_again(dataset, encoder, tmp_path, damage):
    FeatureStore.extract(dataset, encoder, ["val"])
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
    if damage == "no description":
        (folder / "store.json").unlink()
    opened = []
    watched = replace(dataset, open_image=lambda name: opened.append(name) or dataset.open_image(name))
    assert (FeatureStore.extract(watched, encoder, ["val"])[["p17"]] == 17).all()
    assert sorted(opened) == ([] if damage == "nothing" else dataset.splits["val"])


def test_a_large_store_is_not_read_to_open_it(tmp_path):
    with open(tmp_path / "a.npy", "wb") as file:
        file.truncate(2**40)  # a terabyte of zeros, of which the disk keeps none
    features.checksum(tmp_path / "a.npy")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_damaged_progress_begins_again(dataset, encoder, tmp_path, content):
    def killed(name):
        if name == "p17":
            raise KeyboardInterrupt
        return dataset.open_image(name)

    with pytest.raises(KeyboardInterrupt):
        FeatureStore.extract(replace(dataset, open_image=killed), encoder, ["val"])
    (progress,) = (tmp_path / "features").glob("*/progress.json")
    progress.write_text(content)
    assert (FeatureStore.extract(dataset, encoder, ["val"])[["p17", "p12"]] == [[[17]], [[12]]]).all()


def test_only_the_splits_asked_for_are_computed_and_each_once(dataset, encoder, tmp_path):
    opened = []
    watched = replace(dataset, open_image=lambda name: opened.append(name) or dataset.open_image(name))
    part = FeatureStore.extract(watched, encoder, ["val"])
    assert sorted(opened) == dataset.splits["val"] and part.usable(["p0", "p14"]) == ["p14"]
    whole = FeatureStore.extract(watched, encoder)
    assert sorted(opened) == sorted(dataset.captions)
    assert (part[["p14"]] == whole[["p14"]]).all()
    sizes = [file.stat().st_size for file in (tmp_path / "features").rglob("*.npy")]
    assert sum(sizes) == 18 * 4 * 3 * 2 + 2 * 128  # every picture once, and two headers


def test_an_empty_split_is_left_out_unless_it_is_asked_for(dataset, encoder):
    dataset = replace(dataset, splits=dataset.splits | {"test": []})
    assert len(FeatureStore.extract(dataset, encoder).features) == 16
    with pytest.raises(CaptionlibError, match="The split test of bench is empty"):
        FeatureStore.extract(dataset, encoder, ["test"])
    with pytest.raises(CaptionlibError, match="bench has no split 'dev': use one of train, val, test"):
        FeatureStore.extract(dataset, encoder, ["dev"])


def test_two_at_once_compute_a_store_once(dataset, encoder, capfd):
    opened = []
    watched = replace(dataset, open_image=lambda name: opened.append(name) or dataset.open_image(name))
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: FeatureStore.extract(watched, encoder), range(2))
    assert sorted(opened) == sorted(dataset.captions) and (one[["p14"]] == two[["p14"]]).all()
    said = "Another process is computing the features of bench; waiting for it."
    assert capfd.readouterr().err.count(said) == 1


class Mean:
    """An encoder that a forked process can run; TensorFlow's cannot."""

    name, version, input_size, grid, depth = "mean", "1", (4, 4), (1, 1), 3

    def __call__(self, images):
        return images.mean((1, 2), keepdims=True).reshape(-1, 1, 3).astype("float32")


def test_a_process_that_died_leaves_its_work_and_no_lock(dataset, tmp_path):
    def die(name):
        if name == "p17":
            os.kill(os.getpid(), 9)
        return dataset.open_image(name)

    context = multiprocessing.get_context("fork")
    first = context.Process(target=FeatureStore.extract, args=(replace(dataset, open_image=die), Mean(), ["val"]))
    first.start()
    first.join(60)
    assert first.exitcode == -9
    opened = []
    watched = replace(dataset, open_image=lambda name: opened.append(name) or dataset.open_image(name))
    assert (FeatureStore.extract(watched, Mean(), ["val"])[["p12", "p17"]] == [[[12]], [[17]]]).all()
    assert "p17" in opened
