"""The mistakes that learners make in lesson 01, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_01 as exercises
from captionlib.course.scratch.convolution import conv2d

LINE = np.array([1, -2, 1])


def layer(relu=True, bias_at="sum", flip=False, channels=slice(None), crop=True):
    """A convolutional layer with one mistake at a time."""

    def mine(image, kernels, bias):
        F = len(kernels)
        rows, columns = np.subtract(image.shape[:2], F - 1)
        padded = np.pad(image, [(0, F - 1), (0, F - 1), (0, 0)])
        output = np.zeros((rows, columns, len(bias)) if crop else (*image.shape[:2], len(bias)))
        for i, j, o in np.ndindex(output.shape):
            kernel = kernels[::-1, ::-1, :, o] if flip else kernels[..., o]
            sums = (padded[i : i + F, j : j + F] * kernel).sum(axis=(0, 1))[channels]
            adds = {"sum": bias[o], "none": 0, "late": 0, "first": bias[0], "channels": 3 * bias[o]}[bias_at]
            z = sums.clip(0).sum() + adds if relu == "each" else sums.sum() + adds
            output[i, j, o] = (max(z, 0) if relu else z) + (bias[o] if bias_at == "late" else 0)
        return output

    return mine


def by_sums(kernel):
    return kernel.sum(1), kernel.sum(0) / kernel.sum()


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("mast", [[-1, 0, 1]] * 3, "on a dark line of 20 on grey of 100 it gives 0, but"),
        ("mast", [[-1, 2, -1]] * 3, "it gives -480, but it should give more than 0"),
        ("mast", [[1, 1, 1]] * 3, "where all pixels are 100 it gives 900"),
        ("mast", [[1, -1, 1]] * 3, "where all pixels are 100 it gives 300"),
        ("mast", np.tile(LINE[:, None], 3), "on a dark line of 20 on grey of 100 it gives 0, but"),
        (
            "mast",
            [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
            "a horizontal line gives up to 480, but the vertical",
        ),
        ("mast", [[1, -1, 0]] * 3, "a single edge gives up to 240, but the vertical line (240) should give the most"),
        ("mast", [1, -2, 1], "this has shape (3,)"),
        ("mast", [["1", "-2", "1"]] * 3, "numbers of type <U2"),
        ("mast", np.full((3, 3), np.nan), "one of its weights is not a number"),
        ("layer", layer(relu=False), "negative numbers are left: ReLU is missing"),
        ("layer", layer(bias_at="none"), "the bias is missing"),
        ("layer", layer(bias_at="late"), "the bias comes before ReLU, not after it"),
        ("layer", layer(bias_at="first"), "both kernels add bias[0]"),
        ("layer", layer(bias_at="channels"), "the bias is added once per channel"),
        ("layer", layer(flip=True), "the kernel is flipped"),
        ("layer", layer(channels=[0]), "only channel 0 of the image counts"),
        ("layer", layer(channels=[2]), "only channel 2 of the image counts"),
        ("layer", layer(relu="each"), "ReLU is applied to each channel's sum"),
        ("layer", layer(crop=False), "the shape of the output is (5, 6, 2), but (3, 4, 2) is expected"),
        ("layer", lambda *a: layer()(*a)[..., 0], "the shape of the output is (3, 4), but (3, 4, 2) is expected"),
        ("layer", lambda *a: layer()(*a) / 2, "at [0, "),
        ("layer", lambda *a: layer()(*a).tolist(), "it gives list, but an array of numbers is expected"),
        ("layer", lambda image, kernels, bias: image @ kernels, "of your code raises ValueError"),
        (
            "output_size",
            lambda size, k, stride: size // stride,
            "for 6 pixels, F = 3 and S = 1 it gives 6",
        ),
        ("output_size", lambda size, k, stride: size - k + 1, "7 pixels, F = 3 and S = 2 it gives 5"),
        ("output_size", lambda size, k, stride: (size - k) // stride, "it gives 3, too few; one more would still fit"),
        (
            "output_size",
            lambda size, k, stride: (size - k) / stride + 1,
            "it gives 4.0, but a whole number is expected",
        ),
        (
            "output_size",
            lambda size, k, s: round((size - k) / s) + 1,
            "it gives 3, too many; the last of them would end",
        ),
        ("separate", lambda kernel: (kernel[:, 0], kernel[0]), "row 0 and column 0 hold 0.111, but your products give"),
        (
            "separate",
            lambda kernel: (kernel[:, 0] / kernel[0, 0], kernel[0]),
            "[0.0, 1.0, 3.0]] row 0 and column 0 hold 0, but your products give nan: did you divide by 0?",
        ),
        ("separate", lambda kernel: (kernel[1], kernel[:, 2] / kernel[1, 2]), "; did you swap column and row?"),
        ("separate", by_sums, "[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]] row 0"),
        ("separate", lambda kernel: kernel[0], "it gives ndarray, but two arrays are expected"),
        ("separate", lambda kernel: (np.full(3, 1 / 3), np.full(3, 1 / 3)), "your products give 0.111"),
        (
            "separate",
            lambda kernel: np.split(kernel, [1]),
            "column and row have 3 and 6 numbers, but (3, 3) are expected",
        ),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out, out


def by_decomposition(kernel):
    u, s, v = np.linalg.svd(kernel)
    return u[:, :1] * s[0], v[:1]


def test_another_way_to_be_right_is_right(capsys):
    exercises.mast.check(lambda: np.tile(0.5 * LINE, (3, 1)))
    exercises.mast.check([[2, -3, 1], [1, -3, 2], [1, -2, 1]])
    exercises.output_size.check(lambda size, k, stride: len(range(0, size - k + 1, stride)))
    exercises.separate.check(by_decomposition)
    exercises.layer.check(layer())

    def with_conv2d(image, kernels, bias):
        return np.maximum(conv2d(image[None], kernels)[0] + bias, 0)

    exercises.layer.check(with_conv2d)
    assert capsys.readouterr().out == "correct\n" * 6
