"""The noise model: which labels are wrong, given out-of-sample class probabilities."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_softmax, logit, logsumexp

from .likelihood import chunks, evenly_spread, label_log_likelihoods, maximize_likelihood
from .transition import (
    count_anchors,
    count_confident_joint,
    doubt,
    estimate_transition_matrix,
    evidence_of_learning,
    implied_noise_rate,
    measure_agreement,
    without_classes,
)

# Shares of the common rates in the transition matrix, of which the likeliest is taken, and by how
# many nats the rates of single pairs of classes must make the labels likelier.
_SHRINKAGES = (0.0, 0.5, 0.9, 1.0)
_PRIOR = 10.0


class Reading(NamedTuple):
    """One transition matrix, and the inverse temperature that is likeliest under it."""

    transition_matrix: np.ndarray  # (n_classes, n_classes)
    inverse_temperature: float

    def joint(self, log_probs, labels):
        """Log of p(c) T[c, label] up to a constant, (n_samples, n_classes)."""
        return self.class_log_probs(log_probs) + np.log(self.transition_matrix.T)[labels]

    def class_log_probs(self, log_probs):
        """Calibrated log-probabilities of the classes, before the label is known."""
        logits = self.inverse_temperature * np.asarray(log_probs, dtype=np.float64)
        return log_softmax(logits, axis=1)


class NoiseModel:
    """Log-odds that a label is wrong, and posterior probabilities of the classes.

    Class overlap and label errors cannot be told apart by class probabilities and labels alone.
    Of two estimates of the transition matrix, that by anchors takes most disagreement for class
    overlap, and the confident joint more of it for label errors. Log-odds are the mean of both.
    """

    def fit(self, log_probs, labels, agreement=None):
        """Estimate the transition matrix twice, each with its inverse temperature.

        An offset on the log-odds raises the expected noise rate to the mean of those that the two
        matrices imply: where errors depend on the features, models learn them, and probabilities
        alone find too few. Labels of a class that the models never predict, or of which there is
        one sample, are not flagged. ``agreement`` is the mean over models whose weights were
        fitted to the labels; it is measured for one model.
        """
        n_classes = log_probs.shape[1]
        n_given = np.bincount(labels, minlength=n_classes)
        n_predicted = np.bincount(log_probs.argmax(axis=1), minlength=n_classes)
        self.is_learnt = (n_given > 1) & (n_predicted > 0)
        counts = count_anchors(log_probs, labels), count_confident_joint(log_probs, labels)
        if agreement is None:
            agreement = measure_agreement(log_probs, labels)
        self.evidence = evidence_of_learning(agreement, counts, labels)
        self.readings = [
            _read(log_probs, labels, doubt(each, 1 - self.evidence)) for each in counts
        ]
        rates = [implied_noise_rate(each.transition_matrix, labels) for each in self.readings]
        self.offset = 0.0
        self.offset = offset_to_rate(self.log_odds(log_probs, labels), np.mean(rates))
        return self

    @property
    def transition_matrix(self):
        """Mean of both estimates, (n_classes, n_classes)."""
        return np.mean([each.transition_matrix for each in self.readings], axis=0)

    def log_odds(self, log_probs, labels):
        """Log-odds that each label is wrong, (n_samples,)."""
        return self.join(self.log_odds_by_reading(log_probs, labels), labels)

    def join(self, by_reading, labels):
        """Log-odds of ``log_odds``, from those by each transition matrix, (2, n_samples)."""
        log_odds = by_reading.mean(axis=0) + self.offset
        return np.where(self.is_learnt[labels], log_odds, np.minimum(log_odds, 0))

    def log_odds_by_reading(self, log_probs, labels):
        """Log-odds by each of the two transition matrices, (2, n_samples), without the offset."""
        log_odds = np.empty((len(self.readings), len(labels)))
        for chunk in chunks(*log_probs.shape):
            for row, reading in enumerate(self.readings):
                joint = reading.joint(log_probs[chunk], labels[chunk])
                given = np.arange(len(joint)), labels[chunk]
                right = joint[given]
                joint[given] = -np.inf
                log_odds[row, chunk] = logsumexp(joint, axis=1) - right
        return log_odds

    def noise_rate_interval(self, log_probs, labels, by_reading=None):
        """Noise rate if classes overlap, and if every disagreement with the labels is an error.

        The first is that by anchors, the second the mean probability of the other classes before
        the label is known.
        """
        if by_reading is None:
            by_reading = self.log_odds_by_reading(log_probs, labels)
        rates = [expit(each).mean() for each in (self.join(by_reading, labels), *by_reading)]
        for reading in self.readings:
            log_right = np.empty(len(labels))
            for chunk in chunks(*log_probs.shape):
                of_classes = reading.class_log_probs(log_probs[chunk])
                log_right[chunk] = of_classes[np.arange(len(of_classes)), labels[chunk]]
            rates.append(1 - np.exp(log_right).mean())
        return float(min(rates)), float(max(rates))

    def class_probabilities(self, log_probs, labels):
        """Probability of each class given features and label, (n_samples, n_classes)."""
        joints = [each.joint(log_probs, labels) for each in self.readings]
        return np.exp(log_softmax(np.mean(joints, axis=0), axis=1))

    def injected_recall(self, log_probs, labels):
        """Expected share of injected label errors that are flagged, in [0, 1].

        Each sample may get every label that its class is mistaken for, weighted by the posterior of
        the class and the entry of the transition matrix. Evenly spread samples are enough.
        """
        some = evenly_spread(log_probs)
        log_probs, labels = log_probs[some], labels[some]
        mistaken = [_without_diagonal(each.transition_matrix) for each in self.readings]
        n_found = n_injected = 0.0
        for chunk in chunks(*log_probs.shape):
            log_odds = []
            for reading, wrong in zip(self.readings, mistaken, strict=True):
                probs = np.exp(reading.class_log_probs(log_probs[chunk]))
                right = probs * reading.transition_matrix.diagonal()
                tiny = np.finfo(float).tiny
                wrong, right = (np.log(np.maximum(each, tiny)) for each in (probs @ wrong, right))
                log_odds.append(wrong - right)
            posterior = self.class_probabilities(log_probs[chunk], labels[chunk])
            weights = posterior @ np.mean(mistaken, axis=0)
            n_found += np.sum(weights, where=np.mean(log_odds, axis=0) + self.offset > 0)
            n_injected += weights.sum()
        return float(min(n_found / n_injected, 1))


def _without_diagonal(matrix):
    return matrix - np.diag(matrix.diagonal())


def _read(log_probs, labels, counts):
    """Estimate the transition matrix from counts, and the inverse temperature.

    The matrix is drawn to the common rates, unless rates of single pairs of classes make the labels
    much likelier: those of rare or overlapping classes are often chance.
    """
    matrix = estimate_transition_matrix(counts, labels)
    common = without_classes(matrix, labels)
    some = evenly_spread(log_probs)
    log_probs, labels = [log_probs[some]], labels[some]
    weights, fits = np.ones(1), []
    for share in _SHRINKAGES:
        shrunk = (1 - share) * matrix + share * common
        weights = maximize_likelihood(log_probs, labels, shrunk, weights)
        likelihood = label_log_likelihoods(log_probs, labels, shrunk, weights).sum()
        fits.append((likelihood - _PRIOR * (1 - share), Reading(shrunk, float(weights[0]))))
    return max(fits, key=lambda fit: fit[0])[1]


def offset_to_rate(log_odds, rate):
    """Offset on the log-odds that raises the mean probability to ``rate``; at least 0."""
    if expit(log_odds).mean() >= rate:
        return 0.0
    largest = logit(rate) - log_odds.min() + 1  # by which all probabilities exceed the rate
    return float(
        brentq(lambda offset: expit(log_odds + offset).mean() - rate, 0, largest, xtol=1e-6)
    )
