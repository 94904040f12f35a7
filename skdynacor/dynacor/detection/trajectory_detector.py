"""Detectors of label errors by trajectories."""

import numpy as np
from sklearn.base import BaseEstimator

from ...utils.notebooks import FlagsMixin


class TrajectoryDetector(FlagsMixin, BaseEstimator):
    """A detector whose ``fit(X)`` sets ``flags_``, and ``_noise_probability(X)`` scores rows."""

    #: Rows are flagged above this probability.
    threshold_ = 0.5

    def fit_predict(self, X, y=None):
        """Learn from X and flag its rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            Trajectories, as in ``fit``.
        y : Ignored
            For the conventions of scikit-learn.

        Returns
        -------
        flags : ndarray of shape (n_samples,), bool
            True where the label looks wrong.
        """
        return self.fit(X).flags_

    def predict(self, X):
        """Flag rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            Trajectories, as in ``fit``.

        Returns
        -------
        flags : ndarray of shape (n_samples,), bool
            True where the label looks wrong.
        """
        return self._noise_probability(X) > self.threshold_

    def predict_proba(self, X):
        """Give the probabilities of being clean and of being noisy.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            Trajectories, as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
            Clean, noisy.
        """
        noisy = self._noise_probability(X)
        return np.column_stack([1 - noisy, noisy])
