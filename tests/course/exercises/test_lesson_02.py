"""The mistakes that learners make in lesson 02, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_02 as exercises
from captionlib.course.exercises.lesson_02 import adam_step, engine_class


def engine_with(**methods):
    """The right engine, with some of its methods exchanged."""
    node = engine_class()
    for name, method in methods.items():
        setattr(node, name, method)
    return node


def times(parents):
    """An engine whose × makes these parents."""
    return engine_with(__mul__=lambda a, b: type(a)(a.value * b.value, parents(a, b)))


def overwrites(self, nodes):
    self.grad = 1.0
    for node in reversed(nodes):
        for parent, local in node.parents:
            parent.grad = local * node.grad


def goes_forwards(self, nodes):
    self.grad = 1.0
    for node in nodes:
        for parent, local in node.parents:
            parent.grad += local * node.grad


def adds_local_gradients(self, nodes):
    self.grad = 1.0
    for node in reversed(nodes):
        for parent, local in node.parents:
            parent.grad += local + node.grad


def forgets_the_upstream_gradient(self, nodes):
    self.grad = 1.0
    for node in reversed(nodes):
        for parent, local in node.parents:
            parent.grad += local


def forgets_local_gradients(self, nodes):
    self.grad = 1.0
    for node in reversed(nodes):
        for parent, _ in node.parents:
            parent.grad += node.grad


def stays_at_the_end(self, nodes):
    self.grad = 1.0


def one_step_only(self, nodes):
    self.grad = 1.0
    for parent, local in self.parents:
        parent.grad += local


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
        ("derivative", lambda f, x: f(x + 1e-5) - f(x - 1e-5), "divide by the width"),
        ("derivative", lambda f, x: (f(x + 1e-20) - f(x)) / 1e-20, "rounding swallows it"),
        ("derivative", lambda f, x: (f(x + 1e-5) - f(x - 1e-5)) / 1e-5, "it gives 12, twice the derivative"),
        ("derivative", lambda f, x: (f(x - 1e-5) - f(x + 1e-5)) / 2e-5, "it gives -6, which has the wrong sign"),
        ("derivative", lambda f, x: f(x + 1) - f(x), "it gives 7, too large: is the step small"),
        ("derivative", lambda f, x: f(x) / x, "for x² at x = 3 it gives 3, too small"),
        ("derivative", lambda f, x: np.array([6.0]), "a number is expected"),
        (
            "engine",
            times(lambda a, b: [(a, a.value), (b, b.value)]),
            "3 × 5: the local gradient of 3 is 3; change the 3 by 0",
        ),
        ("engine", times(lambda a, b: [a, b]), "a list of pairs (node, local gradient) is expected"),
        ("engine", times(lambda a, b: [(a, b.value)]), "3 × 5: 1 parent(s), which are not exactly the nodes it was"),
        (
            "engine",
            engine_with(exp=lambda a: type(a)(np.exp(a.value), [(a, 1)])),
            "exp of 3: the local gradient of 3 is 1",
        ),
        ("engine", engine_with(log=lambda a: type(a)(np.log(a.value), ...)), "log of 5: its parents are Ellipsis"),
        (
            "engine",
            engine_with(backward=overwrites),
            "the gradient of a is 4: where two paths lead to the loss, only one",
        ),
        ("engine", engine_with(backward=goes_forwards), "gradient of b is 0; does the loop start at the loss"),
        ("engine", engine_with(backward=adds_local_gradients), "the gradient of a × b is 2, too large"),
        (
            "engine",
            engine_with(backward=forgets_the_upstream_gradient),
            "the ten nodes: after backward the gradient of e_moon is 1: the upstream gradient, that of the node",
        ),
        (
            "engine",
            engine_with(backward=forgets_local_gradients),
            "gradient of b is 1: the local gradients are not used",
        ),
        ("engine", engine_with(backward=one_step_only), "the gradient of b is 0; does the loop start"),
        ("engine", engine_with(backward=stays_at_the_end), "the gradient of a × b is 0; does the loop start"),
        ("engine", engine_with(backward=lambda *_: None), "the gradient of the total is 0; does the loop start"),
        ("adam", uncorrected, "the weight moves by -0.3162; too far: both running means started at 0"),
        (
            "adam",
            keeps_the_corrected,
            "step 1, gradient 4: the new mean is 4, too large: return it as kept, without the bias correction",
        ),
        (
            "adam",
            without_root,
            "step 1, gradient 4: the weight moves by -0.025; too short: divide by the root of the corrected square",
        ),
        ("adam", without_a_floor, "step 1, gradient 0: the weight moves by nan; 0 was divided by 0"),
        ("adam", uphill, "the weight moves by 0.1; its direction is wrong"),
        ("adam", from_step_0, "ZeroDivisionError"),
        ("adam", without_square, "step 1, gradient 4: the new square is 0.004, too small"),
        ("adam", plain, "step 1, gradient 4: the weight moves by -0.4; too far"),
        ("adam", lambda w, *_: w, "three numbers are expected: weight, mean, square"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_an_engine_without_parents_is_not_attempted(capsys):
    exercises.engine.check(times(lambda a, b: ...))
    assert capsys.readouterr().out.startswith("not attempted")


def goes_by_index(self, nodes):
    self.grad = 1
    for i in range(len(nodes) - 1, -1, -1):
        for pair in nodes[i].parents:
            pair[0].grad = pair[0].grad + nodes[i].grad * pair[1]


def as_keras_writes_it(weight, gradient, mean, square, t, learning_rate):
    mean += (gradient - mean) * (1 - 0.9)
    square += (gradient * gradient - square) * (1 - 0.999)
    alpha = learning_rate * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
    return weight - alpha * mean / (square**0.5 + 1e-7), mean, square


def test_another_way_to_be_right_is_right(capsys):
    exercises.derivative.check(lambda f, x: np.float64((f(x + 1e-6) - f(x)) / 1e-6))  # to one side only
    another = times(lambda a, b: ((b, a.value), (a, b.value)))
    another.backward = goes_by_index
    exercises.engine.check(another)
    exercises.adam.check(as_keras_writes_it)
    assert capsys.readouterr().out == "correct\ncorrect\ncorrect\n"
