"""The area under the ROC curve is the share of pairs that it stands for, ties and all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from captionlib.course.probes.roc_auc import roc_auc


@given(st.integers(0, 999), st.integers(1, 4))
def test_it_is_the_share_of_pairs_won_with_ties_counted_half(seed, levels):
    rng = np.random.default_rng(seed)
    values = rng.integers(levels, size=(12, 3)) / 2  # few levels, so that many values are tied
    positive = rng.permutation(np.arange(12) < rng.integers(1, 12))
    apart = values[positive][:, None] - values[~positive][None]  # (positives, negatives, 3)
    np.testing.assert_allclose(roc_auc(values, positive), ((apart > 0) + (apart == 0) / 2).mean(axis=(0, 1)))


def test_a_unit_that_separates_has_1_and_one_that_is_constant_a_half():
    positive = np.array([True, False, True, False, False])
    values = np.stack([positive, ~positive, np.ones(5)], axis=1)
    assert roc_auc(values, positive).tolist() == [1, 0, 0.5]
