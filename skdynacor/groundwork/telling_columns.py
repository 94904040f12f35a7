"""Columns that say something: those that are constant, or there twice, do not.

Whoever draws random numbers by the column draws them for these, so that the others change nothing.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, issparse
from sklearn.utils import gen_batches

_CHUNK = 256  # rows; nearly always the first few tell all columns apart


class TellingColumns(NamedTuple):
    """Which columns say something, and who speaks for the others."""

    columns: np.ndarray  # (n_telling,), in their order
    places: np.ndarray  # (n_features,), which of them says the same; -1 for a constant

    @property
    def taken(self):
        """Positions of the columns to take, None for all."""
        return None if len(self.columns) == len(self.places) else self.columns


def telling_columns(X):
    """Find the columns that vary, and of those that are equal the first.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...), or csr_array in canonical format
        What has more dimensions is flattened.

    Returns
    -------
    telling : TellingColumns
        All columns, if all are constant.
    """
    groups = _groups_of_sparse(X) if issparse(X) else _groups(X)
    n_features = len(groups)
    if (groups < 0).all():
        return TellingColumns(np.arange(n_features), np.arange(n_features))
    _, first, places = np.unique(groups, return_index=True, return_inverse=True)
    n_constant = int((groups < 0).any())  # the group that comes first
    order = np.argsort(first[n_constant:])
    ranks = np.append(np.argsort(order), -1)  # the last for constants
    return TellingColumns(first[n_constant:][order], ranks[places - n_constant])


def _groups(X):
    """Number columns so that equal ones share a number, which is negative for constants."""
    n_features = int(np.prod(X.shape[1:]))
    groups, varies = np.zeros(n_features, dtype=int), np.zeros(n_features, dtype=bool)
    first = np.asarray(X[:1]).reshape(1, n_features)
    for chunk in gen_batches(len(X), _CHUNK):
        shared = np.bincount(groups)[groups] > 1
        asked = np.flatnonzero(shared | ~varies)
        if not len(asked):
            break
        rows = X[chunk].reshape(-1, n_features)[:, asked]
        varies[asked] |= ~_are_equal(rows, first[:, asked]).all(axis=0)
        groups[asked] = _tell_apart(groups[asked], rows) + groups.max() + 1
    return np.where(varies, groups, -1)


def _tell_apart(groups, rows):
    """Number columns anew, those apart that are not equal in these rows."""
    numbers, columns = {}, np.ascontiguousarray(rows.T) + 0  # minus zero becomes zero
    columns = np.where(np.isnan(columns), np.nan, columns)  # all NaNs are one
    keys = ((group, column.tobytes()) for group, column in zip(groups, columns, strict=True))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys])


def _are_equal(values, others):
    return (values == others) | (np.isnan(values) & np.isnan(others))


def _groups_of_sparse(X):
    X = csc_array(X)
    numbers, groups = {}, np.empty(X.shape[1], dtype=int)
    for column, (start, stop) in enumerate(zip(X.indptr[:-1], X.indptr[1:], strict=True)):
        rows, values = X.indices[start:stop], X.data[start:stop]
        is_full = len(values) == X.shape[0]
        if not len(values) or (is_full and _are_equal(values, values[0]).all()):
            groups[column] = -1
        else:
            key = rows.tobytes(), values.tobytes()
            groups[column] = numbers.setdefault(key, len(numbers))
    return groups


def take_columns(X, columns):
    """Give an array of these columns only; ``None`` stands for all."""
    return X if columns is None else X[:, columns]
