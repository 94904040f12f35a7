"""Recognising rows of the training, which replay their record, and judging all others."""

import hashlib

import numpy as np
import torch


def hash_rows(X):
    """Give each row a 64-bit key, (n_samples,) uint64, equal for rows that are as float32."""
    keys = bytearray()
    for start in range(0, len(X), 4096):
        for row in np.ascontiguousarray(X[start : start + 4096], dtype=np.float32):
            keys += hashlib.blake2b(row, digest_size=8).digest()
    return np.frombuffer(bytes(keys), dtype=np.uint64)


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


def judge_by_stages(stages, labels, signal, n_epochs):
    """Judge rows that were not in the training.

    Parameters
    ----------
    stages : iterable of tensor of shape (n_samples, n_classes)
        The rows' logits after every epoch, the last first.
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
        Their mean over the epochs.
    labels : ndarray of shape (n_samples,)
        What the rows were judged for.
    """
    given = None if labels is None else torch.from_numpy(labels)
    T, mean = None, 0
    for epoch, logits in enumerate(stages, start=1):
        if T is None:
            T = torch.empty(len(logits), n_epochs)
            given = logits.argmax(dim=1) if given is None else given
        T[:, -epoch] = signal(logits, given)
        mean = mean + logits / n_epochs
    return T.numpy(), mean.numpy(), given.numpy()
