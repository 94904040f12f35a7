"""What the default estimators see of a table: columns of one scale, without tails and gaps."""

import warnings

import numpy as np
from scipy.stats import kurtosis
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

#: Excess kurtosis above which a column counts as long-tailed: 0 of a normal distribution, 3 of a
#: Laplace and 6 of an exponential distribution.
_LONG_TAILED = 5.0
#: Rows by which tails are found, evenly spread.
_SOME_ROWS = 2000


def make_preprocessing(n_samples):
    """Make the transformer of a table's columns, which may be of double precision.

    Gaps are filled with the mean and marked in a further column, long-tailed columns (prices,
    counts, durations) become ranks, and all are centred and scaled.
    """
    ranks = QuantileTransformer(n_quantiles=min(1000, n_samples), random_state=0)
    return make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True),
        ColumnTransformer([("ranks", ranks, find_long_tails)], remainder="passthrough"),
        StandardScaler(),
    )


def find_long_tails(X):
    """Mask of the long-tailed columns of an array, (n_features,)."""
    rows = X[:: 1 + (len(X) - 1) // _SOME_ROWS].astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of constant columns
        rows -= rows.min(axis=0)
        rows /= rows.max(axis=0)
        return kurtosis(rows, axis=0) > _LONG_TAILED
