"""The mistakes that learners make in lesson 02, each with the reason it must get."""

import numpy as np
import pytest

from captionlib.course.exercises import lesson_02 as exercises
from captionlib.course.exercises.lesson_02 import adam_update, dense_backward
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


def calls_itself(self):
    self.grad = 1.0
    for parent, local in self.parents:
        parent.grad += local * self.grad
        parent.backward()


def recursive(self, is_loss=True):
    if is_loss:
        self.grad = 1.0
    for parent, local in self.parents:
        parent.grad += local * self.grad
        recursive(parent, False)


def means(gradient, state):
    """Both running means and the number of the step."""
    _, state = adam_update(0.0, gradient, state, 0.1)
    return state["mean"], state["square"], state["step"]


def adam_with(move, change=None):
    """An Adam whose move is (learning rate, gradient, mean, square, step) to a number, and whose state is changed."""

    def update(weights, gradient, state, learning_rate):
        mean, square, step = means(gradient, state)
        new = {"step": step, "mean": mean, "square": square}
        return weights - move(learning_rate, gradient, mean, square, step), new | (change(new) if change else {})

    return update


def right_move(rate, g, m, v, s):
    return rate * np.sqrt(1 - 0.999**s) / (1 - 0.9**s) * m / (np.sqrt(v) + 1e-7)


def corrected(new):
    return {"mean": new["mean"] / (1 - 0.9 ** new["step"]), "square": new["square"] / (1 - 0.999 ** new["step"])}


def for_numbers_only(weights, gradient, state, learning_rate):
    new, state = adam_update(float(weights), gradient, state, learning_rate)
    return new, state


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
            "the ten nodes: after backward the gradient of exp_moon is 1: the upstream gradient, that of the node",
        ),
        (
            "engine",
            in_order(forgets_local_gradients),
            "gradient of b is 1: the local gradients are not used",
        ),
        ("engine", engine_with(backward=one_step_only), "the gradient of b is 0; does the loop start"),
        ("engine", engine_with(backward=stays_at_the_end), "the gradient of a × b is 0; does the loop start"),
        ("engine", engine_with(backward=lambda self: None), "the gradient of the total is 0; does the loop start"),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * m / (np.sqrt(v) + 1e-7)),
            "the weight moves by -0.3162; too far: both running means started at 0",
        ),
        (
            "adam",
            adam_with(right_move, corrected),
            "step 1, gradient 4: the new mean is 4, too large: return the stored running mean, not the bias-corrected",
        ),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * m / (1 - 0.9**s) / (v / (1 - 0.999**s) + 1e-7)),
            "step 1, gradient 4: the weight moves by -0.025; too short: divide by the root of the square",
        ),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * m / (1 - 0.9**s) / np.sqrt(v / (1 - 0.999**s))),
            "step 1, gradient 0: the weight moves by nan; 0 was divided by 0",
        ),
        ("adam", adam_with(lambda *known: -right_move(*known)), "the weight moves by 0.1; its direction is wrong"),
        (
            "adam",
            adam_with(right_move, lambda new: {"step": new["step"] - 1}),
            "the step in the new state is 0; it counts the updates, from 1",
        ),
        (
            "adam",
            adam_with(right_move, lambda new: {"square": new["square"] / 4}),
            "step 1, gradient 4: the new square is 0.004, too small",
        ),
        ("adam", adam_with(right_move, lambda new: {"square": ...}), "the new state has no square yet"),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * g),
            "step 1, gradient 4: the weight moves by -0.4; too far",
        ),
        ("adam", for_numbers_only, "raises TypeError: only"),
        ("engine", engine_with(backward=calls_itself), "1: every node's gradient is set back to 1, as when backward"),
        ("engine", engine_with(backward=recursive), "a node passes its gradient on before both paths have arrived"),
        ("dense", dense(dx=lambda dz, x, W: W @ dz.T), "dx: its shape is (4, 3), and (3, 4) is expected"),
        ("dense", lambda dz, x, W: dense_backward(dz, x, W)[::-1], "dx: its shape is (2,), and (3, 4) is expected"),
        ("dense", dense(dx=lambda dz, x, W: x.T @ dz), "dx: its shape is that of W: are dx and dW swapped?"),
        ("dense", dense(dx=lambda dz, x, W: x), "4 inputs and 2 outputs, dx: at [0, 0] it gives"),
        ("dense", dense(dW=lambda dz, x, W: x.T @ dz / len(x)), "dW: this is the mean over the examples"),
        ("dense", dense(dW=lambda dz, x, W: dz.T @ x), "dW: it is transposed"),
        (
            "dense",
            dense(dW=lambda dz, x, W: x @ dz),
            "these shapes don't fit together; dz is (3, 2), x (3, 4) and W (4, 2)",
        ),
        ("dense", dense(db=lambda dz, x, W: dz), "db: b is added in every row"),
        ("dense", dense(db=lambda dz, x, W: dz.sum()), "db: it gives float64, and a NumPy array is expected"),
        ("dense", dense(db=lambda dz, x, W: dz.sum(axis=1)), "db: the sum runs over the wrong axis"),
        ("dense", dense(db=lambda dz, x, W: dz.mean(axis=0)), "db: this is the mean over the examples"),
        ("dense", dense(db=lambda dz, x, W: dz.sum(axis=0, keepdims=True)), "db: a gradient has the shape of what"),
        ("dense", lambda dz, x, W: x.T @ dz, "your function returned ndarray; three arrays were expected: dx, dW, db"),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * m / (1 - 0.9**s) / (np.sqrt(v / (1 - 0.999**s)) + 1e-7)),
            "gradient 1e-08: the weight moves by -0.009091; too far: as in Keras, epsilon is added to the root",
        ),
        (
            "adam",
            adam_with(lambda rate, g, m, v, s: rate * np.sqrt(1 - 0.999**s) / (1 - 0.9**s) * m / np.sqrt(v + 1e-7)),
            "too short: epsilon is added after the root is taken",
        ),
        ("adam", lambda w, *_: w, "two things were expected: the new weights and the new state"),
    ],
)
def test_expected_mistakes_get_their_own_reason(exercise, mine, reason, capsys):
    getattr(exercises, exercise).check(mine)
    out = capsys.readouterr().out
    assert out.startswith("not yet: ") and reason in out


def test_an_answer_with_dots_is_not_attempted(capsys):
    exercises.engine.check(times(lambda a, b: ...))
    exercises.dense.check(lambda dz, x, W: (..., x.T @ dz, ...))
    exercises.adam.check(lambda weights, gradient, state, learning_rate: (..., {"step": 1, "mean": 0.4, "square": ...}))
    assert capsys.readouterr().out.count("not attempted") == 3


def test_what_is_left_of_the_engine_gets_a_reason(capsys):
    exercises.engine.check(engine_with(exp=lambda a: type(a)(np.exp(a.value), ...)))
    assert "exp of 3: its parents are Ellipsis" in capsys.readouterr().out


def goes_by_index(self):
    self.grad = 1
    nodes = topological_order(self)
    for i in range(len(nodes) - 1, -1, -1):
        for pair in nodes[i].parents:
            pair[0].grad = pair[0].grad + nodes[i].grad * pair[1]


def as_keras_writes_it(weights, gradient, state, learning_rate):
    step, mean, square = (state.get(name, 0) for name in ("step", "mean", "square"))
    step += 1
    mean += (gradient - mean) * (1 - 0.9)
    square += (gradient * gradient - square) * (1 - 0.999)
    alpha = learning_rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
    return weights - alpha * mean / (square**0.5 + 1e-7), {"step": step, "mean": mean, "square": square}


def test_another_way_to_be_right_is_right(capsys):
    another = times(lambda a, b: ((b, a.value), (a, b.value)))
    another.backward = goes_by_index
    exercises.engine.check(another)
    exercises.dense.check(lambda dz, x, W: [np.einsum("bv,dv->bd", dz, W), np.dot(x.T, dz), np.ones(len(dz)) @ dz])
    exercises.adam.check(as_keras_writes_it)
    assert capsys.readouterr().out == "correct\ncorrect\ncorrect\n"
