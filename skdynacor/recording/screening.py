"""Which rows to train on once a training on each half has judged the other."""

import math

import numpy as np

from ..noise_model.transition import NoiseModel

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


def screen_rows(train, keys, labels, n_classes):
    """Let a training on each half of the rows judge the other, and find the rows in no doubt.

    Parameters
    ----------
    train : callable
        ``train(only=positions, name=name)`` trains on some rows and returns, last, the logits of
        all.
    keys : ndarray of shape (n_samples,)
        See ``halve``.
    labels : ndarray of shape (n_samples,)
    n_classes : int

    Returns
    -------
    positions : ndarray of shape (n_in_no_doubt,)
    """
    half = halve(keys, labels)
    alone = (np.bincount(labels) == 1)[labels]  # of its class; a training needs all classes
    logits = np.empty((len(labels), n_classes), dtype=np.float32)
    for name, told in (("first-half", half), ("second-half", ~half)):
        *_, judged = train(only=np.flatnonzero(told | alone), name=name)
        logits[~told] = judged[~told]
    return rows_in_no_doubt(logits, labels)


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
