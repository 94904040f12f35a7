"""The nearest rows that have the suggested label."""

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

from ..utils.moments import mean_and_scale

#: Share of a class's unflagged rows, those with the least noise probability, that may be
#: neighbours. With human errors, 5 to 15 points more neighbours then truly have the class.
_TRUSTED_SHARE = 0.5
#: At most so many rows of a class are compared, evenly spread.
_MOST_CANDIDATES = 10_000
_ROWS_AT_ONCE = 1024


def find_neighbors(findings, queries, n_neighbors=2, codes=None):
    """Find the nearest rows of a class: positions, (n_queries, n_neighbors).

    ``queries`` are positions of rows, ``codes`` the class wanted for each, (n_queries,): by default
    that of the suggested label. Missing neighbours are −1.
    """
    neighbors = np.full((len(queries), n_neighbors), -1)
    if codes is None and findings.suggested_labels is None:
        return neighbors
    if codes is None:
        codes = np.searchsorted(findings.classes, findings.suggested_labels[queries])
    representations = findings.representations or _standardized_features(findings.transformed)
    for code in np.unique(codes):
        candidates = _trusted_rows(findings, code, n_neighbors)
        for mask, represent in representations:
            compared = np.flatnonzero((codes == code) & mask[queries])
            if not (len(compared) and len(candidates)):
                continue
            targets = represent(findings.transformed[candidates])
            for batch in gen_batches(len(compared), _ROWS_AT_ONCE):
                some = compared[batch]
                similarity = represent(findings.transformed[queries[some]]) @ targets.T
                similarity = similarity.toarray() if issparse(similarity) else similarity
                similarity[queries[some][:, None] == candidates] = -np.inf  # the row itself
                nearest = _largest(similarity, min(n_neighbors, len(candidates)))
                found = np.take_along_axis(similarity, nearest, axis=1) > -np.inf
                neighbors[some, : nearest.shape[1]] = np.where(found, candidates[nearest], -1)
    return neighbors


def _trusted_rows(findings, code, at_least):
    """Positions of the rows of a class with the least noise probability."""
    rows = np.flatnonzero((findings.codes == code) & ~findings.flags)
    n_trusted = max(at_least, round(_TRUSTED_SHARE * len(rows)))
    best_first = np.argsort(findings.noise_score[rows], kind="stable")
    rows = np.sort(rows[best_first[:n_trusted]])
    if len(rows) > _MOST_CANDIDATES:
        rows = rows[np.linspace(0, len(rows) - 1, _MOST_CANDIDATES).astype(int)]
    return rows


def _largest(values, n):
    """Give the columns of the ``n`` largest values of each row, the largest first."""
    largest = np.argpartition(-values, n - 1, axis=1)[:, :n]
    order = np.argsort(-np.take_along_axis(values, largest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(largest, order, axis=1)


def _standardized_features(X):
    """Give the representation by standardised features of norm 1, if these are numbers."""
    if issparse(X):
        return [(np.ones(X.shape[0], dtype=bool), normalize)]
    if X is None or X.ndim < 2 or X.dtype.kind not in "fiub":
        return []
    mean, scale = mean_and_scale(X)
    scale = np.where(scale > 0, scale, np.inf)

    def represent(some):
        standardized = np.nan_to_num((some - mean) / scale)  # missing values become the mean
        return normalize(standardized.reshape(len(some), -1))

    return [(np.ones(len(X), dtype=bool), represent)]
