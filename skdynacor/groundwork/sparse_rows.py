"""Rows of which only the entries that are not zero are stored."""

import numpy as np
from scipy.sparse import csr_array, issparse, vstack
from sklearn.utils import gen_batches

_CHUNK = 4096  # rows


def to_canonical(X):
    """Store sparse rows in the one way that follows from their values.

    Parameters
    ----------
    X : sparse array or matrix of shape (n_samples, n_features)
        Not changed; what is stored as it should be is shared.

    Returns
    -------
    X : csr_array of shape (n_samples, n_features)
        With sorted indices, of 32 bits where these suffice (trees take no others), without
        duplicates and without zeros.
    """
    X = csr_array(X)
    if not (X.has_canonical_format and X.data.all()):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    if max(*X.shape, X.nnz) <= np.iinfo(np.int32).max:
        X.indices, X.indptr = (each.astype(np.int32, copy=False) for each in (X.indices, X.indptr))
    return X


def stack_rows(X, copies, order=None):
    """Put rows and copies, both of them sparse or both dense, in one array of float32.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    copies : ndarray or csr_array of shape (n_copies, n_features)
    order : ndarray of shape (n_samples,) or None, default=None
        Positions of the rows in X, which is not copied as a whole for it. ``None`` keeps theirs.

    Returns
    -------
    rows : ndarray or csr_array of shape (n_samples + n_copies, n_features)
    """
    if issparse(X):
        X = X if order is None else X[order]
        return to_canonical(vstack([X, copies], format="csr", dtype=np.float32))
    if order is None:
        return np.concatenate([X, copies], dtype=np.float32)
    rows = np.empty((len(X) + len(copies), *X.shape[1:]), dtype=np.float32)
    for part in gen_batches(len(X), _CHUNK):
        rows[part] = X[order[part]]
    rows[len(X) :] = copies
    return rows


def to_dense(X):
    """Make a few rows dense; leave dense ones as they are."""
    return X.toarray() if issparse(X) else X
