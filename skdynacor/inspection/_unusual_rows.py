"""Near-duplicates with different labels, and outliers."""

import numpy as np
from scipy.sparse import issparse
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_array, check_consistent_length

from ..utils.moments import mean_and_scale
from ..utils.validation import read_labels
from ._findings import find_index
from ._frames import is_of_polars, to_frame

_N_NEIGHBORS = 10
#: Near-duplicates are closer than this share of the median distance to the nearest row.
_NEAR = 0.1
#: Rows are equal below it, which rounding hides.
_EQUAL = 1e-4
#: Outliers are farther from their neighbours than most by so many robust standard deviations, in
#: logarithms of distances.
_FAR = 5.0
_MAD_OF_NORMAL = 0.6745


def unusual_rows(X, y):
    """List near-duplicates with different labels, and outliers.

    These are issues of their own: a label may be right though the row is unlike all others. No
    model is needed. Time grows with the square of the number of rows.

    Parameters
    ----------
    X : array-like, data frame or sparse array of shape (n_samples, n_features)
        Numbers, such as embeddings; at least three rows. Dense features are standardised, missing
        values the mean; rows of sparse ones are compared by their cosine.
    y : array-like of shape (n_samples,)
        The given labels.

    Returns
    -------
    rows : pandas.DataFrame, or polars.DataFrame if X or y is of polars
        Near-duplicates first, the nearest first, then outliers, the farthest first. Columns:

        - ``kind``: "near duplicate" or "outlier";
        - ``position``, ``index`` (not with polars), ``given_label``;
        - ``nearest``, ``nearest_label``: position and label of the nearest row;
        - ``distance``: that to the nearest row, as a multiple of the median of all.

    Raises
    ------
    ValueError
        If X does not hold numbers, or there is not one label for each row.

    See Also
    --------
    conflicting_labels : Lists equal rows with different labels.

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.inspection import unusual_rows
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> X[7], X[50] = X[3] + 1e-3, 30
    >>> y = np.repeat(["cat", "dog"], 50)
    >>> y[7] = "dog"
    >>> unusual_rows(X, y)[["kind", "position", "given_label"]]
                 kind  position given_label
    0  near duplicate         3         cat
    1  near duplicate         7         dog
    2         outlier        50         dog
    """
    labels = read_labels(y)
    check_consistent_length(X, labels)
    nearest, distance, spread = _find_neighbors(X)
    duplicates = np.flatnonzero(
        (distance > _EQUAL) & (distance < _NEAR) & (labels[nearest] != labels)
    )
    outliers = np.flatnonzero(_is_far(spread))
    order = np.concatenate(
        [
            duplicates[np.argsort(distance[duplicates], kind="stable")],
            outliers[np.argsort(-spread[outliers], kind="stable")],
        ]
    )
    kinds = np.array(["near duplicate"] * len(duplicates) + ["outlier"] * len(outliers), object)
    columns = {
        "kind": kinds,
        "position": order,
        "index": find_index(X, y)[order],
        "given_label": labels[order],
        "nearest": nearest[order],
        "nearest_label": labels[nearest[order]],
        "distance": distance[order],
    }
    if is_of_polars(X, y):
        del columns["index"]
    return to_frame(columns, X, y)


def _find_neighbors(X):
    """Give the nearest row of each, its distance, and the mean distance of several neighbours.

    Distances are multiples of their medians.
    """
    X = check_array(
        X, accept_sparse="csr", ensure_all_finite="allow-nan", ensure_min_samples=3, input_name="X"
    )
    metric = "cosine" if issparse(X) else "euclidean"
    if not issparse(X):
        mean, scale = mean_and_scale(X)
        X = np.nan_to_num((X - mean) / np.where(scale > 0, scale, np.inf))
    n_neighbors = min(_N_NEIGHBORS, X.shape[0] - 1)
    distances, neighbors = (
        NearestNeighbors(n_neighbors=n_neighbors, metric=metric).fit(X).kneighbors()
    )
    nearest, spread = distances[:, 0], distances.mean(axis=1)
    tiny = np.finfo(float).tiny
    return (
        neighbors[:, 0],
        nearest / max(np.median(nearest), tiny),
        spread / max(np.median(spread), tiny),
    )


def _is_far(spread):
    logs = np.log(np.maximum(spread, np.finfo(float).tiny))
    deviation = np.median(np.abs(logs - np.median(logs))) / _MAD_OF_NORMAL
    return (logs - np.median(logs) > _FAR * deviation) & (spread > 2)
