"""Saliency of a caption's words, against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captionlib.explain.saliency import saliency
from captionlib.models import MODELS
from captionlib.text import END, START

V, L, D = 30, 6, 10


@pytest.fixture(params=MODELS)
def decoder(request):
    keras.utils.set_random_seed(11)
    decoder = MODELS[request.param](V, L, D, units=16, max_length=7)
    rng = np.random.default_rng(2)
    for weight in decoder.trainable_variables:
        weight.assign(rng.normal(size=weight.shape, scale=0.5))
    return decoder


@pytest.fixture
def features():
    return np.random.default_rng(4).normal(size=(9, L, D)).astype("float32")


def test_saliency_is_the_gradient_times_the_feature(decoder, features):
    captions = [[START, 5, 6, END], [START, 7, END]]
    maps = saliency(decoder, features[:2], captions)
    assert maps.shape == (2, 3, L) and (maps >= 0).all()
    step, i = 1e-2, 0
    tokens = np.tile(captions[0][:-1], (L * D, 1))
    nudges = step * np.eye(L * D, dtype="float32").reshape(L * D, L, D)  # one number of the features each

    def log_prob(moved):
        return tf.nn.log_softmax(decoder(moved, tokens))[:, 1, 6].numpy()

    slopes = ((log_prob(features[i] + nudges) - log_prob(features[i] - nudges)) / (2 * step)).reshape(L, D)
    np.testing.assert_allclose(maps[0, 1], np.abs(slopes * features[0]).sum(-1), rtol=0.05, atol=5e-3)
