"""Growing trees in units of their own, so that what they learn does not depend on the caller's."""

import numpy as np
from scipy.sparse import issparse

from ..groundwork.moments import mean_and_scale

#: Features that vary less are grown on in larger units. Trees of scikit-learn take a feature for
#: constant where its values are within 1e-7, whatever it is measured in.
_SMALL = 2.0**-10


def units_of(X):
    """Choose what to multiply each feature by, (n_features,); ``None`` to leave all as they are.

    The factors are powers of two, which round nothing.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    """
    scale = mean_and_scale(X)[1]
    small = (scale > 0) & (scale < _SMALL)
    if not small.any():
        return None
    exponents = np.zeros(len(scale))
    exponents[small] = -np.floor(np.log2(scale[small])).clip(min=-126)
    return np.exp2(exponents)


def in_units(X, units):
    """Multiply features by their factors, in a copy of float32; see ``units_of``."""
    if units is None:
        return X
    factors = units.astype(np.float32)
    if issparse(X):
        X = X.astype(np.float32)
        X.data *= factors[X.indices]
        return X
    return X * factors


def to_callers_units(trees, units):
    """Have trees that were grown on ``in_units(X, units)`` judge X as it is."""
    if units is None:
        return
    for tree in trees:
        features, thresholds = tree.tree_.feature, tree.tree_.threshold
        splits = features >= 0
        thresholds[splits] /= units[features[splits]]
