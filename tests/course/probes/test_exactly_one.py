"""Four hidden units learn the task, a weighted sum cannot; with lesson 02's bug "alone" becomes improbable."""

import numpy as np
import pytest

from captionlib.course.probes import exactly_one
from captionlib.course.scratch.scalar_backprop import Node, topological_order


def logit(weights, cat, dog):
    z = type(cat)(0.0)
    for w_cat, w_dog, bias, w_out in weights:
        z = z + (w_cat * cat + w_dog * dog + bias).tanh() * w_out
    return z


def overwrite(loss):
    loss.grad = 1.0
    for node in reversed(topological_order(loss)):
        for parent, local in node.parents:
            parent.grad = local * node.grad


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_four_hidden_units_learn_all_cases(seed):
    losses, p_alone = exactly_one.train(Node, logit, Node.backward, 200, seed)
    assert losses.shape == (200,) and losses[-1] < 0.1
    assert {case: round(p) for case, p in p_alone.items()} == exactly_one.CASES


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("first", exactly_one.CASES)
def test_with_the_bug_alone_becomes_improbable_in_all_cases_whichever_comes_first(seed, first):
    cases = {first: exactly_one.CASES[first]} | exactly_one.CASES
    losses, p_alone = exactly_one.train(Node, logit, overwrite, 200, seed, cases)
    assert losses[-1] > losses[0] + 0.5 and max(p_alone.values()) < 0.3


def backward(adds):
    """Make a backward pass that adds (`+=`) at the nodes that `adds` picks and overwrites all others."""

    def run(loss):
        loss.grad = 1.0
        for node in reversed(topological_order(loss)):
            for parent, local in node.parents:
                parent.grad = adds(parent) * parent.grad + local * node.grad

    return run


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_bug_does_its_damage_at_the_weights_which_learn_from_one_scene_only(seed):
    bug, repaired_elsewhere, repaired_at_weights = (
        exactly_one.train(Node, logit, backward(adds), 200, seed)[0]
        for adds in (lambda node: False, lambda node: bool(node.parents), lambda node: not node.parents)
    )
    assert (bug == exactly_one.train(Node, logit, overwrite, 200, seed)[0]).all()
    assert (repaired_elsewhere == bug).all()
    assert repaired_at_weights[-1] > bug[-1] + 0.5  # there the logits of the right words lose their -1

    def gradient(run, cases, scale):
        values = np.random.default_rng(seed).normal(size=(4, 4))
        weights = [[Node(value) for value in row] for row in values]
        run(exactly_one.mean_loss(Node, logit, weights, cases) * Node(scale))
        return np.array([[weight.grad for weight in row] for row in weights])

    first_alone = gradient(Node.backward, {(1, 1): 0}, 1 / 4)
    np.testing.assert_allclose(gradient(overwrite, exactly_one.CASES, 1), first_alone, rtol=1e-12)
    assert not np.allclose(gradient(Node.backward, exactly_one.CASES, 1), first_alone)


def test_without_a_hidden_layer_log_2_is_the_best_loss():
    inputs, alone = np.array(list(exactly_one.CASES)), np.array(list(exactly_one.CASES.values()))
    weights, bias = np.random.default_rng(0).normal(size=2), 0.0
    for _ in range(3000):
        slope = 1 / (1 + np.exp(-inputs @ weights - bias)) - alone
        weights, bias = weights - inputs.T @ slope / 4, bias - slope.mean()
    z = inputs @ weights + bias
    assert np.mean(np.log(1 + np.exp(z)) - alone * z) == pytest.approx(np.log(2), abs=1e-3)
