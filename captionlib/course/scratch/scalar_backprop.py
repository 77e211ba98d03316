"""Backpropagation on single numbers, as one types it first; half of it is an exercise (lesson 02).

The same engine for arrays is `captionlib.course.scratch.backprop`. Both follow Rumelhart, Hinton and Williams 1986; the
form is that of Karpathy's micrograd.
"""

import numpy as np


def topological_order(node) -> list:
    """List every node that this one was computed from, each after its own parents, and this one last.

    Args:
        node: Has `parents`, pairs whose first part is a node.

    Returns:
        The nodes, each once.
    """
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent, _ in node.parents:
                visit(parent)
            order.append(node)  # all its parents are in the list already

    visit(node)
    return order


class Node:
    """A number of a computation graph: `value`, `parents` as pairs (node, local gradient), and `grad` after backward.

    Args:
        value: The number.
        parents: The nodes it was computed from, each with the derivative of `value` with respect to it.
    """

    def __init__(self, value, parents=()):
        """Keep them; the gradient starts at 0."""
        self.value, self.parents, self.grad = value, parents, 0.0

    def __add__(self, other):
        """Compute a + b."""
        return Node(self.value + other.value, [(self, 1), (other, 1)])

    def __sub__(self, other):
        """Compute a - b."""
        return Node(self.value - other.value, [(self, 1), (other, -1)])

    def __mul__(self, other):
        """Compute a · b: the local gradient of each is the other."""
        return Node(self.value * other.value, [(self, other.value), (other, self.value)])

    def exp(self):
        """Compute exp a, which is its own derivative."""
        return Node(np.exp(self.value), [(self, np.exp(self.value))])

    def log(self):
        """Compute the natural logarithm."""
        return Node(np.log(self.value), [(self, 1 / self.value)])

    def tanh(self):
        """Compute tanh a, with the derivative 1 - tanh² a."""
        return Node(np.tanh(self.value), [(self, 1 - np.tanh(self.value) ** 2)])

    def backward(self):
        """Compute the gradient of this node, the loss, with respect to every node of its graph."""
        self.grad = 1.0
        for node in reversed(topological_order(self)):
            for parent, local in node.parents:
                parent.grad += local * node.grad  # += because a node may be used more than once
