"""What the detectors share that judge just the rows they are fitted on."""

from sklearn.base import BaseEstimator


class TransductiveDetector(BaseEstimator):
    """A detector whose ``fit(X, y)`` sets ``flags_``; it cannot judge rows that it has not seen."""

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

    def _flag(self, flags, noise_score):
        self.flags_, self.noise_score_ = flags, noise_score
        self.noise_rate_ = float(flags.mean())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
