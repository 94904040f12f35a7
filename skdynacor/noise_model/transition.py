"""How labels get mistaken for others, and what it says of each label: pure functions of arrays.

Shapes: ``logits`` (n_samples, n_classes) say which classes a row looks like; ``labels``
(n_samples,), int, are its given ones; a transition matrix (n_classes, n_classes) holds the
probability that a row of one class (its row) is given the label of another (its column).
"""

import warnings

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax, logit, logsumexp
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

# Entries of beliefs held in double precision at a time.
_CHUNK_ENTRIES = 2**20
# Pseudo-counts of a class's rows, spread over all labels: no label is impossible.
_PRIOR = 0.1
# Log-odds beyond this are told apart less: else sure rows and surer ones would be the two groups.
_SURE = 10.0
# What a mixture must be of two groups, one of them of wrong labels: means this far apart, in
# standard deviations of the wider, and more than one row in a hundred wrong at the upper one.
_LEAST_APART = 1.0
_LEAST_DOUBT = -np.log(99.0)
# No mixture is surer than this, in nats.
_SUREST = 20.0
# A class that fewer rows look like than this share of those labelled with it is not learnt.
_LEAST_SEEN = 0.1


def estimate_transition(logits, labels, sharpness=1.0, *, max_iter=50, tol=1e-4):
    """Estimate the transition matrix by expectation-maximisation.

    Each row's class has the probability belief × transition to its given label; each row of the
    transition matrix counts the labels of the rows of its class, by these probabilities.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)
    sharpness : float, default=1.0
        What logits are multiplied by: beliefs of a classifier that learnt wrong labels, too, are
        flatter than what it should believe of the right ones.
    max_iter : int, default=50
    tol : float, default=1e-4
        Stop when no entry changes by more.

    Returns
    -------
    transition : ndarray of shape (n_classes, n_classes)
        Each row sums to 1.
    """
    n_samples, n_classes = logits.shape
    transition = np.full((n_classes, n_classes), 0.2 / max(1, n_classes - 1))
    np.fill_diagonal(transition, 0.8)
    parts = _parts(n_samples, n_classes)
    for _ in range(max_iter):
        counts = np.full((n_classes, n_classes), _PRIOR / n_classes)  # given label × class
        for part in parts:
            posterior = class_probabilities(logits[part], labels[part], transition, sharpness)
            rows = np.arange(len(posterior))
            given = csr_array(
                (np.ones(len(rows)), (labels[part], rows)), shape=(n_classes, len(rows))
            )
            counts += given @ posterior
        before, transition = transition, (counts / counts.sum(axis=0)).T
        if np.abs(transition - before).max() < tol:
            break
    return transition


def class_probabilities(logits, labels, transition, sharpness=1.0):
    """Probability of each class, given what a row looks like and its label, (n, n_classes)."""
    return np.exp(log_softmax(_joint(logits, labels, transition, sharpness), axis=1))


def noise_log_odds(logits, labels, transition, sharpness=1.0):
    """Log-odds that each label is wrong, (n_samples,)."""
    odds = np.empty(len(labels))
    for part in _parts(*logits.shape):
        joint = _joint(logits[part], labels[part], transition, sharpness)
        given = np.arange(len(joint)), labels[part]
        right = joint[given]
        joint[given] = -np.inf
        odds[part] = logsumexp(joint, axis=1) - right
    return odds


def _joint(logits, labels, transition, sharpness):
    """Log of belief × transition, but for a constant, (n, n_classes)."""
    return sharpness * np.asarray(logits, dtype=np.float64) + np.log(transition.T)[labels]


def _parts(n_samples, n_classes):
    size = max(1, _CHUNK_ENTRIES // n_classes)
    return [slice(start, start + size) for start in range(0, n_samples, size)]


def fit_mixture(log_odds, seed):
    """Fit two Gaussians to log-odds; None where these are not of right labels and wrong ones."""
    levels = _squash(log_odds)
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

    Rows beyond a component's mean belong to it at least as surely as one at the mean: else the
    wider component would take both tails.
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
    """Average log-odds with those of a mixture; without one they stay as they are."""
    if mixture is None:
        return log_odds
    return (log_odds + mixture_log_odds(mixture, log_odds)) / 2


def _squash(log_odds):
    return np.arcsinh(log_odds / _SURE)


class NoiseModel:
    """What tells wrong labels from right ones: transitions, and a mixture of their log-odds.

    The log-odds that class pairs give are right if classes are as separate as they look, which
    makes them cautious where the classifier believes what it was told. The mixture asks instead
    which of two groups a row belongs to, which means nothing where there is but one. Where there
    are two, both are averaged. Labels of a class that was not learnt, such as one of very few rows,
    are in no more doubt than all others on average.

    Parameters
    ----------
    sharpness : float, default=1.0
        See ``estimate_transition``.
    """

    def __init__(self, sharpness=1.0):
        self.sharpness = sharpness

    def fit(self, logits, labels, seed):
        self.transition = estimate_transition(logits, labels, self.sharpness)
        pairs = self._pairs(logits, labels)
        self.mixture = fit_mixture(pairs, seed)
        n_seen, n_labelled = (
            np.bincount(classes, minlength=logits.shape[1])
            for classes in (logits.argmax(axis=1), labels)
        )
        self.learnt = n_seen >= _LEAST_SEEN * n_labelled
        known = self.learnt[labels]
        odds = average_with(self.mixture, pairs)[known]
        rate = expit(odds).mean() if len(odds) > 0 else 0.5
        self._usual = min(0.0, logit(max(rate, expit(-_SUREST))))
        return self

    def log_odds(self, logits, labels):
        """Log-odds that each label is wrong, (n_samples,)."""
        odds = average_with(self.mixture, self._pairs(logits, labels))
        return np.where(self.learnt[labels], odds, np.minimum(odds, self._usual))

    def _pairs(self, logits, labels):
        return noise_log_odds(logits, labels, self.transition, self.sharpness)
