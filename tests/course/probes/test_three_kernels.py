"""The three kernels at the top of lesson 01 respond to what they are named after."""

import numpy as np

from captionlib.course.probes import three_kernels
from captionlib.course.scratch.convolution import conv_layer


def test_a_uniform_grey_gives_nothing_and_red_gives_only_red_minus_blue():
    for colour, expected in {(200, 200, 200): 0, (0, 0, 255): 0, (255, 0, 0): 9 * 255 - 350}.items():
        vertical, outline, red = three_kernels.feature_maps(np.full((5, 6, 3), colour, np.uint8))
        assert red.shape == (3, 4) and not vertical.any() and not outline.any() and (red == expected).all()


def test_edges_are_found_from_dark_to_bright_and_the_outline_all_around():
    image = np.zeros((7, 7, 3), np.uint8)
    image[2:5, 2:5] = 200
    vertical, outline, red = three_kernels.feature_maps(image)
    assert vertical[2].tolist() == [1800, 1800, 0, 0, 0]  # right minus left, in all three channels; ReLU
    assert outline[2, 2] == 0 and (outline[[1, 3]][:, 1:4] > 0).all() and not red.any()


def test_it_is_the_layer_of_the_lesson():
    image = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    expected = conv_layer(image, three_kernels.KERNELS, three_kernels.BIAS)
    np.testing.assert_array_equal(np.stack(three_kernels.feature_maps(image), -1), expected)
