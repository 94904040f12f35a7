"""The only place that imports private names of scikit-learn."""

from sklearn.base import _fit_context as validates_parameters
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition

__all__ = [
    "BaseComposition",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "is_pandas_na",
    "safe_indexing",
    "validates_parameters",
]
