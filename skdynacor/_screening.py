"""Which rows to train on once a training on each half has judged the other."""

import math

import numpy as np

from ._transition import NoiseModel

# How many times as sharp beliefs are taken that come of half the rows and all their wrong labels,
# and the share of each class's rows that is trained on whatever is believed of them.
_SHARPNESS = 3.0
_LEAST_SHARE = 0.1


def halve(keys, labels):
    """Mark half of each class's rows, (n_samples,) bool.

    Halves follow from what rows hold, hashed to ``keys``, so that a training which is taken up
    again finds the same ones.
    """
    in_half = np.zeros(len(labels), dtype=bool)
    in_half[np.lexsort((keys, labels))[::2]] = True
    return in_half


def rows_in_no_doubt(logits, labels):
    """Positions of the rows that are not likelier wrong than right.

    Of each class, at least the rows in least doubt stay, so that none is lost.
    """
    doubt = NoiseModel(_SHARPNESS).fit(logits, labels, seed=0).log_odds(logits, labels)
    stays = doubt <= 0
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        n_least = math.ceil(_LEAST_SHARE * len(rows))
        stays[rows[np.argsort(doubt[rows], kind="stable")[:n_least]]] = True
    return np.flatnonzero(stays)
