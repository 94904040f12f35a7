"""Recognising rows of the training, which replay their record, and judging all others."""

import hashlib

import numpy as np
import torch
from scipy.sparse import csr_array, issparse

from ..groundwork.sparse_rows import to_canonical, to_dense

#: Rows of more features than this are hashed by their entries; hashing zeros takes time, too.
_WIDE = 2**14


def hash_rows(X):
    """Give each row a 64-bit key, (n_samples,) uint64, equal for rows that are as float32.

    Sparse rows have the keys that they have as dense ones.
    """
    keys = bytearray()
    wide = X.ndim == 2 and X.shape[1] > _WIDE
    n_at_once = 256 if issparse(X) and not wide else 4096
    for start in range(0, X.shape[0], n_at_once):
        rows = X[start : start + n_at_once]
        if wide:
            parts = _entries(to_canonical(csr_array(rows, dtype=np.float32)))
        else:
            parts = _with_one_nan(np.ascontiguousarray(to_dense(rows), dtype=np.float32))
        for part in parts:
            keys += hashlib.blake2b(part, digest_size=8).digest()
    return np.frombuffer(bytes(keys), dtype=np.uint64)


def _with_one_nan(values):
    missing = np.isnan(values)  # NaNs may differ in bits
    return np.where(missing, np.float32(np.nan), values) if missing.any() else values


def _entries(rows):
    """Yield the columns and values that each row stores, as bytes."""
    values = _with_one_nan(rows.data)
    columns = rows.indices.astype(np.int64)
    for start, stop in zip(rows.indptr, rows.indptr[1:], strict=False):
        yield columns[start:stop].tobytes() + values[start:stop].tobytes()


def find_rows(keys, labels, known_keys, known_labels):
    """Find rows among those of a training.

    Parameters
    ----------
    keys : ndarray of shape (n_samples,), uint64
        See ``hash_rows``.
    labels : ndarray of shape (n_samples,) or None
        Where given, a row is found only if it had this label in the training.
    known_keys, known_labels : ndarray of shape (n_known,)
        Of the rows of the training.

    Returns
    -------
    positions : ndarray of shape (n_samples,)
        In the training; −1 where a row is not there. All its rows, in their order, are found by
        position, so that equal rows stay apart.
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


def judge_by_stages(trained, X, labels, signal, n_epochs):
    """Judge rows that were not in the training.

    Parameters
    ----------
    trained : TrainedNet, TrainedStages, TrainedCopies, TrainedForest or TrainedHalves
    X : ndarray of shape (n_samples, ...), float32
    labels : ndarray of shape (n_samples,) or None
        ``None`` judges each row for the class that the classifier ends on.
    signal : callable
        ``(logits, labels) -> (n_samples,)``.
    n_epochs : int

    Returns
    -------
    T : ndarray of shape (n_samples, n_epochs)
        The trajectories.
    logits : ndarray of shape (n_samples, n_classes)
        What it makes of the rows, see ``logits_over_stages``.
    labels : ndarray of shape (n_samples,)
        What the rows were judged for.
    """
    given = None if labels is None else torch.from_numpy(labels)
    T, mean = torch.empty(X.shape[0], n_epochs), 0
    for epoch, logits in enumerate(trained.staged_logits(X), start=1):
        given = logits.argmax(dim=1) if given is None else given
        T[:, -epoch] = signal(logits, given)
        if trained.averages_stages:
            mean = mean + logits / n_epochs
        elif epoch == 1:
            mean = logits
    return T.numpy(), mean.numpy(), given.numpy()


def logits_over_stages(trained, X):
    """Give what a classifier makes of rows, (n_samples, n_classes).

    The mean over all stages, or the last one's where it is a mean already.
    """
    mean = 0
    for n_stages, logits in enumerate(trained.staged_logits(X), start=1):
        mean = mean + (logits - mean) / n_stages
        if not trained.averages_stages:
            break
    return mean.numpy()
