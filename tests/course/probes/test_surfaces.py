"""What lesson 02 says of learning rates holds from three starting points."""

import numpy as np
import pytest

from captionlib.course.probes import surfaces
from captionlib.course.scratch import optimisers

RATES = np.geomspace(0.001, 1, 31)


@pytest.mark.parametrize("start", [(-2, 1.5), (1, -2), (2, 0.5)])
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


def test_momentum_carries_the_weights_through_the_shallow_dip_and_tames_the_long_valley():
    dips, valley = surfaces.SURFACES["two dips"], surfaces.SURFACES["long valley"]
    for mu, side in ((0.5, 1), (0.7, 1), (0.71, -1), (0.8, -1), (0.9, -1)):
        path = optimisers.descend(optimisers.momentum, dips.gradient, (2, 1), 30, learning_rate=0.02, momentum=mu)
        assert np.sign(path[-1, 0]) == side, mu
    ends = [
        valley.loss(
            optimisers.descend(optimisers.momentum, valley.gradient, (-2, 1.5), 30, learning_rate=0.21, momentum=mu)[-1]
        )
        for mu in (0, 0.1, 0.2)
    ]
    assert ends[0] > 1000 and max(ends[1:]) < 0.02
