"""Every optimiser takes the steps of Keras' own, at its defaults and away from them; claims of lesson 02 hold."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captionlib.course.probes.surfaces import SURFACES
from captionlib.course.scratch import optimisers

TWINS = {
    "sgd": (keras.optimizers.SGD, optimisers.sgd, [{}, {"learning_rate": 0.1}]),
    "momentum": (
        keras.optimizers.SGD,
        optimisers.momentum,
        [{"momentum": 0.9}, {"momentum": 0.5, "learning_rate": 0.3}],
    ),
    "rmsprop": (keras.optimizers.RMSprop, optimisers.rmsprop, [{}, {"rho": 0.5, "epsilon": 0.01}]),
    "adam": (keras.optimizers.Adam, optimisers.adam, [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}]),
    "adamw": (keras.optimizers.AdamW, optimisers.adamw, [{}, {"weight_decay": 0.1, "learning_rate": 0.02}]),
}
CASES = [(name, settings) for name, (*_, tried) in TWINS.items() for settings in tried]


@pytest.mark.parametrize("name, chosen", CASES, ids=[f"{name}-{chosen}" for name, chosen in CASES])
def test_sixty_steps_are_those_of_keras(name, chosen):
    rng = np.random.default_rng(2)
    make, update, _ = TWINS[name]
    weights, state = rng.normal(size=(3, 4)).astype("float32"), {}
    variable, theirs = keras.Variable(weights), make(**chosen)
    for _ in range(60):
        size = 10 ** rng.uniform(-5, 1, size=weights.shape)  # tiny gradients show where epsilon stands
        gradient = (rng.normal(size=weights.shape) * size).astype("float32")
        theirs.apply([gradient], [variable])
        weights, state = update(weights, gradient, state, **chosen)
        np.testing.assert_allclose(weights, np.asarray(variable), rtol=1e-5, atol=1e-6)


@given(st.floats(1e-2, 1e6), st.booleans())
def test_adams_first_step_has_one_length_whatever_the_gradient(size, up):
    gradient = size if up else -size
    weights, _ = optimisers.adam(np.zeros(1), np.array([gradient]), {}, learning_rate=0.1)
    assert weights.item() == pytest.approx(-0.1 * np.sign(gradient), rel=1e-3)


def test_without_momentum_momentum_is_sgd():
    valley = SURFACES["long valley"]
    plain = optimisers.descend(optimisers.sgd, valley.gradient, (2, 1), 20, learning_rate=0.1)
    rolling = optimisers.descend(optimisers.momentum, valley.gradient, (2, 1), 20, learning_rate=0.1, momentum=0)
    np.testing.assert_array_equal(plain, rolling)


def test_one_learning_rate_converges_one_way_and_explodes_the_other():
    path = optimisers.descend(optimisers.sgd, SURFACES["long valley"].gradient, (2, 1), 40, learning_rate=0.21)
    np.testing.assert_allclose(path[:3], [[2, 1], [1.58, -1.1], [1.2482, 1.21]])
    assert abs(path[-1, 0]) < 1e-3 and abs(path[-1, 1]) > 40


def test_a_descent_that_diverges_ends_in_infinity_without_a_warning():
    path = optimisers.descend(optimisers.sgd, SURFACES["two dips"].gradient, (2, 2), 60, learning_rate=0.5)
    assert path.shape == (61, 2) and not np.isfinite(path[-1]).all()


@given(st.sampled_from(sorted(SURFACES)), st.floats(-2, 2), st.floats(-2, 2))
@settings(deadline=None)
def test_gradients_of_the_surfaces_pass_a_numerical_check(name, x, y):
    surface, point = SURFACES[name], np.array([x, y])
    for axis, nudge in enumerate(1e-5 * np.eye(2)):
        numerical = (surface.loss(point + nudge) - surface.loss(point - nudge)) / 2e-5
        assert surface.gradient(point)[axis] == pytest.approx(numerical, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", SURFACES)
def test_the_minimum_is_the_minimum(name):
    surface = SURFACES[name]
    places = np.stack(np.meshgrid(np.linspace(-2, 2, 401), np.linspace(-2, 2, 401)), axis=-1)
    minimum = surface.loss(np.array(surface.minimum))
    assert 0 <= minimum < 0.01 and surface.loss(places).min() >= minimum - 1e-4
