"""A mixture of two Gaussians over the log-odds, of right and of wrong labels."""

import warnings

import numpy as np
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

# Log-odds beyond this are compressed: else sure samples and surer ones would be the components.
_SURE = 10.0
# The least distance of the means, in standard deviations of the wider component, and the least
# log-odds of the upper mean, for the components to be right and wrong labels.
_LEAST_APART = 1.0
_LEAST_DOUBT = -np.log(399.0)
# The mixture's log-odds are clipped to this.
_SUREST = 20.0


def fit_mixture(log_odds, seed):
    """Fit two Gaussians to log-odds; None where they are not right and wrong labels."""
    levels = np.sort(_squash(log_odds))  # the order of samples must not matter
    if np.ptp(levels) < 1e-6:
        return None
    # Its k-means knows numpy only.
    with warnings.catch_warnings(), config_context(array_api_dispatch=False):
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer than two distinct values
        mixture = GaussianMixture(2, random_state=seed).fit(levels[:, None])
    apart = np.ptp(mixture.means_) / np.sqrt(mixture.covariances_.max())
    doubted = mixture.means_.max() > _squash(_LEAST_DOUBT)
    return mixture if apart >= _LEAST_APART and doubted else None


def mixture_log_odds(mixture, log_odds):
    """Log-odds of the mixture's upper component, (n_samples,), within ±20.

    Samples beyond a component's mean belong to it at least as surely as one at the mean: the wider
    component would otherwise take both tails.
    """
    means, variances = mixture.means_[:, 0], mixture.covariances_[:, 0, 0]
    order = np.argsort(means)

    def upper_over_lower(values):
        squares = (values[:, None] - means) ** 2 / variances
        densities = np.log(mixture.weights_) - (np.log(variances) + squares) / 2
        return np.diff(densities[:, order], axis=1)[:, 0]

    levels = _squash(log_odds)
    odds, (at_lower, at_upper) = upper_over_lower(levels), upper_over_lower(means[order])
    odds = np.where(levels < means.min(), np.minimum(odds, at_lower), odds)
    odds = np.where(levels > means.max(), np.maximum(odds, at_upper), odds)
    return np.clip(odds, -_SUREST, _SUREST)


def average_with(mixture, log_odds):
    """Average log-odds with those of a mixture, if there is one."""
    if mixture is None:
        return log_odds
    return (log_odds + mixture_log_odds(mixture, log_odds)) / 2


def _squash(log_odds):
    return np.arcsinh(log_odds / _SURE)
