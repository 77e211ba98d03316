"""Encoders: the right preprocessing for each family, and the 8-bit MobileNetV2 in floating point."""

import keras
import numpy as np
import pytest

from captionlib import storage
from captionlib.data import flickr8k
from captionlib.data.images import squash
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


def test_features_are_the_places_row_by_row():
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


@pytest.mark.real_data
def test_dequantised_mobilenet_agrees_with_the_8_bit_model(data_dir):
    """Top-1 answers of both on 300 photographs; 0.91 was measured when the weights were chosen."""
    from ai_edge_litert.interpreter import Interpreter

    path = storage.find(encoders.MOBILENET_FILE, data_dir)
    dataset = flickr8k.load(data_dir)
    images = np.stack([squash(dataset.open_image(name), (224, 224)) for name in dataset.splits["val"][:300]])
    answers = encoders.dequantised_mobilenet(path).predict(images / 127.5 - 1, verbose=0).argmax(1)
    reader = Interpreter(str(path))
    reader.allocate_tensors()
    (into,), (out,) = reader.get_input_details(), reader.get_output_details()
    eight_bit = []
    for image in images:
        reader.set_tensor(into["index"], image[None])
        reader.invoke()
        eight_bit.append(reader.get_tensor(out["index"])[0].argmax())
    assert np.mean(answers == np.array(eight_bit)) >= 0.88


@pytest.mark.real_data
def test_mobilenet_encoder(data_dir):
    encoder = encoders.load_encoder("mobilenet_v2", data_dir)
    assert (encoder.input_size, encoder.grid, encoder.depth) == ((224, 224), (7, 7), 1280)
    features = encoder(np.zeros((1, 224, 224, 3), "uint8"))
    assert features.min() >= 0 and features.max() <= 6  # after ReLU6
