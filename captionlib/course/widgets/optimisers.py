"""The optimiser playground of lesson 02: choose a loss, an optimiser and its settings, see its path."""

import ipywidgets
import numpy as np

from captionlib.course import figures
from captionlib.course.probes.surfaces import SURFACES
from captionlib.course.scratch import optimisers
from captionlib.course.widgets import parts

OPTIMISERS = {
    "SGD": optimisers.sgd,
    "momentum": optimisers.momentum,
    "RMSProp": optimisers.rmsprop,
    "Adam": optimisers.adam,
}
MOMENTUM = {"momentum": "momentum", "Adam": "beta_1"}  # the setting that the slider "momentum" controls
DIVERGED = 1000  # a weight beyond it
START = {"surface": "long valley", "optimiser": "momentum", "learning_rate": 0.05, "momentum": 0.8}
START |= {"start_x": -2.0, "start_y": 1.5, "steps": 30}


def optimiser_playground() -> None:
    """Show the playground."""
    surface = parts.choice("loss", SURFACES, START["surface"])
    optimiser = parts.choice("optimiser", OPTIMISERS, START["optimiser"])
    rate, rate_row = parts.slider("learning rate", 0.01, 0.5, START["learning_rate"], 0.01)
    momentum, momentum_row = parts.slider("momentum", 0.0, 0.99, START["momentum"], 0.01)
    first, first_row = parts.slider("start a", -2.0, 2.0, START["start_x"], 0.25)
    second, second_row = parts.slider("start b", -2.0, 2.0, START["start_y"], 0.25)
    steps, steps_row = parts.slider("steps", 1, 100, START["steps"])
    controls = (surface, optimiser, rate, momentum, first, second, steps)
    page = ipywidgets.HTML()

    def redraw(_=None):
        momentum.disabled = optimiser.value not in MOMENTUM
        page.value = show(*(control.value for control in controls))

    for control in controls:
        control.observe(redraw, "value")
    redraw()
    rows = parts.aligned(surface, optimiser, rate_row, momentum_row, first_row, second_row, steps_row)
    parts.present(parts.bench(rows, page, 790), in_plain_text())


def descend(
    surface: str, optimiser: str, learning_rate: float, momentum: float, start_x: float, start_y: float, steps: int
) -> np.ndarray:
    """Minimise a loss of two weights.

    Args:
        surface: One of `SURFACES`.
        optimiser: One of `OPTIMISERS`.
        learning_rate: Its learning rate.
        momentum: SGD's momentum; Adam's beta_1; ignored by SGD alone and RMSProp.
        start_x: The first weight at the start.
        start_y: The second.
        steps: How many.

    Returns:
        The weights after 0, 1, … steps: (N, 2).
    """
    settings = {"learning_rate": learning_rate} | ({MOMENTUM[optimiser]: momentum} if optimiser in MOMENTUM else {})
    return optimisers.descend(OPTIMISERS[optimiser], SURFACES[surface].gradient, (start_x, start_y), steps, **settings)


def show(
    surface: str, optimiser: str, learning_rate: float, momentum: float, start_x: float, start_y: float, steps: int
) -> str:
    """Turn settings, those of `descend`, into HTML: the map with the path, the loss at every step, and a sentence.

    Args:
        surface: One of `SURFACES`.
        optimiser: One of `OPTIMISERS`.
        learning_rate: Its learning rate.
        momentum: SGD's momentum; Adam's beta_1.
        start_x: The first weight at the start.
        start_y: The second.
        steps: How many.

    Returns:
        HTML; the picture's description says how the descent went.
    """
    path = descend(surface, optimiser, learning_rate, momentum, start_x, start_y, steps)
    name = {"momentum": f"SGD with momentum {momentum:g}", "Adam": f"Adam with momentum {momentum:g}"}
    setting = f"{name.get(optimiser, optimiser)}, learning rate {learning_rate:g}, on the {surface}"
    figure = figures.descent(SURFACES[surface], path, setting)
    summary = outcome(surface, path)
    alt = f"A map of the loss with the path of {setting}, from ({start_x:g}, {start_y:g}). {summary}"
    return f'{parts.picture(figure, alt, 790)}<p role="status">{summary}</p>'


def outcome(surface: str, path: np.ndarray) -> str:
    """Describe a path (N, 2) on a surface: the loss at its end, and convergence, divergence, oscillation or plateau."""
    landscape, steps = SURFACES[surface], len(path) - 1
    diverged = ~(np.abs(path).max(axis=1) < DIVERGED)  # NaN counts, too
    if diverged.any():
        when = f"at step {int(diverged.argmax())} of {steps} a weight has passed {DIVERGED:,}"
        return f"It diverges: {when}. The learning rate is too large."
    losses, moves = landscape.loss(path), np.diff(path, axis=0)  # (N,), (N - 1, 2)
    back = (moves[1:] * moves[:-1]).sum(axis=1) < 0  # steps that undo part of the step before
    after = f"After {steps} step{'s' * (steps > 1)} the loss is {losses[-1]:.3g}; at the start it was {losses[0]:.3g}."
    distance = np.hypot(*(path[-1] - landscape.minimum))
    if distance < 1e-6 or (distance < 0.05 and np.hypot(*moves[-1]) < 0.05):
        kind = "It has converged."
    elif losses[-1] > losses[0]:
        kind = "The loss has grown: the learning rate is too large."
    elif back.mean() > 0.5 if len(back) else False:
        kind = "It oscillates: most steps undo part of the step before."
    elif np.hypot(*landscape.gradient(path[-1])) < 0.02 and np.hypot(*moves[-1]) < 0.005:
        kind = "It is stuck where the gradient is nearly 0, away from the minimum."
    elif (rises := int((np.diff(losses) > 0).sum())) > steps / 10:
        kind = f"It overshoots: the loss rose at {rises} of the steps."
    else:
        kind = "It is still descending."
    return f"{after} {kind}"


def in_plain_text() -> str:
    """Say how each optimiser does on each loss from the widget's first settings."""
    settings = {name: value for name, value in START.items() if name not in ("surface", "optimiser")}
    lines = ["Learning rate 0.05, momentum 0.8, from (-2, 1.5):"]
    for surface in SURFACES:
        for name in OPTIMISERS:
            lines.append(f"{surface}, {name}: {outcome(surface, descend(surface, name, **settings))}")
    return "\n".join(lines)
