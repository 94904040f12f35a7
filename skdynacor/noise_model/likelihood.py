"""How much to hear each source of beliefs: weights under which the given labels are likeliest.

A row's beliefs are softmax(Σ_s w_s logits_s), a product of experts; its label g has the likelihood
Σ_c belief(c) T[c, g]. One weight alone is a sharpness.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from .transition import count_anchors, estimate_transition

# Entries of beliefs held in double precision at a time.
_CHUNK_ENTRIES = 2**20
# A source is never taken to be surer than this many times what it says.
_LARGEST_WEIGHT = 20.0
# Of more rows, so many decide the weights, which are few.
_MOST_ROWS = 100_000
# Weights and the transition follow from each other; this many turns settle them.
_N_TURNS = 3


class Weighing(NamedTuple):
    """Sources of beliefs, weighed."""

    weights: np.ndarray  # (n_sources,)
    log_likelihood: float  # of the labels, mean over the rows that decide, in nats
    transition: np.ndarray  # (n_classes, n_classes)
    n_anchors: int


def weigh(sources, labels, anchor_share):
    """Weigh sources of beliefs by the likelihood of the given labels.

    Parameters
    ----------
    sources : list of ndarray of shape (n_samples, n_classes)
        Logits, of models that were not told the rows' labels: else the best memory would win.
    labels : ndarray of shape (n_samples,)
    anchor_share : float
        See ``count_anchors``.

    Returns
    -------
    weighing : Weighing
    """
    weights = np.ones(len(sources))
    some = slice(None, None, 1 + (len(labels) - 1) // _MOST_ROWS)
    of_some = [source[some] for source in sources], labels[some]
    frequencies = np.bincount(labels, minlength=sources[0].shape[1]) / len(labels)
    for _ in range(_N_TURNS):
        counts = count_anchors(combine(sources, weights), labels, anchor_share)
        transition = estimate_transition(counts, frequencies)
        start = np.maximum(weights, 0.05)  # a source that was not heard gets another hearing
        weights, log_likelihood = _climb(*of_some, transition, start)
    return Weighing(weights, log_likelihood, transition, int(counts.sum()))


def combine(sources, weights):
    """Add up weighted logits, (n_samples, n_classes)."""
    return sum(weight * logits for weight, logits in zip(weights, sources, strict=True))


def log_likelihood(sources, labels, transition, weights):
    """Give the mean log-likelihood of labels, in nats, and its gradient by the weights.

    Parameters
    ----------
    sources : list of ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)
    transition : ndarray of shape (n_classes, n_classes)
    weights : ndarray of shape (n_sources,)

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_sources,)
    """
    value, gradient = 0.0, np.zeros(len(sources))
    for part in parts(*sources[0].shape):
        logits = [np.asarray(source[part], dtype=np.float64) for source in sources]
        beliefs, joint, of_label = _likelihood(logits, labels[part], transition, weights)
        value += of_label.sum()
        # What the label adds to the beliefs is what the weights are pulled by.
        surprise = np.exp(joint - of_label[:, None]) - np.exp(beliefs)
        gradient += [np.vdot(surprise, each) for each in logits]
    return value / len(labels), gradient / len(labels)


def label_log_likelihoods(sources, labels, transition, weights):
    """Give the log-likelihood of each label, (n_samples,), see ``log_likelihood``."""
    return np.concatenate(
        [
            _likelihood([each[part] for each in sources], labels[part], transition, weights)[-1]
            for part in parts(*sources[0].shape)
        ]
    )


def _likelihood(sources, labels, transition, weights):
    """Logs of beliefs, of belief × transition (n, n_classes), and of the label's share (n,)."""
    beliefs = log_softmax(np.asarray(combine(sources, weights), dtype=np.float64), axis=1)
    joint = beliefs + np.log(transition.T)[labels]
    return beliefs, joint, logsumexp(joint, axis=1)


def parts(n_samples, n_classes):
    """Cut rows into slices that are small enough for double precision."""
    size = max(1, _CHUNK_ENTRIES // n_classes)
    return [slice(start, start + size) for start in range(0, n_samples, size)]


def _climb(sources, labels, transition, start):
    def descend(weights):
        value, gradient = log_likelihood(sources, labels, transition, weights)
        return -value, -gradient

    bounds = [(0, _LARGEST_WEIGHT)] * len(sources)
    found = minimize(descend, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return found.x, float(-found.fun)
