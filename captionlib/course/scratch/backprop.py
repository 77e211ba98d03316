"""How every network of this course learns: backpropagation in NumPy, a tiny engine for gradients (lesson 02).

A `Node` holds a number or a small array and remembers its parents, the nodes that it was computed from. After
`loss.backward()`, each node's `grad` is the gradient of the loss with respect to its value (Rumelhart, Hinton and
Williams 1986). Each operation gives its value (forward pass) and, for each parent, a function from the upstream
gradient, `dz` for an operation that computes z, to the parent's gradient (backward pass).
"""

import numpy as np


class Node:
    """A number or an array of the graph; `value` and `grad` have the same shape (N,)."""

    __array_ufunc__ = None  # so that NumPy leaves `array * node` to Node.__rmul__

    def __init__(self, value, parents: tuple = ()):
        """Keep the value, as float64, and pairs (parent, function from the upstream gradient to the parent's)."""
        self.value, self.parents = np.asarray(value, float), parents
        self.grad = np.zeros_like(self.value)

    def backward(self):
        """Compute the gradient of this node, a single number, with respect to every node that it depends on."""
        if self.value.size != 1:
            raise ValueError(f"backward starts from one number, the loss, and this node has shape {self.value.shape}")
        nodes = self.topological_order()
        for node in nodes:
            node.grad = np.zeros_like(node.value)  # gradients of an earlier backward pass do not add up
        self.grad = np.ones_like(self.value)
        for node in reversed(nodes):  # when a node's turn comes, its upstream gradient is complete
            for parent, backward in node.parents:
                parent.grad = parent.grad + unbroadcast(backward(node.grad), parent.value.shape)

    def topological_order(self) -> list["Node"]:
        """List every node that this one depends on, each after its own parents, and this one last."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack += [(node, True), *((parent, False) for parent, _ in node.parents)]
        return order

    def __add__(self, other):
        """d(a + b) = da + db: both get the upstream gradient."""
        other = as_node(other)
        return Node(self.value + other.value, ((self, lambda dz: dz), (other, lambda dz: dz)))

    def __mul__(self, other):
        """d(a · b) = b · da + a · db: each gets the upstream gradient times the other's value."""
        other = as_node(other)
        return Node(
            self.value * other.value, ((self, lambda dz: dz * other.value), (other, lambda dz: dz * self.value))
        )

    def __matmul__(self, other):
        """Multiply matrices: (B, D) and (D, V) to (B, V)."""
        parents = (self, lambda dz: dz @ other.value.T), (other, lambda dz: self.value.T @ dz)
        return Node(self.value @ other.value, parents)

    def __pow__(self, power: float):
        """Raise to a constant power n; the derivative is n · a ** (n - 1)."""
        return Node(self.value**power, ((self, lambda dz: dz * power * self.value ** (power - 1)),))

    def __sub__(self, other):
        """Subtract: a + b · -1."""
        return self + as_node(other) * -1

    def exp(self):
        """Exponential; its derivative is the result itself."""
        result = np.exp(self.value)
        return Node(result, ((self, lambda dz: dz * result),))

    def log(self):
        """Natural logarithm; its derivative is 1 / a."""
        return Node(np.log(self.value), ((self, lambda dz: dz / self.value),))

    def tanh(self):
        """Hyperbolic tangent; its derivative is 1 - tanh² a."""
        result = np.tanh(self.value)
        return Node(result, ((self, lambda dz: dz * (1 - result**2)),))

    def sum(self, axis=None):
        """Sum over an axis, which stays with length 1; each summand gets the whole upstream gradient."""
        return Node(self.value.sum(axis, keepdims=True), ((self, lambda dz: np.broadcast_to(dz, self.value.shape)),))

    __radd__, __rmul__ = __add__, __mul__


def as_node(value) -> Node:
    """Wrap a plain number or array; a node stays as it is."""
    return value if isinstance(value, Node) else Node(value)


def unbroadcast(gradient: np.ndarray, shape: tuple) -> np.ndarray:
    """Sum a gradient (N,) over the axes along which a value of this smaller shape was broadcast."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    repeated = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return gradient.sum(axis=repeated, keepdims=True)
