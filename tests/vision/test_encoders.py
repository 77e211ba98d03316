"""Encoders: the right preprocessing for each family, and one sentence where there is none."""

import keras
import numpy as np
import pytest

from captionlib.errors import CaptionlibError
from captionlib.vision import encoders

PIXEL = np.array([200.0, 100.0, 50.0], "float32")  # RGB
# What each family was trained on: caffe's mean in BGR, or [-1, 1], or 0..255 with the scaling inside the network.
EXPECTED = {
    "VGG16": np.array([50 - 103.939, 100 - 116.779, 200 - 123.68]),
    "ResNet50": np.array([50 - 103.939, 100 - 116.779, 200 - 123.68]),
    "ResNet50V2": PIXEL / 127.5 - 1,
    "MobileNetV2": PIXEL / 127.5 - 1,
    "EfficientNetB0": PIXEL,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_preprocessing_of_each_family(name):
    encoder = encoders.application(name, weights=None)
    images = np.broadcast_to(PIXEL, (1, 2, 2, 3)).copy()
    np.testing.assert_allclose(np.asarray(encoder.preprocess(images))[0, 0, 0], EXPECTED[name], rtol=1e-5)
    assert encoder.input_size == (224, 224) and encoder.grid == (7, 7)


def test_features_are_the_locations_row_by_row():
    encoder = encoders.application("MobileNetV2", weights=None)
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype("uint8")
    before = images.copy()
    features = encoder(images)
    assert features.shape == (2, 49, encoder.depth) and features.dtype == np.float32
    maps = encoder.model.predict_on_batch(images / 127.5 - 1)
    np.testing.assert_allclose(features[1, 7 * 2 + 5], maps[1, 2, 5], rtol=1e-3, atol=1e-4)
    assert (images == before).all(), "the encoder changed its input"


def test_other_input_sizes():
    assert encoders.application("InceptionV3", weights=None).input_size == (299, 299)


@pytest.mark.parametrize("name", ["resnet", "", "Model", "preprocess_input", "../toynet"])
def test_unknown_encoders_are_refused(name):
    with pytest.raises(CaptionlibError, match="no encoder called"):
        encoders.load_encoder(name)


def test_a_download_that_fails_is_one_sentence(monkeypatch):
    def no_network(*args, **kwargs):
        raise Exception("URL fetch failure on https://example.org: None")

    monkeypatch.setattr(keras.applications.vgg16, "VGG16", no_network)
    with pytest.raises(CaptionlibError, match="check the network"):
        encoders.load_encoder("VGG16")
