"""The engine on single numbers: its gradients are those of the engine for arrays; what lesson 02 says of it holds."""

import numpy as np
import pytest

from captionlib.course.scratch import backprop, scalar_backprop
from captionlib.course.scratch.scalar_backprop import Node, topological_order

CASES = {(1, 1): 0, (1, 0): 1, (0, 1): 1, (0, 0): 0}


def overwrite(loss):
    loss.grad = 1.0
    for node in reversed(topological_order(loss)):
        for parent, local in node.parents:
            parent.grad = local * node.grad


def logit(node, weights, case):
    z = node(0.0)
    for *into, bias, out in weights:
        total = bias
        for weight, value in zip(into, case, strict=True):
            total = total + weight * node(value)
        z = z + total.tanh() * out
    return z


def mean_loss(node, weights):
    total = node(0.0)
    for case, alone in CASES.items():
        z = logit(node, weights, case)
        log_total = (z.exp() + node(1.0)).log()
        total = total + (log_total - z if alone else log_total)
    return total * node(1 / 4)


def train(backward, seed):
    """Train four hidden units on the four cases; give the losses, and the logit of each case at the end."""
    values, losses = np.random.default_rng(seed).normal(size=(4, 4)), []
    for _ in range(200):
        weights = [[Node(value) for value in row] for row in values]
        loss = mean_loss(Node, weights)
        backward(loss)
        values -= np.array([[weight.grad for weight in row] for row in weights])
        losses.append(loss.value)
    return losses, [logit(Node, weights, case).value for case in CASES]


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_the_engine_for_arrays(seed):
    values = np.random.default_rng(seed).normal(size=(4, 4))
    grads = []
    for node in (scalar_backprop.Node, backprop.Node):
        weights = [[node(value) for value in row] for row in values]
        loss = mean_loss(node, weights)
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


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_four_hidden_units_learn_all_cases_and_with_the_bug_only_the_first(seed):
    losses, z = train(Node.backward, seed)
    assert losses[-1] < 0.1 and [value > 0 for value in z] == [False, True, True, False]
    losses, z = train(overwrite, seed)
    assert losses[-1] > losses[0] + 0.5
    assert all(value < 0 for value in z) and z[0] == min(z)


def test_without_a_hidden_layer_log_2_is_the_best_loss():
    inputs, alone = np.array(list(CASES)), np.array(list(CASES.values()))
    weights, bias = np.random.default_rng(0).normal(size=2), 0.0
    for _ in range(3000):
        slope = 1 / (1 + np.exp(-inputs @ weights - bias)) - alone
        weights, bias = weights - inputs.T @ slope / 4, bias - slope.mean()
    z = inputs @ weights + bias
    assert np.mean(np.log(1 + np.exp(z)) - alone * z) == pytest.approx(np.log(2), abs=1e-3)
