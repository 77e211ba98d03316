"""The tiny engine's gradients are TensorFlow's, over random graphs."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.scratch.backprop import Node

OPERATIONS = ["add", "sub", "mul", "pow", "exp", "log", "tanh", "sum", "matmul"]
SHAPES = [(), (1,), (3,), (2, 1), (1, 3), (2, 3)]  # every two of them broadcast


@st.composite
def graphs(draw):
    """Leaves and a recipe: each entry makes a new node of nodes that are there already, so nodes are used again."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    leaves = [rng.uniform(-1.5, 1.5, size=shape) for shape in draw(st.lists(st.sampled_from(SHAPES), min_size=1))[:4]]
    recipe = draw(st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 99), st.integers(0, 99)), max_size=8))
    return leaves, recipe


def compute(nodes, recipe, exp, log, tanh, total, sum_last, matmul):
    """Follow a recipe with either library's functions; values stay small."""
    nodes = list(nodes)
    for name, first, second in recipe:
        a, b = nodes[first % len(nodes)], nodes[second % len(nodes)]
        made = {
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: tanh(a) * b,
            "pow": lambda a, b: tanh(a) ** 3,
            "exp": lambda a, b: exp(tanh(a)),
            "log": lambda a, b: log(tanh(a) + 2.0),
            "tanh": lambda a, b: tanh(a),
            "sum": lambda a, b: total(tanh(a)) + b,
            "matmul": lambda a, b: sum_last(a) if len(shape_of(a)) < 2 else matmul(a, b),
        }[name](a, b)
        nodes.append(made)
    loss = total(tanh(nodes[0]))
    for node in nodes[1:]:
        loss = loss + total(tanh(node))
    return loss


def shape_of(thing):
    return thing.value.shape if isinstance(thing, Node) else tuple(thing.shape)


def ours(nodes, recipe):
    def matmul(a, b):
        return a @ Node(np.full((shape_of(a)[1], 2), 0.5)) * (b * 0.1).sum()

    def sum_last(a):
        return a.sum(-1) if shape_of(a) else a * 1.0

    return compute(nodes, recipe, Node.exp, Node.log, Node.tanh, Node.sum, sum_last, matmul)


def theirs(nodes, recipe):
    def matmul(a, b):
        return a @ tf.fill((a.shape[1], 2), tf.constant(0.5, tf.float64)) * tf.reduce_sum(b * 0.1)

    def total(a):
        return tf.reduce_sum(a, keepdims=True)  # as the engine's sum

    def sum_last(a):
        return tf.reduce_sum(a, -1, keepdims=True) if a.shape.rank else a * 1.0

    return compute(nodes, recipe, tf.exp, tf.math.log, tf.tanh, total, sum_last, matmul)


def fits(leaves, recipe):
    """Say whether a recipe's shapes go together."""
    try:
        ours([Node(leaf) for leaf in leaves], recipe)
    except ValueError:
        return False
    return True


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_gradients_of_random_graphs_are_tensorflows(graph):
    leaves, recipe = graph
    if not fits(leaves, recipe):
        return
    nodes, variables = [Node(leaf) for leaf in leaves], [tf.Variable(leaf) for leaf in leaves]
    loss = ours(nodes, recipe)
    loss.backward()
    with tf.GradientTape() as tape:
        other = theirs(variables, recipe)
    assert loss.value.item() == pytest.approx(other.numpy().item(), rel=1e-9)
    for node, gradient in zip(nodes, tape.gradient(other, variables), strict=True):
        assert node.grad.shape == node.value.shape
        np.testing.assert_allclose(node.grad, gradient, rtol=1e-9, atol=1e-9)


def test_the_ten_nodes_that_lesson_02_works_out_by_hand():
    x, w_snow, w_moon = Node(2.0), Node(-0.35), Node(0.2)
    z_snow, z_moon = w_snow * x, w_moon * x
    exp_snow, exp_moon = z_snow.exp(), z_moon.exp()
    total = exp_snow + exp_moon
    log_total = total.log()
    loss = log_total - z_snow
    loss.backward()
    values = [node.value.item() for node in (z_snow, z_moon, exp_snow, exp_moon, total, log_total, loss)]
    assert np.round(values, 2).tolist() == [-0.7, 0.4, 0.5, 1.49, 1.99, 0.69, 1.39]
    gradients = [node.grad.item() for node in (log_total, total, exp_snow, exp_moon, z_snow, z_moon, w_snow, w_moon)]
    assert np.round(gradients, 2).tolist() == [1, 0.5, 0.5, 0.5, -0.75, 0.75, -1.5, 1.5]
    assert x.grad.item() == pytest.approx((0.2 + 0.35) * 0.75, abs=1e-3)


def test_a_node_used_twice_gets_both_gradients_and_a_second_backward_pass_starts_from_zero():
    a = Node(3.0)
    loss = a * a + a
    for _ in range(2):
        loss.backward()
        assert a.grad == 7


def test_plain_numbers_and_arrays_may_stand_on_either_side():
    a = Node(np.ones((2, 3)))
    loss = (np.array([1.0, 2.0, 3.0]) * a + 2 * a - 1 + np.ones((2, 1))).sum()
    loss.backward()
    assert loss.value.item() == 24 and a.grad.tolist() == [[3, 4, 5], [3, 4, 5]]


def test_a_long_chain_does_not_exhaust_the_stack():
    a = Node(1.0)
    far = a
    for _ in range(5000):
        far = far + 0.001
    far.backward()
    assert a.grad == 1


def test_backward_starts_from_a_single_number():
    with pytest.raises(ValueError, match=r"one number, the loss, and this node has shape \(2,\)"):
        Node(np.zeros(2)).exp().backward()
