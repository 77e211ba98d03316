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


def test_with_the_bug_the_gradient_of_a_right_words_logit_is_p_and_not_p_minus_1():
    for backward, expected in ((Node.backward, -0.75), (overwrite, 0.25)):
        z_snow, z_moon = Node(-0.7), Node(0.4)
        backward((z_snow.exp() + z_moon.exp()).log() - z_snow)
        assert z_snow.grad == pytest.approx(expected, abs=1e-3)


def test_without_a_hidden_layer_log_2_is_the_best_loss():
    inputs, alone = np.array(list(exactly_one.CASES)), np.array(list(exactly_one.CASES.values()))
    weights, bias = np.random.default_rng(0).normal(size=2), 0.0
    for _ in range(3000):
        slope = 1 / (1 + np.exp(-inputs @ weights - bias)) - alone
        weights, bias = weights - inputs.T @ slope / 4, bias - slope.mean()
    z = inputs @ weights + bias
    assert np.mean(np.log(1 + np.exp(z)) - alone * z) == pytest.approx(np.log(2), abs=1e-3)
