"""The noise model: which labels are wrong, given out-of-sample class probabilities."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_softmax, logit, logsumexp

from .likelihood import chunks, fit_weights
from .mixture import average_with, fit_mixture
from .transition import implied_noise_rate

# The share of the samples predicted as a class that are its anchors.
ANCHOR_SHARE = 1 / 3
ANCHOR_SHARE_WITHOUT_OVERLAP = 1 / 2
# A class of one sample, or with less than half the samples that classes have on average, counts as
# never predicted if it is predicted for less than this share of its samples, and for less than
# their square root.
_LEAST_PREDICTED = 0.1
# Standard errors that the offset leaves to chance.
_N_ERRORS = 2.0


class NoiseModel:
    """Log-odds that a label is wrong, and posterior probabilities of the classes.

    ``classes_overlap`` says whether samples that look unlike their label, far from the anchors, are
    class overlap (True) or label errors (False). The data alone cannot distinguish the two.
    """

    def __init__(self, classes_overlap=True):
        self.classes_overlap = classes_overlap

    def fit(self, log_probs, labels, seed=0):
        """Estimate transition matrix, inverse temperature and log-odds offset.

        1. The transition matrix comes from anchors, the inverse temperature from the likelihood of
           the given labels under it.
        2. An offset on the log-odds matches their mean to the noise rate that the matrix implies,
           less what chance may have added to it: where errors depend on the features, models learn
           them, and probabilities alone find too few.
        3. If classes do not overlap, log-odds are averaged with those of a mixture of two groups.
        4. Labels of a rare class that the models never predict are not flagged.
        """
        share = ANCHOR_SHARE if self.classes_overlap else ANCHOR_SHARE_WITHOUT_OVERLAP
        (self.inverse_temperature,), _, self.transition_matrix, n_anchors = fit_weights(
            [log_probs], labels, share
        )
        self.is_predicted = _is_predicted(log_probs, labels)
        self.log_odds_offset, self.mixture = 0.0, None
        log_odds = self.log_odds(log_probs, labels)
        rate = implied_noise_rate(self.transition_matrix, labels)
        chance = _N_ERRORS * np.sqrt(max(rate * (1 - rate), 1e-4) / max(1, n_anchors))
        self.log_odds_offset = offset_to_rate(log_odds, rate - chance)
        if not self.classes_overlap:
            self.mixture = fit_mixture(log_odds + self.log_odds_offset, seed)
        return self

    def log_odds(self, log_probs, labels):
        """Log-odds that each label is wrong, (n_samples,)."""
        log_odds = error_log_odds(
            log_probs, labels, self.transition_matrix, self.inverse_temperature
        )
        return self._adjust(log_odds, labels)

    def class_probabilities(self, log_probs, labels):
        """Probability of each class given features and label, (n_samples, n_classes)."""
        return class_probabilities(
            log_probs, labels, self.transition_matrix, self.inverse_temperature
        )

    def injected_recall(self, log_probs, labels):
        """Expected share of injected label errors that are flagged, in [0, 1].

        Each sample may get every label that its class is mistaken for, weighted by the posterior of
        the class and the entry of the transition matrix.
        """
        n_found = n_injected = 0.0
        confusions = self.transition_matrix - np.diag(self.transition_matrix.diagonal())
        given = np.arange(log_probs.shape[1])
        for chunk in chunks(*log_probs.shape):
            weights = self.class_probabilities(log_probs[chunk], labels[chunk]) @ confusions
            scaled = self.inverse_temperature * np.asarray(log_probs[chunk], dtype=np.float64)
            probs = np.exp(log_softmax(scaled, axis=1))
            right = probs * self.transition_matrix.diagonal()
            tiny = np.finfo(float).tiny  # a mixture takes no infinite log-odds
            wrong, right = (np.log(np.maximum(each, tiny)) for each in (probs @ confusions, right))
            log_odds = wrong - right
            flagged = self._adjust(log_odds.ravel(), np.tile(given, len(log_odds))) > 0
            n_found += weights.ravel() @ flagged
            n_injected += weights.sum()
        return float(min(n_found / n_injected, 1))

    def _adjust(self, log_odds, labels):
        """Apply offset and mixture, and never flag labels of classes that are not predicted."""
        log_odds = average_with(self.mixture, log_odds + self.log_odds_offset)
        return np.where(self.is_predicted[labels], log_odds, np.minimum(log_odds, 0))


def _is_predicted(log_probs, labels):
    """Whether the models predict each class, (n_classes,) bool; only rare ones may not be."""
    n_classes = log_probs.shape[1]
    n_predicted, n_given = (
        np.bincount(each, minlength=n_classes) for each in (log_probs.argmax(axis=1), labels)
    )
    # The only sample of a class cannot be scored out of sample.
    is_rare = (n_given == 1) | (n_given < len(labels) / (2 * n_classes))
    few = n_predicted < np.minimum(_LEAST_PREDICTED * n_given, np.sqrt(n_given))
    return ~(is_rare & few)


def class_probabilities(log_probs, labels, transition_matrix, inverse_temperature=1.0):
    """Probability of each class given features and label, ∝ p(c)^s T[c, label].

    The shape is (n_samples, n_classes), and s the inverse temperature.
    """
    joint = _joint(log_probs, labels, transition_matrix, inverse_temperature)
    return np.exp(log_softmax(joint, axis=1))


def error_log_odds(log_probs, labels, transition_matrix, inverse_temperature=1.0):
    """Log-odds that each label is wrong, (n_samples,), see ``class_probabilities``."""
    log_odds = np.empty(len(labels))
    for chunk in chunks(*log_probs.shape):
        joint = _joint(log_probs[chunk], labels[chunk], transition_matrix, inverse_temperature)
        given = np.arange(len(joint)), labels[chunk]
        right = joint[given]
        joint[given] = -np.inf
        log_odds[chunk] = logsumexp(joint, axis=1) - right
    return log_odds


def _joint(log_probs, labels, transition_matrix, inverse_temperature):
    """Log of p(c)^s T[c, label], up to a constant, (n, n_classes)."""
    scaled = inverse_temperature * np.asarray(log_probs, dtype=np.float64)
    return scaled + np.log(transition_matrix.T)[labels]


def offset_to_rate(log_odds, rate):
    """Offset on the log-odds that raises the mean probability to ``rate``; at least 0."""
    if expit(log_odds).mean() >= rate:
        return 0.0
    largest = logit(rate) - log_odds.min()  # by which all probabilities are the rate or more
    return float(
        brentq(lambda offset: expit(log_odds + offset).mean() - rate, 0, largest, xtol=1e-6)
    )
