"""Maximum-likelihood weights of several models' class probabilities.

The models' probabilities are combined to p(c) ∝ exp(Σ_m w_m log_probs_m(c)), a product of experts;
a label g has the likelihood Σ_c p(c) T[c, g]. The weight of one model alone is its inverse
temperature.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from .transition import (
    count_anchors,
    doubt,
    estimate_transition_matrix,
    evidence_of_learning,
    measure_agreement,
)

# Entries held in double precision at a time.
_CHUNK_ENTRIES = 2**20
# The weights are few: they are estimated on evenly spread samples of at most so many entries.
_MOST_ENTRIES = 2**18
_LARGEST_WEIGHT = 20.0
# Weights and transition matrix depend on each other; this many rounds converge.
_N_ROUNDS = 3


class Weighting(NamedTuple):
    """Models' weights, and the likelihood of the labels under them."""

    weights: np.ndarray  # (n_models,)
    log_likelihoods: np.ndarray  # of the labels of evenly spread samples, in nats
    agreement: float  # of the models with the labels, in the mean


def fit_weights(log_probs, labels):
    """Find the weights under which the given labels are likeliest.

    ``log_probs`` is a list of out-of-sample arrays, (n_samples, n_classes), one for each model.
    """
    weights = np.ones(len(log_probs))
    of_some = [each[evenly_spread(each)] for each in log_probs], labels[evenly_spread(log_probs[0])]
    # Weights that are fitted to the labels favour models that agree with them by chance.
    agreement = float(np.mean([measure_agreement(each, labels) for each in log_probs]))
    for _ in range(_N_ROUNDS):
        counts = count_anchors(combine(log_probs, weights), labels)
        counts = doubt(counts, 1 - evidence_of_learning(agreement, [counts], labels))
        transition_matrix = estimate_transition_matrix(counts, labels)
        start = np.maximum(weights, 0.05)  # lets a weight leave zero
        weights = maximize_likelihood(*of_some, transition_matrix, start)
    log_likelihoods = label_log_likelihoods(*of_some, transition_matrix, weights)
    return Weighting(weights, log_likelihoods, agreement)


def evenly_spread(log_probs):
    """A slice of samples that are enough to estimate a few parameters by."""
    return slice(None, None, 1 + (log_probs.size - 1) // _MOST_ENTRIES)


def combine(log_probs, weights):
    """Sum of weighted log-probabilities, (n_samples, n_classes)."""
    return sum(weight * each for weight, each in zip(weights, log_probs, strict=True))


def log_likelihood(log_probs, labels, transition_matrix, weights):
    """Mean log-likelihood of the labels, in nats, and its gradient by the weights, (n_models,)."""
    value, gradient = 0.0, np.zeros(len(log_probs))
    for chunk in chunks(*log_probs[0].shape):
        part = [np.asarray(each[chunk], dtype=np.float64) for each in log_probs]
        probs, joint, of_label = _likelihood(part, labels[chunk], transition_matrix, weights)
        value += np.log(of_label).sum()
        # The posterior of the classes given the label, less their probability without it.
        residual = joint / of_label[:, None] - probs
        gradient += [np.vdot(residual, each) for each in part]
    return value / len(labels), gradient / len(labels)


def label_log_likelihoods(log_probs, labels, transition_matrix, weights):
    """Log-likelihood of each label, (n_samples,), see ``log_likelihood``."""
    likelihoods = [
        _likelihood([each[c] for each in log_probs], labels[c], transition_matrix, weights)[-1]
        for c in chunks(*log_probs[0].shape)
    ]
    return np.log(np.concatenate(likelihoods))


def chunks(n_samples, n_classes):
    """Slices of samples that are small enough for double precision."""
    size = max(1, _CHUNK_ENTRIES // n_classes)
    return [slice(start, start + size) for start in range(0, n_samples, size)]


def _likelihood(log_probs, labels, transition_matrix, weights):
    """Give p(c) and p(c) T[c, label], (n, n_classes), and the label's likelihood, (n,)."""
    probs = softmax(np.asarray(combine(log_probs, weights), dtype=np.float64), axis=1)
    joint = probs * transition_matrix.T[labels]
    return probs, joint, joint.sum(axis=1)


def maximize_likelihood(log_probs, labels, transition_matrix, start):
    """Find the weights, (n_models,), under which the labels are likeliest."""

    def negative(weights):
        value, gradient = log_likelihood(log_probs, labels, transition_matrix, weights)
        return -value, -gradient

    bounds = [(0, _LARGEST_WEIGHT)] * len(log_probs)
    return minimize(negative, start, jac=True, bounds=bounds, method="L-BFGS-B").x
