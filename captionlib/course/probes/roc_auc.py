"""How well one number tells two groups apart: the area under the ROC curve, for every unit of a network (lesson 06)."""

import numpy as np
from scipy.stats import rankdata


def roc_auc(values: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each unit (Hanley and McNeil 1982): the Mann-Whitney U statistic over its maximum.

    Args:
        values: (N, H), such as the cell states at N words.
        positive: (N,) of bool, at least one True and one False.

    Returns:
        (H,), the share of pairs of a positive and a negative in which the positive has the larger value; ties count
        half. 1 separates perfectly, 0.5 is chance level.
    """
    ranks = rankdata(values, axis=0)  # (N, H), from 1; tied values share their average rank
    count = positive.sum()
    won = ranks[positive].sum(axis=0) - count * (count + 1) / 2  # less the pairs of two positives
    return won / (count * (~positive).sum())
