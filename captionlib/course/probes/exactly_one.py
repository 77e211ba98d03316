"""A task that needs a hidden layer (XOR): is exactly one of two animals there? For lesson 02, number by number."""

from collections.abc import Callable

import numpy as np

CASES = {(1, 1): 0, (1, 0): 1, (0, 1): 1, (0, 0): 0}  # (cat, dog): 1 if the word "alone" is right


def mean_loss(node: type, logit: Callable, weights: list, cases: dict = CASES):
    """Compute the mean cross-entropy of the cases; the logit of "not alone" is 0.

    Args:
        node: The class of an engine, such as `scalar_backprop.Node`.
        logit: (weights, cat, dog) to the logit of "alone", all of them nodes.
        weights: What `logit` takes as its weights.
        cases: (cat, dog) to 1 where "alone" is right.

    Returns:
        A node.
    """
    total_loss = node(0.0)
    for animals, alone in cases.items():
        z = logit(weights, *map(node, animals))
        log_total = (z.exp() + node(1.0)).log()
        total_loss = total_loss + (log_total - z if alone else log_total)
    return total_loss * node(1 / len(cases))


def train(
    node: type, logit: Callable, backward: Callable, steps: int, seed: int = 2, cases: dict = CASES
) -> tuple[np.ndarray, dict]:
    """Train four hidden units with four weights each by gradient descent, with a learning rate of 1.

    Args:
        node: The class of an engine.
        logit: (weights, cat, dog) to the logit of "alone"; the weights are four rows of four nodes.
        backward: Takes the loss, a node, and gives every node its gradient.
        steps: How many.
        seed: Of the initial weights.
        cases: (cat, dog) to 1 where "alone" is right.

    Returns:
        The loss before each step, (steps,), and (cat, dog) to the probability of "alone" at the end.
    """
    values, losses = np.random.default_rng(seed).normal(size=(4, 4)), []
    for _ in range(steps):
        weights = [[node(value) for value in row] for row in values]
        loss = mean_loss(node, logit, weights, cases)  # forward pass
        backward(loss)
        values -= np.array([[weight.grad for weight in row] for row in weights])
        losses.append(loss.value)
    z = np.array([logit(weights, *map(node, animals)).value for animals in cases])
    p = 1 / (1 + np.exp(-z))  # softmax of the logits z and 0
    return np.array(losses), dict(zip(cases, p.round(2).tolist(), strict=True))
