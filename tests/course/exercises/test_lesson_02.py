"""The mistakes that learners make in lesson 02, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_02 as exercises
from captionlib.course.exercises.lesson_02 import adam_step, half_an_engine


def engine_with(**methods):
    """The right engine, with some of its methods exchanged."""
    node = half_an_engine()
    for name, method in methods.items():
        setattr(node, name, method)
    return node


def times(arrows):
    """An engine whose × makes these arrows."""
    return engine_with(__mul__=lambda a, b: type(a)(a.value * b.value, arrows(a, b)))


def overwrites(self, nodes):
    self.gradient = 1.0
    for node in reversed(nodes):
        for parent, slope in node.arrows:
            parent.gradient = slope * node.gradient


def walks_forwards(self, nodes):
    self.gradient = 1.0
    for node in nodes:
        for parent, slope in node.arrows:
            parent.gradient += slope * node.gradient


def adds_the_slopes(self, nodes):
    self.gradient = 1.0
    for node in reversed(nodes):
        for parent, slope in node.arrows:
            parent.gradient += slope + node.gradient


def forgets_what_came_back(self, nodes):
    self.gradient = 1.0
    for node in reversed(nodes):
        for parent, slope in node.arrows:
            parent.gradient += slope


def forgets_the_slope(self, nodes):
    self.gradient = 1.0
    for node in reversed(nodes):
        for parent, _ in node.arrows:
            parent.gradient += node.gradient


def stays_at_the_end(self, nodes):
    self.gradient = 1.0


def one_step_only(self, nodes):
    self.gradient = 1.0
    for parent, slope in self.arrows:
        parent.gradient += slope


def uncorrected(w, g, m, v, t, rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return w - rate * m / (np.sqrt(v) + 1e-7), m, v


def keeps_the_corrected(w, g, m, v, t, rate):
    m, v = (0.9 * m + 0.1 * g) / (1 - 0.9**t), (0.999 * v + 0.001 * g**2) / (1 - 0.999**t)
    return w - rate * m / (np.sqrt(v) + 1e-7), m, v


def without_root(w, g, m, v, t, rate):
    _, m, v = adam_step(w, g, m, v, t, rate)
    return w - rate * m / (1 - 0.9**t) / (v / (1 - 0.999**t) + 1e-7), m, v


def without_a_floor(w, g, m, v, t, rate):
    _, m, v = adam_step(w, g, m, v, t, rate)
    return w - rate * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t)), m, v


def uphill(w, g, m, v, t, rate):
    new, m, v = adam_step(w, g, m, v, t, rate)
    return w - (new - w), m, v


def from_step_0(w, g, m, v, t, rate):
    return adam_step(w, g, m, v, t - 1, rate)


def without_square(w, g, m, v, t, rate):
    new, m, _ = adam_step(w, g, m, v, t, rate)
    return new, m, 0.999 * v + 0.001 * g


def plain(w, g, m, v, t, rate):
    _, m, v = adam_step(w, g, m, v, t, rate)
    return w - rate * g, m, v


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
        ("slope", lambda f, x: f(x + 1e-5) - f(x - 1e-5), "divide by the width"),
        ("slope", lambda f, x: (f(x + 1e-20) - f(x)) / 1e-20, "rounds it away"),
        ("slope", lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 1e-5, "it gives 12, twice too much"),
        ("slope", lambda f, x: (f(x - 1e-5) - f(x + 1e-5)) / 2e-5, "it gives -6, which has the wrong sign"),
        ("slope", lambda f, x: f(x + 1) - f(x), "it gives 7, too large: is the step small"),
        ("slope", lambda f, x: f(x) / x, "for x² at x = 3 it gives 3, too small"),
        ("slope", lambda f, x: np.array([6.0]), "a number is wanted"),
        (
            "engine",
            times(lambda a, b: [(a, a.value), (b, b.value)]),
            "3 × 5: the slope towards 3 is 3; nudge the 3 by 0",
        ),
        ("engine", times(lambda a, b: [a, b]), "a list of pairs (node, slope) is wanted"),
        ("engine", times(lambda a, b: [(a, b.value)]), "3 × 5: 1 arrow(s), which do not lead to just what it was made"),
        ("engine", engine_with(exp=lambda a: type(a)(np.exp(a.value), [(a, 1)])), "exp of 3: the slope towards 3 is 1"),
        ("engine", engine_with(log=lambda a: type(a)(np.log(a.value), ...)), "log of 5: its arrows are Ellipsis"),
        (
            "engine",
            engine_with(backward=overwrites),
            "the gradient of a is 4: of two ways to the end only one is left",
        ),
        ("engine", engine_with(backward=walks_forwards), "gradient of b is 0; does the walk begin at the end"),
        ("engine", engine_with(backward=adds_the_slopes), "the gradient of a × b is 2, too large"),
        (
            "engine",
            engine_with(backward=forgets_what_came_back),
            "the ten boxes: after backward the gradient of e_moon is 1: only slopes have a part in it",
        ),
        (
            "engine",
            engine_with(backward=forgets_the_slope),
            "gradient of b is 1: the slopes of the arrows have no part",
        ),
        ("engine", engine_with(backward=one_step_only), "the gradient of b is 0; does the walk begin"),
        ("engine", engine_with(backward=stays_at_the_end), "the gradient of a × b is 0; does the walk begin"),
        ("engine", engine_with(backward=lambda *_: None), "the gradient of the total is 0; does the walk begin"),
        ("adam", uncorrected, "the weight moves by -0.3162; too far: both means began at 0"),
        (
            "adam",
            keeps_the_corrected,
            "step 1, gradient 4: the new mean is 4, too large: give it back as kept, not corrected",
        ),
        (
            "adam",
            without_root,
            "step 1, gradient 4: the weight moves by -0.025; too short: it is divided by the corrected square as",
        ),
        ("adam", without_a_floor, "step 1, gradient 0: the weight moves by nan; 0 was divided by 0"),
        ("adam", uphill, "the weight moves by 0.1; its direction is wrong"),
        ("adam", from_step_0, "ZeroDivisionError"),
        ("adam", without_square, "step 1, gradient 4: the new square is 0.004, too small"),
        ("adam", plain, "step 1, gradient 4: the weight moves by -0.4; too far"),
        ("adam", lambda w, *_: w, "three numbers are wanted: weight, mean, square"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_an_engine_without_arrows_is_not_attempted(capsys):
    exercises.engine.check(times(lambda a, b: ...))
    assert capsys.readouterr().out.startswith("not attempted")


def walks_by_index(self, nodes):
    self.gradient = 1
    for i in range(len(nodes) - 1, -1, -1):
        for arrow in nodes[i].arrows:
            arrow[0].gradient = arrow[0].gradient + nodes[i].gradient * arrow[1]


def as_keras_writes_it(weight, gradient, mean, square, t, learning_rate):
    mean += (gradient - mean) * (1 - 0.9)
    square += (gradient * gradient - square) * (1 - 0.999)
    alpha = learning_rate * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
    return weight - alpha * mean / (square**0.5 + 1e-7), mean, square


def test_another_way_to_be_right_is_right(capsys):
    exercises.slope.check(lambda f, x: np.float64((f(x + 1e-6) - f(x)) / 1e-6))  # to one side only
    another = times(lambda a, b: ((b, a.value), (a, b.value)))
    another.backward = walks_by_index
    exercises.engine.check(another)
    exercises.adam.check(as_keras_writes_it)
    assert capsys.readouterr().out == "correct\ncorrect\ncorrect\n"
