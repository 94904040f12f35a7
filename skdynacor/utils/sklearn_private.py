"""The only place that imports private names of scikit-learn."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _num_samples as num_samples

try:
    from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
except ImportError:  # scikit-learn before 1.8
    from sklearn.utils._estimator_html_repr import _VisualBlock as VisualBlock


#: Checks the parameters of an estimator before a method runs; those of what it holds, such as a
#: forest or a loss, are checked where they are used.
validates_parameters = _fit_context(prefer_skip_nested_validation=False)


class Count(Interval):
    """Integers of at least ``least``; booleans are refused."""

    def __init__(self, least):
        super().__init__(Integral, least, None, closed="left")

    def is_satisfied_by(self, val):
        return not isinstance(val, bool | np.bool_) and super().is_satisfied_by(val)


def validates_arguments(**constraints):
    """Check the arguments of a function by constraints, as estimators check their parameters."""
    return validate_params(constraints, prefer_skip_nested_validation=False)


__all__ = [
    "BaseComposition",
    "Count",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "VisualBlock",
    "is_pandas_na",
    "num_samples",
    "safe_indexing",
    "validates_arguments",
    "validates_parameters",
]
