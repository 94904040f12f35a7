"""Recognizing rows that were in ``fit``, by a hash of their content."""

import hashlib

import numpy as np
from scipy.sparse import csr_array, issparse

from .sparse_rows import to_canonical

#: Rows of more features than this are hashed by their entries; hashing zeros takes time, too.
_MANY_FEATURES = 2**14


def hash_rows(X, dtype=np.float32):
    """Hash rows to keys, (n_samples,) uint64, equal for rows that are equal in a dtype.

    Sparse rows have the same keys as dense ones.
    """
    keys = bytearray()
    wide = X.ndim == 2 and X.shape[1] > _MANY_FEATURES
    n_at_once = 256 if issparse(X) and not wide else 4096
    for start in range(0, X.shape[0], n_at_once):
        rows = X[start : start + n_at_once]
        if wide:
            parts = _row_bytes(to_canonical(csr_array(rows, dtype=dtype)))
        else:
            dense = rows.toarray() if issparse(rows) else rows
            parts = _normalize(np.ascontiguousarray(dense, dtype=dtype))
        for part in parts:
            keys += hashlib.blake2b(part, digest_size=8).digest()
    return np.frombuffer(bytes(keys), dtype=np.uint64)


def _normalize(values):
    """Make equal values equal in bits: there are two zeros, and many NaNs."""
    if values.dtype.kind != "f":
        return values
    values = values + values.dtype.type(0)
    values[np.isnan(values)] = np.nan
    return values


def _row_bytes(rows):
    """Yield the columns and values that each row stores, as bytes."""
    values = _normalize(rows.data)
    columns = rows.indices.astype(np.int64)
    for start, stop in zip(rows.indptr, rows.indptr[1:], strict=False):
        yield columns[start:stop].tobytes() + values[start:stop].tobytes()


def find_rows(keys, known_keys, labels=None, known_labels=None):
    """Find rows by their keys among those of ``fit``; return positions, −1 where there is none.

    Given labels, a row is found only if it had the same label in ``fit``. All rows of ``fit``, in
    their order, are found by position, so that equal rows stay apart.
    """
    if np.array_equal(keys, known_keys):
        same = True if labels is None else labels == known_labels
        return np.where(same, np.arange(len(keys)), -1)
    if labels is not None:
        keys, known_keys = _with_label(keys, labels), _with_label(known_keys, known_labels)
    order = np.argsort(known_keys, kind="stable")
    places = np.searchsorted(known_keys, keys, sorter=order).clip(max=len(order) - 1)
    return np.where(known_keys[order[places]] == keys, order[places], -1)


def _with_label(keys, labels):
    # Odd multipliers spread small numbers over all 64 bits.
    return keys ^ ((labels.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))
