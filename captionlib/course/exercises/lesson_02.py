"""Exercises of lesson 02: a numerical derivative, half of an engine for gradients, and Adam's update."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, NotAttempted, call


def central_difference(f, x):
    """Compute the derivative of f at x numerically."""
    h = 1e-5
    return (f(x + h) - f(x - h)) / (2 * h)


def check_derivative(mine):
    """Try a parabola, a falling line and a curve."""
    trials = [("x²", lambda x: x * x, 3.0, 6.0), ("5 − 2x", lambda x: 5 - 2 * x, 1.0, -2.0), ("eˣ", np.exp, 0.0, 1.0)]
    for name, f, x, expected in trials:
        got = call(mine, f, x)
        if isinstance(got, bool) or not isinstance(got, (int, float, np.number)):
            return f"it gives {got!r}, and a number is expected"
        case = f"for {name} at x = {x:g} it gives {got:.4g}"
        if abs(got - expected) <= 1e-3:
            continue
        if abs(got) < 1e-3:
            return f"{case}: divide by the width; and is the step so small that rounding swallows it?"
        if abs(got + expected) <= 1e-3:
            return f"{case}, which has the wrong sign"
        if abs(got - 2 * expected) <= 1e-3:
            return f"{case}, twice the derivative: how wide is it from end to end?"
        return f"{case}, too {'large' if got > expected else 'small'}: is the step small, and divided by?"
    return None


def engine_class():
    """Give every operation its parents with their local gradients, then run the backward pass."""

    class Node:
        def __init__(self, value, parents=()):
            self.value, self.parents, self.grad = value, parents, 0.0

        def __add__(self, other):
            return Node(self.value + other.value, [(self, 1), (other, 1)])

        def __sub__(self, other):
            return Node(self.value - other.value, [(self, 1), (other, -1)])

        def __mul__(self, other):
            return Node(self.value * other.value, [(self, other.value), (other, self.value)])

        def exp(self):
            return Node(np.exp(self.value), [(self, np.exp(self.value))])

        def log(self):
            return Node(np.log(self.value), [(self, 1 / self.value)])

        def backward(self, nodes):
            self.grad = 1.0
            for node in reversed(nodes):
                for parent, local in node.parents:
                    parent.grad += local * node.grad  # += because a node may be used twice

    return Node


def check_engine(mine):
    """Check the parents of ×, exp and log, then the backward pass of two graphs: a small one, and the lesson's own."""
    three, five = call(mine, 3.0), call(mine, 5.0)
    if (product := three * five).parents is ...:
        raise NotAttempted
    for name, node, parents in (
        ("3 × 5", product, [(three, 5), (five, 3)]),
        ("exp of 3", three.exp(), [(three, np.exp(3))]),
        ("log of 5", five.log(), [(five, 0.2)]),
    ):
        if wrong := compare_parents(name, node, parents):
            return wrong
    wrong = compare_gradients("a = 2, b = 4, total = a × b + a", a_twice, mine)
    return wrong or compare_gradients("the ten nodes", ten_nodes, mine)


def a_twice(node):
    """Make a × b + a: a is used twice, one local gradient is 2, one is 4, and no path has both."""
    a, b = call(node, 2.0), call(node, 4.0)
    product = a * b
    return {"a": a, "b": b, "a × b": product, "the total": product + a}


def ten_nodes(node):
    """Make the lesson's ten nodes; here a path has several local gradients, which must be multiplied."""
    x, w_snow, w_moon = call(node, 2.0), call(node, 0.0), call(node, 0.55)
    s_snow, s_moon = w_snow * x, w_moon * x
    e_snow, e_moon = s_snow.exp(), s_moon.exp()
    total = e_snow + e_moon
    log_total = total.log()
    nodes = {"x": x, "w_snow": w_snow, "w_moon": w_moon, "s_snow": s_snow, "s_moon": s_moon}
    nodes |= {"e_snow": e_snow, "e_moon": e_moon, "total": total, "log_total": log_total}
    return nodes | {"loss": log_total - s_snow}


MISTAKES = {  # what is wrong, and what it makes of a parent's gradient so far, a local and an upstream gradient
    "the local gradients are not used": lambda so_far, local, upstream: so_far + upstream,
    "the upstream gradient, that of the node itself, is not multiplied in": lambda so_far, local, upstream: (
        so_far + local
    ),
    "where two paths lead to the loss, only one of them counts": lambda so_far, local, upstream: local * upstream,
}


def backward_by(graph, rule):
    """Run the backward pass of a graph by a rule as in `MISTAKES`; list the gradients."""
    nodes = list(graph(engine_class()).values())
    nodes[-1].grad = 1.0
    for node in reversed(nodes):
        for parent, local in node.parents:
            parent.grad = rule(parent.grad, local, node.grad)
    return [node.grad for node in nodes]


def compare_gradients(case, graph, mine):
    """Say which gradient of a learner's backward pass is wrong first, and which common mistake gives these values."""
    nodes = graph(mine)
    list(nodes.values())[-1].backward(list(nodes.values()))
    got = {name: node.grad for name, node in nodes.items()}
    right = backward_by(graph, lambda so_far, local, upstream: so_far + local * upstream)
    for (name, value), expected in reversed(list(zip(got.items(), right, strict=True))):
        if abs(value - expected) < 1e-9:
            continue
        case = f"{case}: after backward the gradient of {name} is {value:.4g}"
        for mistake, rule in MISTAKES.items():
            if np.allclose(list(got.values()), backward_by(graph, rule), rtol=0, atol=1e-9):
                return f"{case}: {mistake}"
        if not value:
            return f"{case}; does the loop start at the loss and reach every node?"
        return f"{case}, too {'large' if value > expected else 'small'}"
    return None


def compare_parents(name, node, expected):
    """Say what is wrong with the parents of an operation's node."""
    parents = node.parents
    if not isinstance(parents, (list, tuple)) or not all(isinstance(p, (list, tuple)) and len(p) == 2 for p in parents):
        return f"{name}: its parents are {parents!r}, and a list of pairs (node, local gradient) is expected"
    if {id(parent) for parent, _ in parents} != {id(parent) for parent, _ in expected}:
        return f"{name}: {len(parents)} parent(s), which are not exactly the nodes it was computed from"
    for parent, right in expected:
        (local,) = (local for other, local in parents if other is parent)
        if not abs(local - right) < 1e-6:
            nudged = f"change the {parent.value:g} by 0.01: by how much does the result change?"
            return f"{name}: the local gradient of {parent.value:g} is {local:.4g}; {nudged}"
    return None


def adam_step(weight, gradient, mean, square, t, learning_rate):
    """Update both running means, correct their bias towards 0, take the step."""
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    step = learning_rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-7)
    return weight - step, mean, square


def check_adam(mine):
    """Take three steps with small, large and zero gradients, each from what the learner's step before returned."""
    for gradients in ((4.0, 4.0, -2.0), (400.0, 1.0, 30.0), (0.0, 0.0, 1.0)):
        ours, theirs = (1.0, 0.0, 0.0), (1.0, 0.0, 0.0)
        for t, gradient in enumerate(gradients, start=1):
            case = f"step {t}, gradient {gradient:g}: the "
            before, ours = ours, adam_step(ours[0], gradient, *ours[1:], t, 0.1)
            weight = theirs[0]
            with np.errstate(all="ignore"):
                theirs = call(mine, theirs[0], gradient, *theirs[1:], t, 0.1)
            if not isinstance(theirs, tuple) or len(theirs) != 3:
                return f"it gives {theirs!r}, and three numbers are expected: weight, mean, square"
            for name, stays, got, expected in zip(("mean", "square"), (0.9, 0.999), theirs[1:], ours[1:], strict=True):
                if not abs(got - expected) <= 1e-6 * max(1, abs(expected)):
                    size = "large" if got > expected else "small"
                    kept = np.isclose(got, expected / (1 - stays**t))
                    ending = ": return it as kept, without the bias correction" if kept else ""
                    return f"{case}new {name} is {got:.4g}, too {size}{ending}"
            moved, expected = theirs[0] - weight, ours[0] - before[0]
            if not abs(moved - expected) <= 1e-4 * abs(expected):
                return f"{case}weight moves by {moved:.4g}; {wrong_move(t, gradient, moved, expected)}"
    return None


def wrong_move(t, gradient, moved, expected):
    """Say more about a step that is wrong."""
    if np.isnan(moved):
        return "0 was divided by 0: what keeps the divisor above 0?"
    if moved * expected < 0:
        return "its direction is wrong"
    if t == 1 and np.isclose(moved * gradient, expected, rtol=1e-3):
        return "too short: divide by the root of the corrected square"
    if t == 1 and np.isclose(moved / expected, 0.1 / 0.001**0.5, rtol=1e-2):
        return "too far: both running means started at 0; has each had its bias correction?"
    return f"too {'far' if abs(moved) > abs(expected) else 'short'}"


derivative = Exercise(
    check_derivative,
    central_difference,
    [
        "The derivative is the slope of f: (f at the right minus f at the left) / (right minus left).",
        "Take x + h and x − h with a small h such as 1e-5. The width is then 2h, not h.",
    ],
)
engine = Exercise(
    check_engine,
    engine_class,
    [
        "In a × b with b = 5, raising a by 0.01 raises the product by 0.05: the local gradient of a is b.",
        "The derivative of exp is exp itself: `[(self, np.exp(self.value))]`.",
        "Two loops: `reversed(nodes)`, then `node.parents`. Add local gradient × `node.grad` to `parent.grad`.",
    ],
)
adam = Exercise(
    check_adam,
    adam_step,
    [
        "Three lines: the new square, the step, the return. Return the running means *without* bias correction.",
        "The square is a running mean like the first, with 0.999, 0.001 and gradient².",
        "Bias correction: mean / (1 − 0.9**t), square / (1 − 0.999**t). Step: learning_rate × mean / (√square + 1e-7).",
    ],
)
