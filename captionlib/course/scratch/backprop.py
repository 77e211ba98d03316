"""How every network of this course learns: backpropagation in NumPy, a tiny engine for gradients (lesson 02).

A `Node` holds a number or a small array and remembers what it was made from. `loss.backward()` walks these arrows back
once and leaves in each node's `gradient` how fast the loss changes with it (Rumelhart, Hinton and Williams 1986). Each
operation says two things: its value, and how a gradient `g` passes back through it.
"""

import numpy as np


class Node:
    """A number or an array; `value` and `gradient` have the same shape (N,)."""

    __array_ufunc__ = None  # so that `array * node` asks the node, and not the array

    def __init__(self, value, arrows: tuple = ()):
        """Keep the value, as float64, and the arrows: pairs (parent, how a gradient passes back to it)."""
        self.value, self.arrows = np.asarray(value, float), arrows
        self.gradient = np.zeros_like(self.value)

    def backward(self):
        """Fill in the gradient of every node that this one was made from; this one must be a single number."""
        if self.value.size != 1:
            raise ValueError(f"backward starts from one number, the loss, and this node has shape {self.value.shape}")
        nodes = self.ancestors()
        for node in nodes:
            node.gradient = np.zeros_like(node.value)  # what an earlier walk left must not count again
        self.gradient = np.ones_like(self.value)
        for node in reversed(nodes):  # each after everything that was made from it
            for parent, passes in node.arrows:
                parent.gradient = parent.gradient + shrunk(passes(node.gradient), parent.value.shape)

    def ancestors(self) -> list["Node"]:
        """List every node that this one was made from, each after its own parents, and this one last."""
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, parents_done = waiting.pop()
            if parents_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                waiting += [(node, True), *((parent, False) for parent, _ in node.arrows)]
        return order

    def __add__(self, other):
        """Hand the gradient to both."""
        other = as_node(other)
        return Node(self.value + other.value, ((self, lambda g: g), (other, lambda g: g)))

    def __mul__(self, other):
        """Hand each the gradient times the other's value."""
        other = as_node(other)
        return Node(self.value * other.value, ((self, lambda g: g * other.value), (other, lambda g: g * self.value)))

    def __matmul__(self, other):
        """Multiply matrices: (B, D) and (D, V) to (B, V)."""
        passes = (self, lambda g: g @ other.value.T), (other, lambda g: self.value.T @ g)
        return Node(self.value @ other.value, passes)

    def __pow__(self, power: float):
        """Raise to a power that is a plain number."""
        return Node(self.value**power, ((self, lambda g: g * power * self.value ** (power - 1)),))

    def __sub__(self, other):
        """Add what is taken away, times -1."""
        return self + as_node(other) * -1

    def exp(self):
        """Grow as fast as the result is large."""
        result = np.exp(self.value)
        return Node(result, ((self, lambda g: g * result),))

    def log(self):
        """Take the natural logarithm; its slope is one over the value."""
        return Node(np.log(self.value), ((self, lambda g: g / self.value),))

    def tanh(self):
        """Squash between -1 and 1."""
        result = np.tanh(self.value)
        return Node(result, ((self, lambda g: g * (1 - result**2)),))

    def sum(self, axis=None):
        """Add up along an axis, which stays with length 1; each part gets the whole gradient."""
        return Node(self.value.sum(axis, keepdims=True), ((self, lambda g: np.broadcast_to(g, self.value.shape)),))

    __radd__, __rmul__ = __add__, __mul__


def as_node(value) -> Node:
    """Wrap a plain number or array; a node stays as it is."""
    return value if isinstance(value, Node) else Node(value)


def shrunk(gradient: np.ndarray, shape: tuple) -> np.ndarray:
    """Add up a gradient (N,) over the axes along which a value of this smaller shape was repeated."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    repeated = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return gradient.sum(axis=repeated, keepdims=True)
