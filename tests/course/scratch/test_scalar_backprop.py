"""The engine on single numbers: its gradients are those of the engine for arrays."""

import numpy as np
import pytest

from captionlib.course.probes import exactly_one
from captionlib.course.scratch import backprop, scalar_backprop
from captionlib.course.scratch.scalar_backprop import Node, topological_order


def logit(weights, cat, dog):
    z = type(cat)(0.0)
    for w_cat, w_dog, bias, w_out in weights:
        z = z + (w_cat * cat + w_dog * dog + bias).tanh() * w_out
    return z


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_the_engine_for_arrays(seed):
    values = np.random.default_rng(seed).normal(size=(4, 4))
    grads = []
    for node in (scalar_backprop.Node, backprop.Node):
        weights = [[node(value) for value in row] for row in values]
        loss = exactly_one.mean_loss(node, logit, weights)
        loss.backward()
        grads.append([[float(weight.grad) for weight in row] for row in weights])
    np.testing.assert_allclose(*grads, rtol=1e-9)


def test_the_order_has_parents_first_and_each_node_once():
    a, b = Node(2.0), Node(3.0)
    product = a * b
    loss = product + a * product
    order = topological_order(loss)
    assert len(order) == len(set(order)) == 5 and order[-1] is loss
    for index, node in enumerate(order):
        assert all(order.index(parent) < index for parent, _ in node.parents)
