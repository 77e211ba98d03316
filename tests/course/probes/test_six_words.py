"""The six words of lesson 02: what the lesson says of their training holds for three sets of scenes."""

import numpy as np
import pytest

from captionlib.course.probes import six_words
from captionlib.course.scratch import optimisers


@pytest.fixture(scope="module", params=[2, *(pytest.param(seed, marks=pytest.mark.over_seeds) for seed in (3, 4))])
def data(request):
    return six_words.scenes(600, request.param)


def softmax(z):
    exps = np.exp(z - z.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def loss(W, x, one_hot):
    return -np.mean(np.log(softmax(x @ W)[one_hot == 1]))


def train(x, one_hot, update, rate, epochs, size, twice=False):
    weights, state, rng = [np.zeros((768, 6))], {}, np.random.default_rng(2)
    for _ in range(epochs):
        for batch in np.split(rng.permutation(300), 300 // size):
            p = softmax(x[batch] @ weights[-1])
            dz = p - one_hot[batch]
            if twice:
                dp = softmax(p) - one_hot[batch]
                dz = p * (dp - (dp * p).sum(axis=1, keepdims=True))
            new, state = update(weights[-1], x[batch].T @ dz / size, state, rate)
            weights.append(new)
    return weights


def right(W, x, one_hot):
    return np.mean((x @ W).argmax(axis=1) == one_hot.argmax(axis=1))


def test_pixels_are_means_and_middle_grey_is_0():
    images = np.zeros((2, 96, 96, 3), np.uint8)
    images[1], images[1, :6, 6:12, 2] = 255, 0
    numbers = six_words.pixels(images)
    assert numbers.shape == (2, 768) and (numbers[0] == -0.5).all()
    assert (numbers[1] == np.where(np.arange(768) == 5, -0.5, 0.5)).all()


def test_scenes_come_with_their_word_and_all_words_occur():
    images, x, one_hot = six_words.scenes(60, 2)
    assert images.shape == (60, 96, 96, 3) and x.shape == (60, 768) and one_hot.shape == (60, 6)
    assert (one_hot.sum(axis=1) == 1).all() and (one_hot.sum(axis=0) > 0).all()


def test_where_a_word_looks_dark_its_scenes_have_less_of_that_colour_than_the_others(data):
    _, x, one_hot = data
    W = np.zeros((768, 6))
    for _ in range(100):
        W -= 0.1 * x[:300].T @ (softmax(x[:300] @ W) - one_hot[:300]) / 300
    weights, pixels = W.reshape(16, 16, 3, 6), x.reshape(-1, 16, 16, 3)
    for word, rows, colours in [
        ("moon", slice(0, 7), slice(0, 3)),  # a dark sky
        ("street", slice(11, 16), slice(0, 2)),  # the road: red and green
        ("lake", slice(7, 10), slice(0, 2)),  # the water
    ]:
        column = six_words.WORDS.index(word)
        its, others = (pixels[one_hot[:, column] == value] for value in (1, 0))
        assert (weights[rows, :, colours, column].mean(axis=(0, 1)) < -0.02).all(), word
        less = its[:, rows, :, colours].mean(axis=(0, 1, 2)) - others[:, rows, :, colours].mean(axis=(0, 1, 2))
        assert (less < -0.05).all(), (word, less)


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.3, 1])
def test_small_random_batches_beat_all_scenes_at_once(data, rate):
    _, x, one_hot = data
    whole, batches = (train(x, one_hot, optimisers.sgd, rate, 10, size)[-1] for size in (300, 10))
    assert 3 * loss(batches, x[:300], one_hot[:300]) < loss(whole, x[:300], one_hot[:300])


def test_as_many_steps_with_all_scenes_reach_the_same_loss(data):
    _, x, one_hot = data
    ends = [train(x, one_hot, optimisers.sgd, 0.1, epochs, size)[-1] for epochs, size in ((10, 10), (300, 300))]
    assert [loss(W, x[:300], one_hot[:300]) for W in ends] == pytest.approx([0.031, 0.032], abs=0.0015)


def test_adams_mean_step_is_the_learning_rate_at_first_and_then_shorter(data):
    _, x, one_hot = data
    steps = np.abs(np.diff(train(x, one_hot, optimisers.adam, 0.003, 10, 30), axis=0)) / 0.003  # (100, 768, 6)
    assert steps[[0, 19, 99]].mean(axis=(1, 2)) == pytest.approx([1, 0.35, 0.05], abs=0.02) and steps.max() < 1.1


def test_adams_first_step_has_one_length_and_its_network_knows_colours_not_places(data):
    images, x, one_hot = data
    weights = train(x, one_hot, optimisers.adam, 0.003, 10, 30)
    assert np.mean(np.abs(weights[1]) > 0.0029) > 0.97
    assert right(weights[-1], x[300:], one_hot[300:]) > 0.97
    snow, meadow = (images[300:][one_hot[300:, six_words.WORDS.index(word)] == 1] for word in ("snow", "meadow"))

    def share(scenes, word):
        return np.mean((six_words.pixels(scenes) @ weights[-1]).argmax(axis=1) == six_words.WORDS.index(word))

    rows = np.arange(96)[:, None, None]
    assert share(snow * 0.6, "moon") > 0.8 and share(meadow[:, ::-1], "snow") > 0.9
    dim_sky, dim_ground = np.where(rows < 42, 0.6, 1) * snow, np.where(rows < 42, 1, 0.6) * snow
    assert share(dim_sky, "snow") > 0.9 and share(dim_ground, "snow") + share(dim_ground, "moon") < 0.1


def test_with_softmax_twice_answers_are_right_and_the_loss_stays_on_its_plateau(data):
    _, x, one_hot = data
    once, twice = (train(x, one_hot, optimisers.adam, 0.003, 60, 300, twice)[-1] for twice in (False, True))
    lowest = -np.log(np.e / (np.e + 5))
    assert round(lowest, 2) == 1.04 and loss(once, x[:300], one_hot[:300]) < 0.1
    reached = -np.mean(np.log(softmax(softmax(x[:300] @ twice))[one_hot[:300] == 1]))
    assert lowest < reached < 1.15
    assert min(right(W, x[300:], one_hot[300:]) for W in (once, twice)) > 0.97
