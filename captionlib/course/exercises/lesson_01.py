"""Exercises of lesson 01: design a kernel, compute a feature map's size, separate a kernel."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, call
from captionlib.course.scratch.convolution import by_loops


def mast_kernel():
    """A 3 by 3 kernel that responds to a thin dark vertical line."""
    return np.array([[1, -2, 1], [1, -2, 1], [1, -2, 1]])  # bright, dark, bright


def check_mast(mine):
    """Try the kernel on a uniform grey, a mast, a horizontal line, and a wall."""
    kernel = np.asarray(call(mine) if callable(mine) else mine)
    if kernel.shape != (3, 3) or kernel.dtype.kind not in "iuf":
        return f"a kernel has 3 rows of 3 numbers, and this has shape {kernel.shape} and numbers of type {kernel.dtype}"
    if not np.isfinite(kernel).all():
        return "one of its weights is not a number"
    grey, mast = np.full((5, 5), 100.0), np.full((5, 5), 100.0)
    mast[:, 2] = 20
    wall = np.where(np.arange(5) < 2, 100.0, 20.0) * np.ones((5, 1))
    on_grey, on_mast = by_loops(grey, kernel)[1, 1], by_loops(mast, kernel)[1, 1]
    if abs(on_grey) > 1e-6:
        return f"where all pixels are 100 it answers {on_grey:g}, although there is nothing to find"
    if on_mast <= 1e-6:
        return (
            f"in the middle of a mast of 20 before a sky of 100 it answers {on_mast:g}; a mast has to give more than 0"
        )
    for name, picture in [("a line that lies down", mast.T), ("a wall", wall), ("a wall", wall[:, ::-1])]:
        if (strongest := by_loops(picture, kernel).max()) >= on_mast - 1e-6:
            return f"{name} gives up to {strongest:g}, a mast gives {on_mast:g}; the mast has to give the most"
    return None


def output_length(size, k, stride):
    """Compute the length of a feature map along an axis of `size` pixels, for a kernel of k, without padding."""
    return (size - k) // stride + 1  # the first location, and one more for every whole stride that is left


def check_output_size(mine):
    """Try sizes that fit, that leave a remainder, and that fit once."""
    for size, k, stride in [(6, 3, 1), (7, 3, 2), (6, 3, 2), (96, 3, 2), (5, 5, 3), (224, 7, 4)]:
        got = call(mine, size, k, stride)
        case = f"for {size} pixels, a kernel of {k} and a stride of {stride}"
        if isinstance(got, bool) or not isinstance(got, (int, np.integer)):
            return f"{case} it gives {got!r}, and a whole number is expected"
        if got != (expected := output_length(size, k, stride)):
            last = (got - 1) * stride + k
            reason = f"; the last of them would end at pixel {last}" if last > size else "; one more would still fit"
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
                return f"{case} it gives {type(pair).__name__}, and two arrays are expected, a column and a row"
            sizes = tuple(np.size(part) for part in pair)
            if sizes != kernel.shape:
                return f"{case} column and row have {sizes[0]} and {sizes[1]} numbers, and {kernel.shape} are expected"
            different = ~np.isclose(product := np.outer(*pair), kernel, atol=1e-6)
        if different.any():
            i, j = np.argwhere(different)[0]
            got = "nan: did you divide by 0?" if np.isnan(product[i, j]) else f"{product[i, j] + 0.0:.3g}"  # no -0
            swapped = "; did you swap column and row?" if np.allclose(product.T, kernel, equal_nan=True) else ""
            return f"{case} row {i} and column {j} hold {kernel[i, j] + 0.0:.3g}, and your products give {got}{swapped}"
    return None


mast = Exercise(
    check_mast,
    mast_kernel,
    [
        "The kernel meets bright, dark, bright. With which signs does this give a large sum, and an even grey none?",
        "An even grey must give 0: what must all nine numbers sum to?",
        "One row is enough to think about: a, b, a with 2a + b = 0 and b below zero. Then repeat it.",
    ],
)
output_size = Exercise(
    check_output_size,
    output_length,
    [
        "Draw 7 pixels in a row and lay a kernel of 3 on them. How far can its left end move?",
        "The left end moves from 0 to size - k. How many whole strides are that?",
        "`//` divides and drops the remainder. The first location needs no stride: add 1.",
    ],
)
separate = Exercise(
    check_separate,
    column_and_row,
    [
        "In such a kernel all rows are one row, each times a number. Take one row that is not all zeros.",
        "Divide a column of the kernel by the number that it shares with your row: these are the multiples.",
        "`abs(kernel).argmax()` finds a number that is not 0; `np.unravel_index` turns it into a row and a column.",
    ],
)
