"""A mixture of two Gaussians on the means of trajectories."""

import numpy as np
from sklearn import config_context
from sklearn.mixture import GaussianMixture
from sklearn.utils.validation import check_is_fitted

from ..dynacor.detection.trajectory_detector import TrajectoryDetector
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.sklearn_private import validates_parameters
from ..utils.validation import MIN_SAMPLES, unchanged_on_error, validate_data


class AverageEncoder(TrajectoryDetector):
    """Flag rows by the mean of their trajectory, with a mixture of two Gaussians.

    The Avg.Encoder of the paper [1]_. It replaces ``DynaCorDetector`` after a
    ``DynamicsCollector(signal="logit_difference")``, and needs no corrupted copies.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Determines the initialization of the mixture. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_probability_ : ndarray of shape (n_samples,)
        Posterior probability of the mixture's lower component.
    mixture_ : sklearn.mixture.GaussianMixture
    noise_rate_ : float
        Share of rows flagged.
    n_features_in_ : int
        Number of epochs recorded.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 5.1. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.baselines import AverageEncoder
    >>> T = np.array([[1.0, 2.0], [1.5, 2.5], [-2.0, -1.0], [1.2, 2.2], [-1.8, -1.4]])
    >>> AverageEncoder(random_state=0).fit_predict(T)
    array([False, False,  True, False,  True])
    """

    _parameter_constraints: dict = {"random_state": ["random_state"]}

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y=None):
        """Fit the mixture to the means of the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            Trajectories that are larger where the classifier agrees with the label.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : AverageEncoder
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=MIN_SAMPLES)
        seed = draw_random_state(make_rng(self.random_state, "AverageEncoder"))
        self.mixture_ = GaussianMixture(n_components=2, n_init=5, random_state=seed)
        means = X.mean(axis=1, keepdims=True)
        if np.ptp(means) > 0:
            with config_context(array_api_dispatch=False):  # k-means takes numpy arrays only
                self.mixture_.fit(means)
        else:  # the mixture would warn
            self.mixture_ = None
        self.noise_probability_ = self._posterior(means)
        self.flags_ = self.noise_probability_ > 0.5
        self.noise_rate_ = float(self.flags_.mean())
        return self

    def _noise_probability(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._posterior(X.mean(axis=1, keepdims=True))

    def _posterior(self, means):
        if self.mixture_ is None:
            return np.zeros(len(means))
        return self.mixture_.predict_proba(means)[:, self.mixture_.means_[:, 0].argmin()]
