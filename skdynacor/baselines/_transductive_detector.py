"""The base class of detectors that score only the rows of ``fit``."""

from abc import ABCMeta, abstractmethod

from sklearn.base import BaseEstimator

from ..utils.notebooks import FlagsMixin
from ..utils.sklearn_private import validates_parameters
from ..utils.torch_settings import default_torch_settings
from ..utils.validation import row_params, unchanged_on_error, validate_rows_and_labels


class TransductiveDetector(FlagsMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of detectors without ``predict``.

    ``_detect(X, codes)`` of a subclass returns flags and noise scores, both (n_samples,). ``codes``
    are positions in ``classes_``.
    """

    _row_params = staticmethod(row_params)

    @default_torch_settings()
    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y):
        """Fit to rows and their given labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, at least five; where a net is trained, of shape (n_samples, ...).
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : object
        """
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **self._row_params(X))
        self.flags_, self.noise_score_ = self._detect(X, codes)
        self.noise_rate_ = float(self.flags_.mean())
        return self

    @abstractmethod
    def _detect(self, X, codes): ...

    def fit_predict(self, X, y):
        """Fit, and return the flags.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        flags : ndarray of shape (n_samples,), bool
            True where the label is likely wrong.
        """
        return self.fit(X, y).flags_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
