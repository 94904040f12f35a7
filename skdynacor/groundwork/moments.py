"""Means and standard deviations of data that may be larger than memory."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches

_CHUNK = 4096  # rows; a double-precision copy of all of X is large


def mean_and_scale(X):
    """Give the mean and the standard deviation of each feature, a chunk of rows at a time.

    Missing values are passed over.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)

    Returns
    -------
    mean : ndarray of shape (...)
    scale : ndarray of shape (...)
        0 where a feature is constant or always missing.
    """
    scaler = StandardScaler()
    n_features = max(1, X[0].size)
    for chunk in gen_batches(len(X), _CHUNK):
        rows = X[chunk].reshape(-1, n_features)  # (n_chunk, n_features)
        with np.errstate(invalid="ignore"):
            scaler.partial_fit(rows.astype(np.float32) if rows.dtype.kind != "f" else rows)
    # StandardScaler tells a constant from rounding errors, and gives it a scale of 1.
    constant = (scaler.scale_ == 1) & (scaler.var_ < 0.5)
    scale = np.where(constant, 0, scaler.scale_)
    mean = scaler.mean_
    # StandardScaler loses features that are missing throughout a chunk.
    for feature in np.flatnonzero(np.isnan(mean) | np.isnan(scale)):
        values = X.reshape(len(X), n_features)[:, feature].astype(np.float64)
        known = values[~np.isnan(values)]
        mean[feature], scale[feature] = (known.mean(), known.std()) if len(known) else (0, 0)
    return mean.reshape(X.shape[1:]), scale.reshape(X.shape[1:])
