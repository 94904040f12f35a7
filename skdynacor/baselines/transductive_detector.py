"""What the detectors share that judge just the rows they are fitted on."""

from abc import ABCMeta, abstractmethod

from sklearn.base import BaseEstimator

from ..groundwork.devices import own_settings
from ..groundwork.notebooks import FlagsMixin
from ..groundwork.sklearn_private import validates_parameters
from ..groundwork.validation import row_params, unchanged_on_error, validate_rows_and_labels


class TransductiveDetector(FlagsMixin, BaseEstimator, metaclass=ABCMeta):
    """A detector of rows with their given labels; it cannot judge rows that it has not seen.

    ``_judge(X, codes)`` of a subclass returns flags and scores that are larger for worse labels,
    (n_samples,) both. ``codes`` number the labels by ``classes_``.
    """

    _row_params = staticmethod(row_params)

    @own_settings()
    @validates_parameters
    def fit(self, X, y):
        """Learn from rows and judge their labels.

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
        with unchanged_on_error(self):
            X, self.classes_, codes = validate_rows_and_labels(self, X, y, **self._row_params(X))
            self.flags_, self.noise_score_ = self._judge(X, codes)
            self.noise_rate_ = float(self.flags_.mean())
        return self

    @abstractmethod
    def _judge(self, X, codes): ...

    def fit_predict(self, X, y):
        """Learn from the rows and flag them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        flags : ndarray of shape (n_samples,), bool
            True where the label is judged wrong.
        """
        return self.fit(X, y).flags_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
