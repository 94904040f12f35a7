"""How much work the parts of a fit are likely to be, for a progress bar that moves evenly.

All is in seconds, as measured on one core of a server; only the proportions matter.
"""

from numbers import Integral

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from ..nets.mlp import schedule_for
from .out_of_bag import limits

# Of the default net, for each row in each epoch, and for each of the row's features.
_NET_ROW, _NET_ENTRY = 3e-6, 1e-8
# Of a tree: for each row at each level and each feature tried, at split points drawn or searched;
# and for each row that is judged.
_DRAWN_SPLIT, _SEARCHED_SPLIT, _VOTE = 8e-9, 2e-8, 1.5e-7
# Of a forest that a classifier is compared with, as few trees mostly leave no doubt.
_TRIED = 0.1


def work_of_half(classifier, n_stages, X):
    """Estimate the work of training a classifier on half of the rows and judging the other.

    Of nets and of others that learn in stages, which are not known, it takes that of the default
    net.
    """
    n_rows, n_features = X.shape[0], np.prod(X.shape[1:])
    n_epochs = getattr(classifier, "max_epochs", n_stages)
    if n_epochs == "auto":
        n_epochs = schedule_for(n_rows)["max_epochs"]
    return float(n_epochs * n_rows * (_NET_ROW + _NET_ENTRY * n_features))


def work_of_forest(forest, X):
    """Estimate the work of growing a forest on all rows and judging them."""
    n_rows, n_features = X.shape[0], np.prod(X.shape[1:])
    size = {**forest.get_params(), **limits(forest, n_rows)}
    n_trees, n_told = size["n_estimators"], size["max_samples"] or n_rows
    if not isinstance(n_told, Integral):
        n_told = max(2, n_told * n_rows)
    split = _DRAWN_SPLIT if isinstance(forest, ExtraTreesClassifier) else _SEARCHED_SPLIT
    growing = n_told * np.log2(n_told) * np.sqrt(n_features) * split
    return float(n_trees * (growing + n_rows * _VOTE))


def work_of_trial(forests, X):
    """Estimate the work of telling whether a classifier is far ahead of forests."""
    return _TRIED * work_of_forest(forests[0], X)
