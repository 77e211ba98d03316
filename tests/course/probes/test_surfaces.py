"""What lesson 02 says of learning rates and optimisers holds from three starting points."""

import numpy as np
import pytest

from captionlib.course.probes import surfaces
from captionlib.course.scratch import optimisers

RATES = np.geomspace(0.001, 1, 31)
STARTS = [(-2, 1.5), (1, -2), (2, 0.5)]


@pytest.mark.parametrize("start", STARTS)
def test_only_rmsprop_and_adam_work_with_the_same_rates_in_a_wide_and_a_narrow_valley(start):
    reached, diverged = {}, {}
    for curvature in (10, 100):
        valley = surfaces.bowl(1, curvature)
        first = valley.loss(np.array(start))
        for name, losses in surfaces.losses_at_the_end(valley, RATES, start).items():
            reached[name, curvature], diverged[name, curvature] = losses < 0.01 * first, losses > first
    for name in ("RMSProp", "Adam"):
        assert not diverged[name, 10].any() and not diverged[name, 100].any()
        both = reached[name, 10] & reached[name, 100]
        assert both.sum() >= 0.7 * (reached[name, 10] | reached[name, 100]).sum() > 5
    for name, mu in (("SGD", 0), ("momentum", 0.9)):
        for curvature in (10, 100):
            limit = 2 * (1 + mu) / curvature
            assert diverged[name, curvature].sum() == pytest.approx((limit < RATES).sum(), abs=1)


def test_where_the_loss_overflows_it_is_infinite():
    ends = surfaces.losses_at_the_end(surfaces.bowl(1, 10), np.array([0.1, 1e9]), steps=60)
    assert np.isinf(ends["SGD"][1]) and np.isfinite(ends["SGD"][0]) and set(ends) == set(surfaces.RULES)


def test_momentum_carries_the_path_through_the_shallow_dip_and_tames_the_long_valley():
    dips, valley = surfaces.SURFACES["two dips"], surfaces.SURFACES["long valley"]
    for mu in np.arange(0.5, 0.93, 0.01).round(2):
        path = optimisers.descend(optimisers.momentum, dips.gradient, (2, 1), 30, learning_rate=0.02, momentum=mu)
        assert (path[-1, 0] < 0) == (0.71 <= mu <= 0.90), mu
    ends = [
        valley.loss(
            optimisers.descend(optimisers.momentum, valley.gradient, (-2, 1.5), 30, learning_rate=0.21, momentum=mu)[-1]
        )
        for mu in (0, 0.1, 0.2)
    ]
    assert ends[0] > 1000 and max(ends[1:]) < 0.02


@pytest.mark.parametrize("start", STARTS)
def test_in_the_narrow_valley_sgd_creeps_and_momentum_and_rmsprop_get_there(start):
    narrow = surfaces.bowl(1, 100)

    def end(update, rate):
        return optimisers.descend(update, narrow.gradient, start, 60, learning_rate=rate)[-1]

    assert end(optimisers.sgd, 0.01)[0] == pytest.approx(0.99**60 * start[0]) and abs(end(optimisers.sgd, 0.01)[1]) == 0
    assert np.hypot(*end(optimisers.momentum, 0.01)) < 0.15 and np.hypot(*end(optimisers.rmsprop, 0.1)) < 0.01
    assert np.hypot(*end(optimisers.sgd, 0.021)) > 100


@pytest.mark.parametrize("start", STARTS)
def test_which_rates_work_in_both_valleys_and_why_adam_works_at_large_ones(start):
    reached = {}
    for curvature in (10, 100):
        valley = surfaces.bowl(1, curvature)
        low = 0.01 * valley.loss(np.array(start))
        for name, losses in surfaces.losses_at_the_end(valley, RATES, start).items():
            reached[name, curvature] = losses < low
        path = optimisers.descend(optimisers.adam, valley.gradient, start, 60, learning_rate=1, beta_1=0)
        assert reached["Adam", curvature][-1] and valley.loss(path[-1]) > low
    if start == STARTS[0]:  # the lesson's; from the others a few do
        assert not (reached["SGD", 10] & reached["SGD", 100]).any()
    both = RATES[reached["momentum", 10] & reached["momentum", 100]]
    assert both[0] < 0.004 and both[-1] == pytest.approx(0.0316, abs=1e-4)
    for name in ("RMSProp", "Adam"):
        assert not reached[name, 10][RATES < 0.025].any() and not reached[name, 100][RATES < 0.025].any()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("update", [optimisers.rmsprop, optimisers.adam])
def test_in_a_valley_turned_by_45_degrees_scaling_each_weight_by_itself_helps_less(start, update):
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    ends = []
    for axes in (np.eye(2), turn):
        curvature = axes @ np.diag([1, 100]) @ axes.T
        path = optimisers.descend(update, lambda w, c=curvature: w @ c, axes @ start, 60, learning_rate=0.1)
        ends.append(np.hypot(*path[-1]))
    assert ends[1] > 5 * ends[0]


@pytest.mark.parametrize("start", STARTS)
def test_sixty_steps_in_the_valley_are_those_of_keras(start):
    import keras

    narrow = surfaces.bowl(1, 100)
    for update, rate, theirs in (
        (optimisers.sgd, 0.01, keras.optimizers.SGD(0.01)),
        (optimisers.momentum, 0.01, keras.optimizers.SGD(0.01, momentum=0.9)),
        (optimisers.rmsprop, 0.1, keras.optimizers.RMSprop(0.1)),
        (optimisers.adam, 0.1, keras.optimizers.Adam(0.1)),
    ):
        path = optimisers.descend(update, narrow.gradient, start, 60, learning_rate=rate)
        np.testing.assert_allclose(surfaces.descend_in_keras(theirs, narrow, start, 60), path, atol=1e-4)
