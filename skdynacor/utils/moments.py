"""Means and standard deviations of data that may be larger than memory."""

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches

_CHUNK = 4096  # rows; a double-precision copy of all of X is large
_ENTRIES = 2**20  # of sparse rows, for the same reason


def mean_and_scale(X):
    """Mean and standard deviation of each feature, by chunks of rows; NaN are left out.

    X has the shape (n_samples, ...), both results (...). The standard deviation is 0 where a
    feature is constant or always missing.
    """
    if issparse(X):
        return _of_sparse(X)
    scaler = StandardScaler()
    n_features = max(1, X[0].size)
    for chunk in gen_batches(len(X), _CHUNK):
        rows = X[chunk].reshape(-1, n_features)  # (n_chunk, n_features)
        with np.errstate(invalid="ignore"):
            scaler.partial_fit(rows.astype(np.float32) if rows.dtype.kind != "f" else rows)
    # StandardScaler recognizes constants up to rounding errors, and gives them a scale of 1.
    constant = (scaler.scale_ == 1) & (scaler.var_ < 0.5)
    scale = np.where(constant, 0, scaler.scale_)
    mean = scaler.mean_
    # StandardScaler loses features that are missing throughout a chunk.
    for feature in np.flatnonzero(np.isnan(mean) | np.isnan(scale)):
        values = X.reshape(len(X), n_features)[:, feature].astype(np.float64)
        known = values[~np.isnan(values)]
        mean[feature], scale[feature] = (known.mean(), known.std()) if len(known) else (0, 0)
    return mean.reshape(X.shape[1:]), scale.reshape(X.shape[1:])


def _of_sparse(X):
    """Do the same for sparse rows, from their stored entries."""
    n_features = X.shape[1]

    def sums(of):
        """Sum ``of(values, features)`` by feature, over the entries that are not missing."""
        total = np.zeros(n_features)
        for part in gen_batches(X.nnz, _ENTRIES):
            values, features = X.data[part].astype(np.float64), X.indices[part]
            known = ~np.isnan(values)
            values, features = values[known], features[known]
            total += np.bincount(features, of(values, features), minlength=n_features)
        return total

    stored = sums(lambda values, features: np.ones(len(values)))
    n_known = X.shape[0] - np.bincount(X.indices, minlength=n_features) + stored
    n_known = np.maximum(n_known, 1)
    mean = sums(lambda values, features: values) / n_known
    squares = sums(lambda values, features: np.square(values - mean[features]))
    variance = (squares + (n_known - stored).clip(min=0) * np.square(mean)) / n_known
    # As StandardScaler does, recognize constants up to rounding errors.
    eps = np.finfo(np.float64).eps
    constant = variance <= n_known * eps * variance + np.square(n_known * mean * eps)
    return mean, np.where(constant, 0, np.sqrt(variance))
