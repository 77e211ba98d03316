"""Every exercise knows three outcomes, survives whatever a learner passes in, and never gives its answer away."""

import importlib

import numpy as np
import pytest

from captionlib.course.exercises import lesson_00, lesson_06
from captionlib.course.exercises.exercise import Exercise, compare
from captionlib.course.scratch import lstm, scalar_backprop

import keras  # isort: skip (captionlib checks its settings before)
import tensorflow as tf  # isort: skip

LESSONS = [importlib.import_module(f"captionlib.course.exercises.lesson_{number:02}") for number in (*range(7), 8)]
NAMED = {
    f"{lesson.__name__[-2:]}-{name}": value
    for lesson in LESSONS
    for name, value in vars(lesson).items()
    if isinstance(value, Exercise)
}
ALL = [*NAMED.values()]
# What a lesson has defined when a learner runs the solution there.
IN_THE_LESSON = {"np": np, "keras": keras, "layers": keras.layers, "tf": tf, "lstm": lstm}
IN_THE_LESSON |= {"topological_order": scalar_backprop.topological_order, "forget_bias_1": lesson_06.forget_bias_1}


def answer(solution):
    """What a learner hands in: a function or a class, or the value of a function without arguments."""
    code = getattr(solution, "__code__", None)
    return solution() if code and code.co_argcount == 0 else solution


@pytest.mark.parametrize("exercise", ALL, ids=[*NAMED])
def test_the_solution_is_correct_and_a_stub_is_not_attempted(exercise, capsys):
    exercise.check(answer(exercise.reference))
    exercise.check(...)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "correct" and lines[1].startswith("not attempted")


@pytest.mark.parametrize("exercise", ALL, ids=[*NAMED])
def test_whatever_a_learner_passes_in_is_not_yet(exercise, capsys):
    def stub(*_):
        return ...

    def forgot(*_):
        pass

    def breaks(*_):
        return {}["key"]

    def wrong_arguments():
        return 1

    odd = ["text", None, [], {}, float("nan"), np.nan, object(), True, len, breaks, forgot, wrong_arguments]
    for mine in odd:
        exercise.check(mine)
        assert capsys.readouterr().out.startswith("not yet: "), mine
    exercise.check(stub)
    assert capsys.readouterr().out.startswith(("not attempted", "not yet: a whole number"))


def test_a_fault_is_told_with_its_line(capsys):
    code = "def mine(image):\n    half = image / 2\n    return half + nothing\n"
    namespace = {}
    exec(compile(code, "<ipython-input-3>", "exec"), namespace)
    lesson_00.darken.check(namespace["mine"])
    assert capsys.readouterr().out == "not yet: line 3 of your code raises NameError: name 'nothing' is not defined\n"


def test_hints_come_one_by_one_and_the_last_stays(capsys):
    exercise = Exercise(lambda mine: None, len, ["first", "second"])
    for _ in range(3):
        exercise.hint()
    assert capsys.readouterr().out == "hint 1 of 2: first\nhint 2 of 2: second\nhint 2 of 2: second\n"


def darken_in_place(image):
    image //= 2
    return image


@pytest.mark.parametrize("exercise", ALL, ids=[*NAMED])
def test_two_or_three_hints_and_a_solution_that_runs(exercise, capsys):
    assert 2 <= len(exercise.hints) <= 3
    exercise.solution()
    namespace = dict(IN_THE_LESSON)
    exec(capsys.readouterr().out, namespace)
    exercise.check(answer(namespace[exercise.reference.__name__]))
    assert capsys.readouterr().out == "correct\n"


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("count_numbers", 96 * 96, "how many numbers does one pixel hold"),
        ("count_numbers", 288, "one row"),
        ("count_numbers", 96 + 96 + 3, "that is a sum"),
        ("count_numbers", 100_000, "too large"),
        ("count_numbers", 27648.0, "a whole number"),
        ("darken", lambda image: image / 2, "its numbers are float64, and uint8 is expected"),
        ("darken", lambda image: image, "at [0, 0, 0] it gives 200, which is too large"),
        ("darken", lambda image: image[..., 0] // 2, "its shape is (1, 2), and (1, 2, 3) is expected"),
        ("darken", lambda image: image.tolist(), "it gives list"),
        ("darken", lambda image: image - 128, "too "),
        ("share", lambda caption, reference: len(set(caption.split()) & set(reference.split())) / 4, "too small"),
        ("darken", darken_in_place, "the one that was passed in has become darker, too"),
        ("share", lambda c, r: len({*c.split()} & {*r.split()}) / max(1, len({*c.split()})), "'a a cat'"),
        ("share", lambda c, r: sum(w in r.split() for w in c.split()) / len(c.split()), "ZeroDivisionError"),
        ("share", lambda c, r: sum(w in r for w in c.split()) / max(len(c.split()), 1), "too large"),
        ("share", lambda c, r: float(c == r), "'a red boat sails'"),
        ("share", lambda c, r: sum(w in r.split() for w in c.split()), "it gives 3, too large; divide by"),
        ("share", lambda c, r: sum(w in r.split() for w in c.split()) / len(r.split()), "it gives 0.429, too small"),
        ("share", lambda c, r: f"{c}", "a number is expected"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(lesson_00, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_another_way_to_be_right_is_right(capsys):
    lesson_00.darken.check(lambda image: (image * 0.5).round().astype(np.uint8))
    lesson_00.count_numbers.check(np.prod((96, 96, 3)))
    assert capsys.readouterr().out == "correct\ncorrect\n"


def test_compare_compares_within_a_tolerance():
    assert compare(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-7])) is None
    assert compare(np.array([1.0, np.nan]), np.array([1.0, 2.0])) == "at [1] it gives nan, which is too large"
    assert compare(np.array([1.0, 1.5]), np.array([1.0, 2.0])) == "at [1] it gives 1.5, which is too small"
