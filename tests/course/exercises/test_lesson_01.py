"""The mistakes that learners make in lesson 01, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_01 as exercises

LINE = np.array([1, -2, 1])


def by_sums(kernel):
    return kernel.sum(1), kernel.sum(0) / kernel.sum()


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("mast", [[-1, 0, 1]] * 3, "in the middle of a mast of 20 before a sky of 100 it answers 0"),
        ("mast", [[-1, 2, -1]] * 3, "it answers -480; a mast has to give more than 0"),
        ("mast", [[1, 1, 1]] * 3, "where all pixels are 100 it answers 900"),
        ("mast", [[1, -1, 1]] * 3, "where all pixels are 100 it answers 300"),
        ("mast", np.tile(LINE[:, None], 3), "in the middle of a mast of 20 before a sky of 100 it answers 0"),
        ("mast", [[1, 1, 1], [1, -8, 1], [1, 1, 1]], "a line that lies down gives up to 480, a mast gives 480"),
        ("mast", [[1, -1, 0]] * 3, "a wall gives up to 240, a mast gives 240; the mast has to give the most"),
        ("mast", [1, -2, 1], "this has shape (3,)"),
        ("mast", [["1", "-2", "1"]] * 3, "numbers of type <U2"),
        ("mast", np.full((3, 3), np.nan), "one of its weights is not a number"),
        (
            "output_size",
            lambda size, k, stride: size // stride,
            "for 6 pixels, a kernel of 3 and a stride of 1 it gives 6",
        ),
        ("output_size", lambda size, k, stride: size - k + 1, "7 pixels, a kernel of 3 and a stride of 2 it gives 5"),
        ("output_size", lambda size, k, stride: (size - k) // stride, "it gives 3, too few; one more would still fit"),
        (
            "output_size",
            lambda size, k, stride: (size - k) / stride + 1,
            "it gives 4.0, and a whole number is expected",
        ),
        (
            "output_size",
            lambda size, k, s: round((size - k) / s) + 1,
            "it gives 3, too many; the last of them would end",
        ),
        ("separate", lambda kernel: (kernel[:, 0], kernel[0]), "row 0 and column 0 hold 0.111, and your products give"),
        (
            "separate",
            lambda kernel: (kernel[:, 0] / kernel[0, 0], kernel[0]),
            "[0.0, 1.0, 3.0]] row 0 and column 0 hold 0, and your products give nan: did you divide by 0?",
        ),
        ("separate", lambda kernel: (kernel[1], kernel[:, 2] / kernel[1, 2]), "; did you swap column and row?"),
        ("separate", by_sums, "[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]] row 0"),
        ("separate", lambda kernel: kernel[0], "it gives ndarray, and two arrays are expected"),
        ("separate", lambda kernel: (np.full(3, 1 / 3), np.full(3, 1 / 3)), "your products give 0.111"),
        (
            "separate",
            lambda kernel: np.split(kernel, [1]),
            "column and row have 3 and 6 numbers, and (3, 3) are expected",
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
    assert capsys.readouterr().out == "correct\n" * 4
