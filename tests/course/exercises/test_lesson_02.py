"""The mistakes that learners make in lesson 02, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_02 as exercises
from captionlib.course.exercises.lesson_02 import adam_step, dense_backward
from captionlib.course.scratch.scalar_backprop import Node, topological_order


class Mine(Node):
    """The right engine, whose operations make nodes of the learner's own class."""

    def __add__(self, other):
        return type(self)(self.value + other.value, [(self, 1), (other, 1)])

    def __sub__(self, other):
        return type(self)(self.value - other.value, [(self, 1), (other, -1)])

    def __mul__(self, other):
        return type(self)(self.value * other.value, [(self, other.value), (other, self.value)])

    def exp(self):
        return type(self)(np.exp(self.value), [(self, np.exp(self.value))])

    def log(self):
        return type(self)(np.log(self.value), [(self, 1 / self.value)])


def engine_with(**methods):
    """The right engine, with some of its methods exchanged."""
    return type("Node", (Mine,), methods)


def times(parents):
    """An engine whose × makes these parents."""
    return engine_with(__mul__=lambda a, b: type(a)(a.value * b.value, parents(a, b)))


def in_order(update, order=reversed):
    """An engine whose backward pass treats each parent by a rule of its own."""

    def backward(self):
        self.grad = 1.0
        for node in order(topological_order(self)):
            for parent, local in node.parents:
                update(parent, local, node)

    return engine_with(backward=backward)


def overwrites(parent, local, node):
    parent.grad = local * node.grad


def adds(parent, local, node):
    parent.grad += local * node.grad


def adds_local_gradients(parent, local, node):
    parent.grad += local + node.grad


def forgets_the_upstream_gradient(parent, local, node):
    parent.grad += local


def forgets_local_gradients(parent, local, node):
    parent.grad += node.grad


def stays_at_the_end(self):
    self.grad = 1.0


def one_step_only(self):
    self.grad = 1.0
    for parent, local in self.parents:
        parent.grad += local


def recursive(self, is_loss=True):
    if is_loss:
        self.grad = 1.0
    for parent, local in self.parents:
        parent.grad += local * self.grad
        recursive(parent, False)


def uncorrected(w, g, m, v, s, rate):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return w - rate * m / (np.sqrt(v) + 1e-7), m, v


def keeps_the_corrected(w, g, m, v, s, rate):
    m, v = (0.9 * m + 0.1 * g) / (1 - 0.9**s), (0.999 * v + 0.001 * g**2) / (1 - 0.999**s)
    return w - rate * m / (np.sqrt(v) + 1e-7), m, v


def as_algorithm_1(w, g, m, v, s, rate):
    _, m, v = adam_step(w, g, m, v, s, rate)
    return w - rate * m / (1 - 0.9**s) / (np.sqrt(v / (1 - 0.999**s)) + 1e-7), m, v


def epsilon_in_the_root(w, g, m, v, s, rate):
    _, m, v = adam_step(w, g, m, v, s, rate)
    return w - rate * np.sqrt(1 - 0.999**s) / (1 - 0.9**s) * m / np.sqrt(v + 1e-7), m, v


def without_root(w, g, m, v, s, rate):
    _, m, v = adam_step(w, g, m, v, s, rate)
    return w - rate * m / (1 - 0.9**s) / (v / (1 - 0.999**s) + 1e-7), m, v


def without_epsilon(w, g, m, v, s, rate):
    _, m, v = adam_step(w, g, m, v, s, rate)
    return w - rate * m / (1 - 0.9**s) / np.sqrt(v / (1 - 0.999**s)), m, v


def uphill(w, g, m, v, s, rate):
    new, m, v = adam_step(w, g, m, v, s, rate)
    return w - (new - w), m, v


def from_step_0(w, g, m, v, s, rate):
    return adam_step(w, g, m, v, s - 1, rate)


def without_square(w, g, m, v, s, rate):
    new, m, _ = adam_step(w, g, m, v, s, rate)
    return new, m, 0.999 * v + 0.001 * g


def plain(w, g, m, v, s, rate):
    _, m, v = adam_step(w, g, m, v, s, rate)
    return w - rate * g, m, v


def dense(**parts):
    """The right backward pass of a dense layer, with some of its three parts exchanged."""

    def backward(dz, x, W):
        right = dict(zip(("dx", "dW", "db"), dense_backward(dz, x, W), strict=True))
        return tuple((right | {name: part(dz, x, W) for name, part in parts.items()}).values())

    return backward


@pytest.mark.parametrize(
    "exercise, mine, reason",
    [
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
            in_order(overwrites),
            "the gradient of a is 4: where two paths lead to the loss, only one",
        ),
        ("engine", in_order(adds, order=list), "gradient of b is 0; does the loop start at the loss"),
        ("engine", in_order(adds_local_gradients), "the gradient of a × b is 2, too large"),
        (
            "engine",
            in_order(forgets_the_upstream_gradient),
            "the ten nodes: after backward the gradient of e_moon is 1: the upstream gradient, that of the node",
        ),
        (
            "engine",
            in_order(forgets_local_gradients),
            "gradient of b is 1: the local gradients are not used",
        ),
        ("engine", engine_with(backward=one_step_only), "the gradient of b is 0; does the loop start"),
        ("engine", engine_with(backward=stays_at_the_end), "the gradient of a × b is 0; does the loop start"),
        ("engine", engine_with(backward=lambda self: None), "the gradient of the total is 0; does the loop start"),
        ("adam", uncorrected, "the weight moves by -0.3162; too far: both running means started at 0"),
        (
            "adam",
            keeps_the_corrected,
            "step 1, gradient 4: the new mean is 4, too large: return it as kept, without the bias correction",
        ),
        (
            "adam",
            without_root,
            "step 1, gradient 4: the weight moves by -0.025; too short: divide by the root of the square",
        ),
        ("adam", without_epsilon, "step 1, gradient 0: the weight moves by nan; 0 was divided by 0"),
        ("adam", uphill, "the weight moves by 0.1; its direction is wrong"),
        ("adam", from_step_0, "moves by nan; 0 was divided by 0"),
        ("adam", without_square, "step 1, gradient 4: the new square is 0.004, too small"),
        ("adam", plain, "step 1, gradient 4: the weight moves by -0.4; too far"),
        ("engine", engine_with(backward=recursive), "a node passes its gradient on before both paths have arrived"),
        ("dense", dense(dx=lambda dz, x, W: W @ dz.T), "dx: its shape is (4, 3), and (3, 4) is expected"),
        ("dense", lambda dz, x, W: dense_backward(dz, x, W)[::-1], "dx: its shape is (2,), and (3, 4) is expected"),
        ("dense", dense(dx=lambda dz, x, W: x.T @ dz), "dx: its shape is that of W: are dx and dW swapped?"),
        ("dense", dense(dx=lambda dz, x, W: x), "4 inputs and 2 outputs, dx: at [0, 0] it gives"),
        ("dense", dense(dW=lambda dz, x, W: x.T @ dz / len(x)), "dW: this is the mean over the examples"),
        ("dense", dense(dW=lambda dz, x, W: dz.T @ x), "dW: it is transposed"),
        ("dense", dense(dW=lambda dz, x, W: x @ dz), "ValueError"),
        ("dense", dense(db=lambda dz, x, W: dz), "db: b is added in every row"),
        ("dense", dense(db=lambda dz, x, W: dz.sum()), "db: it gives float64, and a NumPy array is expected"),
        ("dense", dense(db=lambda dz, x, W: dz.sum(axis=1)), "db: the sum runs over the wrong axis"),
        ("dense", dense(db=lambda dz, x, W: dz.mean(axis=0)), "db: this is the mean over the examples"),
        ("dense", dense(db=lambda dz, x, W: dz.sum(axis=0, keepdims=True)), "db: a gradient has the shape of what"),
        ("dense", lambda dz, x, W: x.T @ dz, "it gives ndarray, and three arrays are expected: dx, dW, db"),
        ("adam", as_algorithm_1, "gradient 1e-08: the weight moves by -0.009091; too far: as in Keras, epsilon is"),
        ("adam", epsilon_in_the_root, "too short: epsilon is added after the root is taken"),
        ("adam", lambda w, *_: w, "three numbers are expected: weight, mean, square"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_an_answer_with_dots_is_not_attempted(capsys):
    exercises.engine.check(times(lambda a, b: ...))
    exercises.dense.check(lambda dz, x, W: (..., x.T @ dz, ...))
    assert capsys.readouterr().out.count("not attempted") == 2


def test_what_is_left_of_the_engine_gets_a_reason(capsys):
    exercises.engine.check(engine_with(exp=lambda a: type(a)(np.exp(a.value), ...)))
    assert "exp of 3: its parents are Ellipsis" in capsys.readouterr().out


def goes_by_index(self):
    self.grad = 1
    nodes = topological_order(self)
    for i in range(len(nodes) - 1, -1, -1):
        for pair in nodes[i].parents:
            pair[0].grad = pair[0].grad + nodes[i].grad * pair[1]


def as_keras_writes_it(weight, gradient, mean, square, step, learning_rate):
    mean += (gradient - mean) * (1 - 0.9)
    square += (gradient * gradient - square) * (1 - 0.999)
    alpha = learning_rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
    return weight - alpha * mean / (square**0.5 + 1e-7), mean, square


def test_another_way_to_be_right_is_right(capsys):
    another = times(lambda a, b: ((b, a.value), (a, b.value)))
    another.backward = goes_by_index
    exercises.engine.check(another)
    exercises.dense.check(lambda dz, x, W: [np.einsum("bv,dv->bd", dz, W), np.dot(x.T, dz), np.ones(len(dz)) @ dz])
    exercises.adam.check(as_keras_writes_it)
    assert capsys.readouterr().out == "correct\ncorrect\ncorrect\n"
