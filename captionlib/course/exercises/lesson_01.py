"""Exercises of lesson 01: design a kernel, write a convolutional layer, size a feature map, separate a kernel."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call, compare
from captionlib.course.scratch.convolution import by_loops


def mast_kernel():
    """A 3 by 3 kernel that responds to a thin dark vertical line."""
    return np.array([[1, -2, 1], [1, -2, 1], [1, -2, 1]])  # bright, dark, bright


def check_mast(mine):
    """Try the kernel on a uniform grey, a mast, a horizontal line, and a wall."""
    kernel = np.asarray(call(mine) if callable(mine) else mine)
    if kernel.shape != (3, 3) or kernel.dtype.kind not in "iuf":
        return f"a kernel has 3 rows of 3 numbers, but this has shape {kernel.shape} and numbers of type {kernel.dtype}"
    if not np.isfinite(kernel).all():
        return "one of its weights is not a number"
    grey, mast = np.full((5, 5), 100.0), np.full((5, 5), 100.0)
    mast[:, 2] = 20
    wall = np.where(np.arange(5) < 2, 100.0, 20.0) * np.ones((5, 1))
    on_grey, on_mast = by_loops(grey, kernel)[1, 1], by_loops(mast, kernel)[1, 1]
    if abs(on_grey) > 1e-6:
        return f"where all pixels are 100 it gives {on_grey:g}, but it should give 0"
    if on_mast <= 1e-6:
        return f"on a dark line of 20 on grey of 100 it gives {on_mast:g}, but it should give more than 0"
    for name, image in [("a horizontal line", mast.T), ("a single edge", wall), ("a single edge", wall[:, ::-1])]:
        if (strongest := by_loops(image, kernel).max()) >= on_mast - 1e-6:
            return f"{name} gives up to {strongest:g}, but the vertical line ({on_mast:g}) should give the most"
    return None


def conv_layer(image, kernels, bias):
    """Compute a convolutional layer with ReLU: (rows, columns, C) to (rows - F + 1, columns - F + 1, O)."""
    F = len(kernels)
    output = np.zeros((image.shape[0] - F + 1, image.shape[1] - F + 1, len(bias)))
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            for k in range(output.shape[2]):
                patch = image[i : i + F, j : j + F]  # (F, F, C)
                output[i, j, k] = max((patch * kernels[:, :, :, k]).sum() + bias[k], 0)
    return output


def check_conv_layer(mine):
    """Try two kernels on a small image that is not square; name a common mistake, or else the first wrong number."""
    rng = np.random.default_rng(1)
    image, kernels = rng.integers(0, 10, (5, 6, 3)), rng.integers(-2, 3, (3, 3, 3, 2))
    bias = np.array([5, -20])
    case = "for an image (5, 6, 3), kernels (3, 3, 3, 2) and bias [5, -20]"
    answer = call(mine, image, kernels, bias)
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "iuf":
        return f"{case} it gives {type(answer).__name__}, but an array of numbers is expected"
    answer, expected = answer.astype(float), conv_layer(image, kernels, bias)
    if answer.shape != expected.shape:
        return f"{case} the shape of the output is {answer.shape}, but {expected.shape} is expected"
    patches = np.lib.stride_tricks.sliding_window_view(image.astype(float), (3, 3), axis=(0, 1))  # (3, 4, C, 3, 3)
    sums = np.einsum("ijcmn,mnco->ijoc", patches, kernels)  # one per channel
    flipped = np.einsum("ijcmn,mnco->ijo", patches, kernels[::-1, ::-1])
    z = sums.sum(axis=-1) + bias
    mistakes = {
        "negative numbers are left: ReLU is missing": z,
        "the bias is missing": np.maximum(z - bias, 0),
        "the bias comes before ReLU, not after it": np.maximum(z - bias, 0) + bias,
        "both kernels add bias[0]; output channel k has bias[k]": np.maximum(z - bias + bias[0], 0),
        "the bias is added once per channel of the image; add it once, to the sum of all channels": np.maximum(
            z + 2 * bias, 0
        ),
        "ReLU is applied to each channel's sum; add up all channels first": np.maximum(
            np.maximum(sums, 0).sum(axis=-1) + bias, 0
        ),
        "the kernel is flipped; multiply it with the patch as it is": np.maximum(flipped + bias, 0),
    }
    mistakes |= {
        f"only channel {c} of the image counts; the sum runs over all three": np.maximum(sums[..., c] + bias, 0)
        for c in range(3)
    }
    for reason, wrong in mistakes.items():
        if compare(answer, wrong) is None:
            return reason
    wrong = compare(answer, expected)
    return f"{case}, {wrong}" if wrong else None


def output_length(pixels, F, S):
    """Compute the length of a feature map along an axis, for kernels of F pixels and stride S, without padding."""
    return (pixels - F) // S + 1  # the first location, and one more for every whole stride that is left


def check_output_size(mine):
    """Try sizes that fit, that leave a remainder, and that fit once."""
    for pixels, F, S in [(6, 3, 1), (7, 3, 2), (6, 3, 2), (96, 3, 2), (5, 5, 3), (224, 7, 4)]:
        got, case = call(mine, pixels, F, S), f"for {pixels} pixels, F = {F} and S = {S}"
        if isinstance(got, bool) or not isinstance(got, (int, np.integer)):
            return f"{case} it gives {got!r}, but a whole number is expected"
        if got != (expected := output_length(pixels, F, S)):
            last = (got - 1) * S + F
            reason = f"; the last of them would end at pixel {last}" if last > pixels else "; one more would still fit"
            return f"{case} it gives {got}, too {'many' if got > expected else 'few'}{reason}"
    return None


def column_and_row(kernel):
    """Separate a kernel into a column (k,) and a row (l,) whose outer product it is."""
    at = np.unravel_index(abs(kernel).argmax(), kernel.shape)  # a number that is not 0
    row = kernel[at[0]]
    return kernel[:, at[1]] / row[at[1]], row  # each row of the kernel is this row times one number of the column


def check_separate(mine):
    """Try a blur, a Sobel kernel, one that begins with zeros, and a larger one."""
    late = np.outer([0.0, 2.0, 1.0], [0.0, 1.0, 3.0])
    for kernel in (
        np.full((3, 3), 1 / 9),
        np.outer([1.0, 2, 1], [-1.0, 0, 1]),
        late,
        np.outer([1.0, 4, 2, 8], [3.0, 1]),
    ):
        with np.errstate(all="ignore"):  # the learner reads our sentence instead of NumPy's warning
            pair = call(mine, kernel)
            case = f"for the kernel {kernel.round(2).tolist()}"
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                return f"{case} it gives {type(pair).__name__}, but two arrays are expected, a column and a row"
            sizes = tuple(np.size(part) for part in pair)
            if sizes != kernel.shape:
                return f"{case} column and row have {sizes[0]} and {sizes[1]} numbers, but {kernel.shape} are expected"
            different = ~np.isclose(product := np.outer(*pair), kernel, atol=1e-6)
        if different.any():
            i, j = np.argwhere(different)[0]
            got = "nan: did you divide by 0?" if np.isnan(product[i, j]) else f"{product[i, j] + 0.0:.3g}"  # no -0
            swapped = "; did you swap column and row?" if np.allclose(product.T, kernel, equal_nan=True) else ""
            return f"{case} row {i} and column {j} hold {kernel[i, j] + 0.0:.3g}, but your products give {got}{swapped}"
    return None


mast = Exercise(
    check_mast,
    mast_kernel,
    [
        "The three columns of the kernel meet bright, dark, bright. With which signs is the sum large?",
        "A uniform grey should give 0: what must all nine weights sum to?",
        "Think about one row: a, b, a with 2a + b = 0 and b below zero. Then repeat it.",
    ],
)
layer = Exercise(
    check_conv_layer,
    conv_layer,
    [
        "Make the output: np.zeros((image.shape[0] - F + 1, image.shape[1] - F + 1, len(bias))). Then three loops.",
        "At row i, column j the patch is image[i : i + F, j : j + F]; kernel k is kernels[:, :, :, k].",
        "Both have shape (F, F, C): (patch * kernel).sum() adds up all channels. Add bias[k], then take max(…, 0).",
    ],
)
output_size = Exercise(
    check_output_size,
    output_length,
    [
        "Draw 7 pixels in a row and lay a kernel of 3 on them. How far can its left end move?",
        "The left end moves from 0 to pixels - F. How many whole strides are that?",
        "`//` divides and drops the remainder. The first location needs no stride: add 1.",
    ],
)
separate = Exercise(
    check_separate,
    column_and_row,
    [
        "In a separable kernel all rows are multiples of one row. Take a row that is not all zeros.",
        "Divide a column of the kernel by the number that it shares with your row: these are the factors.",
        "`abs(kernel).argmax()` finds a number that is not 0; `np.unravel_index` turns it into a row and a column.",
    ],
)
