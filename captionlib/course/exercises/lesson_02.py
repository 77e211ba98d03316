"""Exercises of lesson 02: a slope by trying, the half of an engine for gradients, and Adam's step."""

import numpy as np

from captionlib.course.exercises.exercise import Exercise, NotAttempted, ask


def slope_by_trying(f, x):
    """Go a little way to both sides of x and compare: rise over width."""
    h = 1e-5
    return (f(x + h) - f(x - h)) / (2 * h)


def judge_slope(mine):
    """Try a parabola, a falling line and a curve."""
    trials = [("x²", lambda x: x * x, 3.0, 6.0), ("5 − 2x", lambda x: 5 - 2 * x, 1.0, -2.0), ("eˣ", np.exp, 0.0, 1.0)]
    for name, f, x, wanted in trials:
        got = ask(mine, f, x)
        if isinstance(got, bool) or not isinstance(got, (int, float, np.number)):
            return f"it gives {got!r}, and a number is wanted"
        told = f"for {name} at x = {x:g} it gives {got:.4g}"
        if abs(got - wanted) <= 1e-3:
            continue
        if abs(got) < 1e-3:
            return f"{told}: divide by the width; and is the step so small that the computer rounds it away?"
        if abs(got + wanted) <= 1e-3:
            return f"{told}, which has the wrong sign"
        if abs(got - 2 * wanted) <= 1e-3:
            return f"{told}, twice too much: how wide is it from end to end?"
        return f"{told}, too {'large' if got > wanted else 'small'}: is the step small, and divided by?"
    return None


def half_an_engine():
    """Give every operation its arrows, then walk them backwards from the loss."""

    class Node:
        def __init__(self, value, arrows=()):
            self.value, self.arrows, self.gradient = value, arrows, 0.0

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
            self.gradient = 1.0
            for node in reversed(nodes):
                for parent, slope in node.arrows:
                    parent.gradient += slope * node.gradient  # += because a node may be used twice

    return Node


def judge_engine(mine):
    """Look at the arrows of ×, exp and log, then walk back through two graphs: a small one, and the lesson's own."""
    three, five = ask(mine, 3.0), ask(mine, 5.0)
    if (product := three * five).arrows is ...:
        raise NotAttempted
    for name, node, parents in (
        ("3 × 5", product, [(three, 5), (five, 3)]),
        ("exp of 3", three.exp(), [(three, np.exp(3))]),
        ("log of 5", five.log(), [(five, 0.2)]),
    ):
        if wrong := unlike_arrows(name, node, parents):
            return wrong
    wrong = unlike_walk("a = 2, b = 4, total = a × b + a", a_twice, mine)
    return wrong or unlike_walk("the ten boxes", ten_boxes, mine)


def a_twice(node):
    """Make a × b + a, a graph that uses a twice; one of its slopes is 2, one is 4, and no two of them lie in a row."""
    a, b = ask(node, 2.0), ask(node, 4.0)
    product = a * b
    return {"a": a, "b": b, "a × b": product, "the total": product + a}


def ten_boxes(node):
    """Make the lesson's ten boxes; here slopes lie in a row, so that they must be multiplied."""
    x, w_snow, w_moon = ask(node, 2.0), ask(node, 0.0), ask(node, 0.55)
    s_snow, s_moon = w_snow * x, w_moon * x
    e_snow, e_moon = s_snow.exp(), s_moon.exp()
    total = e_snow + e_moon
    log_total = total.log()
    boxes = {"x": x, "w_snow": w_snow, "w_moon": w_moon, "s_snow": s_snow, "s_moon": s_moon}
    boxes |= {"e_snow": e_snow, "e_moon": e_moon, "total": total, "log_total": log_total}
    return boxes | {"loss": log_total - s_snow}


MISTAKES = {  # what is wrong, and what a parent then gets: from what it has, the slope, and what came back
    "the slopes of the arrows have no part in it": lambda has, slope, back: has + back,
    "only slopes have a part in it, and not what came back to the node that the arrow leads to": (
        lambda has, slope, back: has + slope
    ),
    "of two ways to the end only one is left": lambda has, slope, back: slope * back,
}


def walked(graph, rule):
    """Walk back through a right engine's graph by a rule as in `MISTAKES`; list the gradients."""
    nodes = list(graph(half_an_engine()).values())
    nodes[-1].gradient = 1.0
    for node in reversed(nodes):
        for parent, slope in node.arrows:
            parent.gradient = rule(parent.gradient, slope, node.gradient)
    return [node.gradient for node in nodes]


def unlike_walk(told, graph, mine):
    """Say where a learner's walk back first goes wrong, and which of the usual mistakes gives just these gradients."""
    nodes = graph(mine)
    list(nodes.values())[-1].backward(list(nodes.values()))
    got = {name: node.gradient for name, node in nodes.items()}
    right = walked(graph, lambda has, slope, back: has + slope * back)
    for (name, value), wanted in reversed(list(zip(got.items(), right, strict=True))):
        if abs(value - wanted) < 1e-9:
            continue
        told = f"{told}: after backward the gradient of {name} is {value:.4g}"
        for mistake, rule in MISTAKES.items():
            if np.allclose(list(got.values()), walked(graph, rule), rtol=0, atol=1e-9):
                return f"{told}: {mistake}"
        size = "large" if value > wanted else "small"
        return f"{told}{', too ' + size if value else '; does the walk begin at the end, and go back all the way?'}"
    return None


def unlike_arrows(name, node, wanted):
    """Say what is wrong with the arrows of an operation's node."""
    arrows = node.arrows
    if not isinstance(arrows, (list, tuple)) or not all(isinstance(a, (list, tuple)) and len(a) == 2 for a in arrows):
        return f"{name}: its arrows are {arrows!r}, and a list of pairs (node, slope) is wanted"
    if {id(parent) for parent, _ in arrows} != {id(parent) for parent, _ in wanted}:
        return f"{name}: {len(arrows)} arrow(s), which do not lead to just what it was made from"
    for parent, right in wanted:
        (slope,) = (slope for other, slope in arrows if other is parent)
        if not abs(slope - right) < 1e-6:
            nudged = f"nudge the {parent.value:g} by 0.01: by how much does the result move?"
            return f"{name}: the slope towards {parent.value:g} is {slope:.4g}; {nudged}"
    return None


def adam_step(weight, gradient, mean, square, t, learning_rate):
    """Update both means, correct them for having begun at 0, step."""
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    length = learning_rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-7)
    return weight - length, mean, square


def judge_adam(mine):
    """Walk three steps, with small and large gradients and one of 0, feeding back what the learner's step returns."""
    for gradients in ((4.0, 4.0, -2.0), (400.0, 1.0, 30.0), (0.0, 0.0, 1.0)):
        ours, theirs = (1.0, 0.0, 0.0), (1.0, 0.0, 0.0)
        for t, gradient in enumerate(gradients, start=1):
            told = f"step {t}, gradient {gradient:g}: the "
            before, ours = ours, adam_step(ours[0], gradient, *ours[1:], t, 0.1)
            stood = theirs[0]
            with np.errstate(all="ignore"):
                theirs = ask(mine, theirs[0], gradient, *theirs[1:], t, 0.1)
            if not isinstance(theirs, tuple) or len(theirs) != 3:
                return f"it gives {theirs!r}, and three numbers are wanted: weight, mean, square"
            for name, stays, got, wanted in zip(("mean", "square"), (0.9, 0.999), theirs[1:], ours[1:], strict=True):
                if not abs(got - wanted) <= 1e-6 * max(1, abs(wanted)):
                    size = "large" if got > wanted else "small"
                    kept = np.isclose(got, wanted / (1 - stays**t))
                    ending = ": give it back as kept, not corrected" if kept else ""
                    return f"{told}new {name} is {got:.4g}, too {size}{ending}"
            moved, wanted = theirs[0] - stood, ours[0] - before[0]
            if not abs(moved - wanted) <= 1e-4 * abs(wanted):
                return f"{told}weight moves by {moved:.4g}; {wrong_move(t, gradient, moved, wanted)}"
    return None


def wrong_move(t, gradient, moved, wanted):
    """Say more about a step that is wrong."""
    if np.isnan(moved):
        return "0 was divided by 0: what keeps the divisor above 0?"
    if moved * wanted < 0:
        return "its direction is wrong"
    if t == 1 and np.isclose(moved * gradient, wanted, rtol=1e-3):
        return "too short: it is divided by the corrected square as it is, without the root"
    if t == 1 and np.isclose(moved / wanted, 0.1 / 0.001**0.5, rtol=1e-2):
        return "too far: both means began at 0 and are too small; has each been divided by what makes up for that?"
    return f"too {'far' if abs(moved) > abs(wanted) else 'short'}"


slope = Exercise(
    judge_slope,
    slope_by_trying,
    [
        "A slope is a rise divided by a width: (f at the right minus f at the left) / (right minus left).",
        "Take x + h and x − h with a small h such as 1e-5. The width is then 2h, not h.",
    ],
)
engine = Exercise(
    judge_engine,
    half_an_engine,
    [
        "If a × b with b = 5, then raising a by 0.01 raises the product by 0.05: the slope towards a is b.",
        "exp has its own result as slope: `[(self, np.exp(self.value))]`.",
        "Two loops: `reversed(nodes)`, then a node's arrows. Add slope × node.gradient to the parent's gradient.",
    ],
)
adam = Exercise(
    judge_adam,
    adam_step,
    [
        "Three lines: the new square, the step, the return. Return the means *before* they are corrected.",
        "The square goes as the mean does, with 0.999, 0.001 and gradient².",
        "Correct: mean / (1 − 0.9**t), square / (1 − 0.999**t). Step: learning_rate × corrected mean / (root + 1e-7).",
    ],
)
