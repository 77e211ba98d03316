"""Convolution and pooling in NumPy are what Keras computes, and obey the laws that lesson 01 names."""

import keras
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from captionlib.course.scratch import convolution as scratch
from captionlib.vision import toynet

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def equal(mine, theirs):
    theirs = np.asarray(theirs)
    assert mine.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(mine, theirs, **CLOSE)


@st.composite
def layers(draw):
    """Images (B, H, W, C), kernels (k, l, C, O), stride and padding; the kernel fits into the picture."""
    b, h, w, c, o, k, l = (draw(st.integers(1, top)) for top in (2, 9, 9, 3, 3, 5, 5))  # noqa: E741
    padding = draw(st.sampled_from(["valid", "same"]))
    assume(padding == "same" or (k <= h and l <= w))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    images, kernels = (rng.normal(size=shape).astype("float32") for shape in [(b, h, w, c), (k, l, c, o)])
    return images, kernels, draw(st.integers(1, 3)), padding


@given(layers())
@settings(max_examples=60, deadline=None)
def test_conv2d_equals_keras(layer):
    images, kernels, stride, padding = layer
    equal(
        scratch.conv2d(images, kernels, stride, padding),
        keras.ops.conv(images, kernels, strides=stride, padding=padding),
    )


def test_conv2d_equals_the_layer_of_keras():
    rng = np.random.default_rng(1)
    images = rng.normal(size=(2, 7, 8, 3)).astype("float32")
    layer = keras.layers.Conv2D(4, (3, 2), strides=2, padding="same", use_bias=False)
    theirs = layer(images)
    equal(scratch.conv2d(images, np.asarray(layer.kernel), 2, "same"), theirs)


def test_the_layer_by_loops_equals_the_layer_of_keras():
    rng = np.random.default_rng(2)
    image = rng.normal(size=(7, 6, 3)).astype("float32")
    layer = keras.layers.Conv2D(4, 3, activation="relu", bias_initializer="random_normal")
    theirs = np.asarray(layer(image[None]))[0]
    mine = scratch.conv_layer(image, *layer.get_weights())
    assert mine.shape == theirs.shape and (theirs == 0).any() and (theirs > 0).any()
    np.testing.assert_allclose(mine, theirs, **CLOSE)


@given(layers())
@settings(max_examples=30, deadline=None)
def test_depthwise_then_one_by_one_equals_keras(layer):
    images, kernels, stride, padding = layer
    deep = kernels[..., 0]  # (k, l, C)
    mine = scratch.depthwise(images, deep, stride, padding)
    theirs = keras.ops.depthwise_conv(images, deep[..., None], strides=stride, padding=padding)
    equal(mine, theirs)
    mix = kernels[:1, :1]  # (1, 1, C, O)
    both = keras.ops.separable_conv(images, deep[..., None], mix, strides=stride, padding=padding)
    equal(scratch.conv2d(mine, mix), both)


@given(layers(), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_pooling_equals_keras(layer, size):
    images, _, stride, padding = layer
    assume(padding == "same" or size <= min(images.shape[1:3]))
    equal(
        scratch.max_pool(images, size, stride, padding),
        keras.layers.MaxPooling2D(size, strides=stride, padding=padding)(images),
    )
    equal(
        scratch.average_pool(images, size, stride, padding),
        keras.layers.AveragePooling2D(size, strides=stride, padding=padding)(images),
    )


def test_pooling_takes_pictures_as_they_are(recwarn):
    picture = np.array([[3, 200, 7], [5, 1, 9]], np.uint8)[None, :, :, None]
    largest = scratch.max_pool(picture, padding="same")
    assert largest.dtype == np.uint8 and largest.ravel().tolist() == [200, 9] and not recwarn.list


def test_pooling_moves_by_its_own_size_unless_told():
    images = np.arange(36, dtype="float32").reshape(1, 6, 6, 1)
    equal(scratch.max_pool(images, 3), keras.layers.MaxPooling2D(3)(images))
    equal(scratch.average_pool(images, 3), keras.layers.AveragePooling2D(3)(images))


def halved(numbers):
    """The three ways of lesson 01 to halve a map (rows, columns): stride 2, max pooling, average pooling."""
    batch = numbers[None, :, :, None]
    return [numbers[::2, ::2], scratch.max_pool(batch)[0, ..., 0], scratch.average_pool(batch)[0, ..., 0]]


def test_only_pooling_a_feature_map_keeps_the_stripes_after_a_shift():
    line = np.array([[1, -2, 1]] * 3)
    stripes = np.tile([0.0, 200], (6, 3))
    for image, strided in ((stripes, 0), (np.roll(stripes, 1, axis=1), 1200)):
        feature_map = np.maximum(scratch.by_loops(image, line), 0)
        assert [np.unique(each).tolist() for each in halved(feature_map)] == [[strided], [1200], [600]]
        assert [np.unique(each).tolist() for each in halved(image)[1:]] == [[200], [100]]  # of the image itself: lost


def test_a_single_line_that_moves_into_the_next_block_changes_every_pooled_map():
    before = np.zeros((4, 4))
    before[:, 1] = 1200
    for one, other in zip(halved(before)[1:], halved(np.roll(before, 1, axis=1))[1:], strict=True):
        assert (one != other).any()


def test_without_relu_a_second_layer_never_responds_alike_to_both_edges():
    image = np.full((6, 6), 200.0)
    image[:, 3] = 50
    z = scratch.by_loops(image, np.array([[-1, 0, 1]] * 3))[0]
    assert z.tolist() == [0, -450, 0, 450]
    for a, b in np.random.default_rng(0).normal(size=(20, 2)):
        assert np.prod((a * z + b * -z)[[1, 3]]) <= 0
    assert (np.maximum(z, 0) + np.maximum(-z, 0)).tolist() == [0, 450, 0, 450]


@given(layers())
@settings(max_examples=30, deadline=None)
def test_the_loops_compute_the_same(layer):
    images, kernels, stride, _ = layer
    assume(kernels.shape[0] <= images.shape[1] and kernels.shape[1] <= images.shape[2])
    one = scratch.by_loops(images[0, :, :, 0], kernels[:, :, 0, 0], stride)
    np.testing.assert_allclose(
        one, scratch.conv2d(images[:1, :, :, :1], kernels[:, :, :1, :1], stride)[0, :, :, 0], **CLOSE
    )


@given(layers(), st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=30, deadline=None)
def test_a_convolution_is_linear(layer, a, b):
    images, kernels, stride, padding = layer
    images, kernels = images.astype(float), kernels.astype(float)
    other = images[:, ::-1] ** 2

    def answer(pictures):
        return scratch.conv2d(pictures, kernels, stride, padding)

    np.testing.assert_allclose(answer(a * images + b * other), a * answer(images) + b * answer(other), atol=1e-9)


@given(layers(), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_what_moves_in_the_image_moves_in_the_feature_map(layer, down, across):
    images, kernels, *_ = layer
    black = [(0, 0), (9, 9), (9, 9), (0, 0)]  # room to move in
    before = scratch.conv2d(np.pad(images, black), kernels)
    after = scratch.conv2d(np.roll(np.pad(images, black), (down, across), (1, 2)), kernels)
    np.testing.assert_allclose(np.roll(before, (down, across), (1, 2)), after, **CLOSE)


def test_two_small_kernels_are_one_large_one():
    rng = np.random.default_rng(0)
    images, first, second = rng.normal(size=(1, 9, 9, 1)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    twice = scratch.conv2d(scratch.conv2d(images, first[..., None, None]), second[..., None, None])
    around = np.pad(second, 2)  # (7, 7): the second kernel's numbers as a picture; the first is drawn round each
    large = scratch.by_loops(around, first[::-1, ::-1])
    assert large.shape == (5, 5)
    np.testing.assert_allclose(twice, scratch.conv2d(images, large[..., None, None]), atol=1e-12)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_receptive_field_is_what_a_poke_finds(layers):
    """Poke every pixel of a line in turn; those that change the first number of the last layer are its field."""
    field = scratch.receptive_field(layers)
    pokes = np.eye(field + 2)[:, None, :, None]  # one picture a pixel: (B, 1, W, 1)
    for size, stride in layers:
        pokes = scratch.conv2d(pokes, np.ones((1, size, 1, 1)))[:, :, ::stride]
    felt = np.flatnonzero(pokes[:, 0, 0, 0])  # a stride beyond the size leaves holes: the field is what they span
    assert felt[-1] - felt[0] + 1 == field


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=5), st.integers(0, 11))
@settings(max_examples=60, deadline=None)
def test_a_span_is_as_wide_as_the_receptive_field_and_moves_by_all_strides(layers, location):
    (first, end), (then, _) = (scratch.receptive_field_span(layers, each, 96) for each in (location, location + 1))
    assert end - first == scratch.receptive_field(layers)
    assert then - first == np.prod([stride for _, stride in layers])


def test_a_span_by_hand():
    assert scratch.receptive_field_span([(3, 1)], 0, 9) == (-1, 2)  # one row of padding above
    assert scratch.receptive_field_span([(3, 2)], 0, 96) == (0, 3)  # an even side and stride 2: the padding goes below
    assert scratch.receptive_field_span([(3, 2), (3, 2)], 1, 96) == (4, 11)  # locations 2 to 4 of the first layer


def test_receptive_fields_that_the_lessons_name():
    assert scratch.receptive_field([]) == 1
    assert scratch.receptive_field([(3, 1), (3, 1)]) == scratch.receptive_field([(5, 1)]) == 5
    assert scratch.receptive_field([(3, 2), (3, 2)]) == 7
    strided = [(layer.kernel_size[0], layer.strides[0]) for layer in main_path(toynet.build())]
    assert scratch.receptive_field(strided) == 27


def main_path(model):
    """The 3 by 3 convolutions of ToyNet, in order."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (3, 3)]


def test_multiplications_are_those_that_the_loops_make():
    counted = 0

    class Counting(float):
        def __mul__(self, other):
            nonlocal counted
            counted += 1
            return 0.0

    image = np.array([[Counting() for _ in range(6)] for _ in range(5)], dtype=object)
    answer = scratch.by_loops(image, np.ones((3, 3), dtype=object))
    assert counted == scratch.multiplications(answer.size, 3) == 108
    assert scratch.multiplications(10, 3, channels=2, kernels=4) == 720


def test_a_padding_that_does_not_exist_and_a_kernel_that_does_not_fit_are_refused():
    with pytest.raises(ValueError, match="'valid' or 'same', not 'full'"):
        scratch.conv2d(np.zeros((1, 4, 4, 1)), np.zeros((3, 3, 1, 1)), padding="full")
    with pytest.raises(ValueError, match="window_shape|window shape"):
        scratch.conv2d(np.zeros((1, 2, 2, 1)), np.zeros((3, 3, 1, 1)))
