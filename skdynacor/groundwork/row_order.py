"""An order of rows that follows from what they hold, not from how a caller has sorted them.

Random numbers meet rows in this order, so that the same rows get the same ones however they come.
It does not depend on the unit or the origin that a feature is measured in, nor on what classes are
called.
"""

import numpy as np
from scipy.sparse import issparse


def order_rows(X, labels):
    """Sort rows by their first feature, among equals by the next, and at last by their label.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...), or csr_array in canonical format
        Features are read one after the other, only as far as rows are not told apart yet.
    labels : ndarray of shape (n_samples,)
        Classes, numbered from 0.

    Returns
    -------
    order : ndarray of shape (n_samples,)
        Positions. Rows alike in features and label stay in the order that they have.
    """
    ranks = np.zeros(len(labels), dtype=np.int64)  # how many rows come before, for sure
    alike = np.arange(len(labels))  # positions of rows that share their rank, sorted by it
    for read in _columns(X):
        alike = _tell_apart(ranks, alike, read(alike))
        if not len(alike):
            break
    # Of rows alike, those come first whose class does on average, whatever its name.
    places = np.bincount(labels, ranks) / np.maximum(np.bincount(labels), 1)
    _tell_apart(ranks, alike, np.argsort(np.argsort(places, kind="stable"))[labels[alike]])
    return np.argsort(ranks, kind="stable")


def number_classes(labels):
    """Number classes as they appear.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)

    Returns
    -------
    numbers : ndarray of shape (n_samples,)
        From 0.
    classes : ndarray of shape (n_classes,)
        What each number stands for.
    """
    classes, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    appearance = np.argsort(first)
    return np.argsort(appearance)[codes], classes[appearance]


def _columns(X):
    """Yield what reads a column of given rows."""
    if not issparse(X):
        for place in np.ndindex(X.shape[1:]):
            yield lambda rows, place=place: X[(rows, *place)]
        return
    # Of sparse rows, an entry at a time, which gives the same order: the earlier the feature is
    # that a row differs from zero in, the farther it lies from one of zeros, below it or above.
    n_stored = np.diff(X.indptr)
    distance = np.where(X.data < 0, -1, 1) * (X.shape[1] - X.indices)
    for nth in range(n_stored.max(initial=0)):
        for values in (distance, X.data):

            def read(rows, nth=nth, values=values):
                there = nth < n_stored[rows]
                return np.where(there, values[np.where(there, X.indptr[rows] + nth, 0)], 0)

            yield read


def _tell_apart(ranks, alike, values):
    """Raise the ranks of rows by their values; return those that still share one."""
    if not len(alike):
        return alike
    values = np.unique(values, return_inverse=True)[1]  # all NaNs are one
    order = np.lexsort((values, ranks[alike]))
    alike, values = alike[order], values[order]
    new_rank = np.diff(ranks[alike], prepend=-1) != 0
    new_value = new_rank | (np.diff(values, prepend=-1) != 0)
    places = np.arange(len(alike))
    begins_rank, begins_value = (
        np.maximum.accumulate(np.where(new, places, 0)) for new in (new_rank, new_value)
    )
    ranks[alike] += begins_value - begins_rank
    alone = new_value & np.append(new_value[1:], True)
    return alike[~alone]
