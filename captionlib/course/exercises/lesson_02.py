"""Exercises of lesson 02: half of an engine for gradients, the backward pass of a dense layer, and Adam's update."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, NotAttempted, call, compare, line_of
from captionlib.course.scratch import scalar_backprop


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
    x, w_snow, w_moon = call(node, 2.0), call(node, -0.35), call(node, 0.2)
    z_snow, z_moon = w_snow * x, w_moon * x
    exp_snow, exp_moon = z_snow.exp(), z_moon.exp()
    total = exp_snow + exp_moon
    log_total = total.log()
    nodes = {"x": x, "w_snow": w_snow, "w_moon": w_moon, "z_snow": z_snow, "z_moon": z_moon}
    nodes |= {"exp_snow": exp_snow, "exp_moon": exp_moon, "total": total, "log_total": log_total}
    return nodes | {"loss": log_total - z_snow}


def in_order(rule):
    """Make a backward pass in the right order; the rule takes a parent's gradient so far, the local, the upstream."""

    def backward(loss):
        loss.grad = 1.0
        for node in reversed(scalar_backprop.topological_order(loss)):
            for parent, local in node.parents:
                parent.grad = rule(parent.grad, local, node.grad)

    return backward


def depth_first(loss):
    """Run a backward pass that passes each share of a gradient on at once, and with it again what arrived before."""

    def visit(node):
        for parent, local in node.parents:
            parent.grad += local * node.grad
            visit(parent)

    loss.grad = 1.0
    visit(loss)


def calls_itself(node):
    """Run a backward pass that calls itself for each parent, and so sets each gradient to 1 again."""
    node.grad = 1.0
    for parent, local in node.parents:
        parent.grad += local * node.grad
        calls_itself(parent)


MISTAKES = {
    "the local gradients are not used": in_order(lambda so_far, local, upstream: so_far + upstream),
    "the upstream gradient, that of the node itself, is not multiplied in": in_order(
        lambda so_far, local, upstream: so_far + local
    ),
    "where two paths lead to the loss, only one of them counts": in_order(
        lambda so_far, local, upstream: local * upstream
    ),
    "a node passes its gradient on before both paths have arrived: use the reverse topological order": depth_first,
    "every node's gradient is set back to 1, as when backward calls itself; only the loss starts at 1": calls_itself,
}


def gradients_by(graph, backward):
    """Run a backward pass, right or wrong, on a graph; list the gradients."""
    nodes = list(graph(scalar_backprop.Node).values())
    backward(nodes[-1])
    return [node.grad for node in nodes]


def compare_gradients(case, graph, mine):
    """Say which gradient of a learner's backward pass is wrong first, and which common mistake gives these values."""
    nodes = graph(mine)
    list(nodes.values())[-1].backward()
    got = {name: node.grad for name, node in nodes.items()}
    right = gradients_by(graph, scalar_backprop.Node.backward)
    for (name, value), expected in reversed(list(zip(got.items(), right, strict=True))):
        if abs(value - expected) < 1e-9:
            continue
        case = f"{case}: after backward the gradient of {name} is {value:.4g}"
        for mistake, backward in MISTAKES.items():
            if np.allclose(list(got.values()), gradients_by(graph, backward), rtol=0, atol=1e-9):
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


def dense_backward(dz, x, W):
    """Backward pass of z = x W + b for upstream gradient dz (B, V): the gradients of x (B, D), W (D, V) and b (V,)."""
    dx = dz @ W.T
    dW = x.T @ dz
    db = dz.sum(axis=0)
    return dx, dW, db


def check_dense_backward(mine):
    """Try three examples, four inputs and two outputs; name a common mistake, or else the first wrong array."""
    rng = np.random.default_rng(2)
    dz, x, W = (rng.integers(1, 9, size=shape).astype(float) for shape in ((3, 2), (3, 4), (4, 2)))
    try:
        answer = call(mine, dz, x, W)
    except ValueError as error:  # NumPy's own message speaks of gufuncs and core dimensions
        shapes = f"dz is {dz.shape}, x {x.shape} and W {W.shape}"
        return f"{line_of(error)}: these shapes don't fit together; {shapes}. Which transpose makes dx as large as x?"
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        return f"your function returned {type(answer).__name__}; three arrays were expected: dx, dW, db"
    if any(part is ... for part in answer):
        raise NotAttempted
    right = dict(zip(("dx", "dW", "db"), dense_backward(dz, x, W), strict=True))
    common = {
        "dx": {"its shape is that of W: are dx and dW swapped?": right["dW"]},
        "dW": {
            "this is the mean over the examples; paths add up, and the 1 / B is in dz already": right["dW"] / 3,
            "it is transposed: a gradient has the shape of what it belongs to": right["dW"].T,
        },
        "db": {
            "b is added in every row, so every row of z is a path to it": dz,
            "the sum runs over the wrong axis: b has one number per output": dz.sum(axis=1),
            "this is the mean over the examples; paths add up": dz.mean(axis=0),
            "a gradient has the shape of what it belongs to, and b is (2,)": dz.sum(axis=0, keepdims=True),
        },
    }
    for (name, expected), got in zip(right.items(), answer, strict=True):
        for reason, wrong in common[name].items():
            if compare(got, wrong) is None:
                return f"{name}: {reason}"
        if wrong := compare(got, expected):
            return f"for 3 examples, 4 inputs and 2 outputs, {name}: {wrong}"
    return None


def adam_update(weights, gradient, state, learning_rate):
    """Update both running means; correct their bias in the learning rate; take the step."""
    step = state.get("step", 0) + 1
    mean = 0.9 * state.get("mean", 0) + 0.1 * gradient
    square = 0.999 * state.get("square", 0) + 0.001 * gradient**2
    rate = learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    new = weights - rate * mean / (np.sqrt(square) + 1e-7)
    return new, {"step": step, "mean": mean, "square": square}


GRADIENTS = (4.0, 4.0, -2.0), (400.0, 1.0, 30.0), (0.0, 0.0, 1.0), (1e-8, 1e-8, 1e-8)  # the last show where epsilon is


def check_adam(mine):
    """Take three steps with large, zero and tiny gradients, each from what the learner's step before returned."""
    for gradients in GRADIENTS:
        ours, theirs = (1.0, {}), (1.0, {})
        for step, gradient in enumerate(gradients, start=1):
            case = f"step {step}, gradient {gradient:g}: the "
            before, ours = ours[0], adam_update(ours[0], gradient, ours[1], 0.1)
            weight = theirs[0]
            with np.errstate(all="ignore"):
                theirs = call(mine, weight, gradient, dict(theirs[1]), 0.1)
            if wrong := not_a_step(theirs):
                return wrong
            if theirs[1]["step"] != step:
                return f"{case}step in the new state is {theirs[1]['step']}; it counts the updates, from 1"
            for name, stays in (("mean", 0.9), ("square", 0.999)):
                got, expected = theirs[1][name], ours[1][name]
                if not abs(got - expected) <= 1e-6 * abs(expected):
                    size = "large" if got > expected else "small"
                    corrected = np.isclose(got, expected / (1 - stays**step))
                    ending = ": return the stored running mean, not the bias-corrected one" if corrected else ""
                    return f"{case}new {name} is {got:.4g}, too {size}{ending}"
            moved, expected = theirs[0] - weight, ours[0] - before
            if not abs(moved - expected) <= 1e-4 * abs(expected):
                return f"{case}weight moves by {moved:.4g}; {wrong_move(step, gradient, moved, expected)}"
    many = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    wrong = compare(call(mine, many, many, {}, 0.1)[0], adam_update(many, many, {}, 0.1)[0])
    return wrong and f"for an array of weights (2, 3): {wrong}"


def not_a_step(answer):
    """Say what is wrong with what a learner's update returned, if it is no new weight and new state."""
    if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[1], dict):
        return f"your function returned {answer!r}; two things were expected: the new weights and the new state"
    if answer[0] is ...:
        raise NotAttempted
    if missing := [name for name in ("step", "mean", "square") if answer[1].get(name, ...) is ...]:
        return f"the new state has no {' and no '.join(missing)} yet"
    return None


def wrong_move(step, gradient, moved, expected):
    """Say more about a step that is wrong."""
    if np.isnan(moved):
        return "0 was divided by 0: what keeps the divisor above 0?"
    if moved * expected < 0:
        return "its direction is wrong"
    if step == 1 and gradient == 1e-8:
        mean, square, rate = 0.1 * gradient, 0.001 * gradient**2, 0.1 * 0.001**0.5 / 0.1
        if np.isclose(moved, -0.1 * gradient / (gradient + 1e-7)):
            return "too far: as in Keras, epsilon is added to the root of the stored square, not of the corrected one"
        if np.isclose(moved, -rate * mean / np.sqrt(square + 1e-7)):
            return "too short: epsilon is added after the root is taken, not before"
    if step == 1 and np.isclose(moved * gradient, expected, rtol=1e-3):
        return "too short: divide by the root of the square"
    if step == 1 and np.isclose(moved / expected, 0.1 / 0.001**0.5, rtol=1e-2):
        return "too far: both running means started at 0; where is the bias correction?"
    return f"too {'far' if abs(moved) > abs(expected) else 'short'}"


engine = Exercise(
    check_engine,
    scalar_backprop.Node,
    [
        "In a × b with b = 5, raising a by 0.01 raises the product by 0.05: the local gradient of a is b.",
        "The derivative of exp is exp itself: `[(self, np.exp(self.value))]`.",
        "Two loops: `for node in reversed(topological_order(self))`, then `for parent, local in node.parents`. "
        "Add `local * node.grad` to `parent.grad`.",
    ],
)
dense = Exercise(
    check_dense_backward,
    dense_backward,
    [
        "A gradient has the shape of what it belongs to: dx is (B, D), dW is (D, V), db is (V,).",
        "x[0, 0] enters z[0, 0] times W[0, 0] and z[0, 1] times W[0, 1]: row 0 of dz times row 0 of W. Transpose W.",
        "b[0] enters z[0, 0], z[1, 0], … times 1 each: sum dz over the examples, which are axis 0.",
    ],
)
adam = Exercise(
    check_adam,
    adam_update,
    [
        "Two things are missing: the new square, and the new weights. The state keeps both means without correction.",
        'The square is a running mean like the first: `0.999 * state.get("square", 0) + 0.001 * gradient**2`.',
        "The bias correction is a factor on the learning rate: np.sqrt(1 - 0.999**step) / (1 - 0.9**step). "
        "Divide the mean by (np.sqrt(square) + 1e-7).",
    ],
)
