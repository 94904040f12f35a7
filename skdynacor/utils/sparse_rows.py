"""Rows of sparse arrays."""

import numpy as np
from scipy.sparse import csr_array, issparse, vstack


def to_canonical(X):
    """Convert sparse rows to a csr_array with sorted indices, without duplicates and zeros.

    Indices have 32 bits where these suffice: trees take no others. X is not changed.
    """
    X = csr_array(X)
    if not (X.has_canonical_format and X.data.all()):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    if max(*X.shape, X.nnz) <= np.iinfo(np.int32).max:
        X.indices, X.indptr = (each.astype(np.int32, copy=False) for each in (X.indices, X.indptr))
    return X


def stack_rows(X, copies):
    """Stack rows and copies, both of them sparse or both dense, as float32."""
    if issparse(X):
        return to_canonical(vstack([X, copies], format="csr", dtype=np.float32))
    return np.concatenate([X, copies], dtype=np.float32)
