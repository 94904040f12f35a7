"""The transition matrix: how often each class is given each label, estimated in two ways."""

import numpy as np
from scipy.special import softmax

# Right labels, and labels by the common rates, added to the counts of a class of average size; and
# right labels in all.
_RIGHT_SAMPLES, _COMMON_SAMPLES, _MOST_RIGHT_SAMPLES = 25.0, 10.0, 125.0
# Standard errors by which models agree with labels that follow from nothing by chance, and enough
# to be sure, over the noise rate.
_BY_CHANCE, _SURELY = 4.5, 5.5
# The share of the samples predicted as a class that are its anchors, and their least number.
_ANCHOR_SHARE, _ENOUGH_ANCHORS = 1 / 3, 30
# Probabilities this close are equal.
_EQUAL = 1e-6
# No label is impossible.
_LEAST_ENTRY = 1e-6


def count_anchors(log_probs, labels):
    """Count the labels (columns) of each class's (rows) anchors, (n_classes, n_classes).

    The anchors of a class are, of the samples predicted as it, the third with the largest margins,
    or as many as are enough to count by. They lie far from the other classes, so that other labels
    among them are label errors and not class overlap.
    """
    n_classes = log_probs.shape[1]
    predicted = log_probs.argmax(axis=1)
    two_largest = np.partition(log_probs, n_classes - 2, axis=1)[:, -2:]  # (n_samples, 2)
    margins = two_largest[:, 1] - two_largest[:, 0]
    counts = np.zeros((n_classes, n_classes))
    for label in np.unique(predicted):
        samples = predicted == label
        share = min(1, max(_ANCHOR_SHARE, _ENOUGH_ANCHORS / samples.sum()))
        # Of samples with equal margins all are anchors or none: their order must not matter.
        least = np.quantile(margins[samples], 1 - share, method="lower")
        counts[label] = np.bincount(labels[samples & (margins >= least)], minlength=n_classes)
    return counts


def count_confident_joint(log_probs, labels):
    """Count labels (columns) by confidently predicted class (rows), (n_classes, n_classes).

    A sample counts for the likeliest of the classes whose probability reaches the mean that it has
    among the samples labelled with it (Northcutt et al., 2021). Counts are scaled so that each
    label has as many as samples.
    """
    n_samples, n_classes = log_probs.shape
    probs = softmax(log_probs, axis=1)
    n_given = np.bincount(labels, minlength=n_classes)
    own = np.bincount(labels, probs[np.arange(n_samples), labels], n_classes)
    thresholds = own / np.maximum(n_given, 1)
    confident = probs >= thresholds - _EQUAL
    some = confident.any(axis=1)
    predicted = np.where(confident, probs, -1).argmax(axis=1)
    pairs = predicted[some] * n_classes + labels[some]
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    counts[np.diag_indices(n_classes)] = np.maximum(counts.diagonal(), 1)
    return counts * (n_given / counts.sum(axis=0))


def estimate_transition_matrix(counts, labels):
    """Turn label counts by class into a transition matrix, whose rows sum to 1.

    To the counts of each class are added right labels, as most labels are right, and labels by the
    common rates (one rate of right labels, the rest spread evenly), both by the class's own share
    of the labels. These decide where counts are few.
    """
    n_classes = len(counts)
    right = (np.trace(counts) + 0.5) / (counts.sum() + 1)  # Jeffreys' prior: never quite 1
    prior = np.full((n_classes, n_classes), _COMMON_SAMPLES * (1 - right) / max(1, n_classes - 1))
    n_right = min(_RIGHT_SAMPLES, _MOST_RIGHT_SAMPLES / n_classes)
    np.fill_diagonal(prior, _COMMON_SAMPLES * right + n_right)
    shares = np.bincount(labels, minlength=n_classes) / len(labels)
    matrix = counts + (n_classes * shares)[:, None] * prior
    matrix += np.diag(matrix.sum(axis=1) == 0)  # a class without labels
    matrix = np.maximum(matrix / matrix.sum(axis=1, keepdims=True), _LEAST_ENTRY)
    return matrix / matrix.sum(axis=1, keepdims=True)


def measure_agreement(log_probs, labels):
    """By how many standard errors the probabilities of the given labels exceed chance.

    They are compared with those of labels drawn anew by their frequencies.
    """
    probs = softmax(log_probs, axis=1)
    probs -= probs.mean(axis=0)
    frequencies = np.bincount(labels, minlength=probs.shape[1]) / len(labels)
    by_chance = probs @ frequencies
    variance = np.sum(probs**2 @ frequencies - by_chance**2)
    difference = np.sum(probs[np.arange(len(labels)), labels] - by_chance)
    return float(difference / np.sqrt(max(variance, np.finfo(float).tiny)))


def evidence_of_learning(agreement, label_counts, labels):
    """How surely models have learnt the labels, from 0 (perhaps nothing) to 1.

    Models agree a little with labels that follow from nothing, too, and the rest looks like label
    errors. As most labels are right, the agreement must be the larger the more errors are implied
    by ``label_counts``, arrays of label counts by class.
    """
    if agreement >= _SURELY:  # no rate exceeds 1
        return 1.0
    rates = [
        implied_noise_rate(estimate_transition_matrix(e, labels), labels) for e in label_counts
    ]
    return float(np.clip(agreement / np.mean(rates) - _BY_CHANCE, 0, _SURELY - _BY_CHANCE))


def doubt(counts, share):
    """Move label counts to the diagonal, all for a ``share`` of 1: labels are then right."""
    return (1 - share) * counts + share * np.diag(counts.sum(axis=1))


def implied_noise_rate(transition_matrix, labels, max_iter=500, tol=1e-7):
    """Noise rate 1 − Σ π_c T[c, c] that a transition matrix T and the labels imply.

    The classes' shares π are those under which the labels, distributed by π T, are likeliest, found
    by expectation-maximisation until no share changes by ``tol`` or more.
    """
    frequencies = np.bincount(labels, minlength=len(transition_matrix)) / len(labels)
    shares = frequencies
    for _ in range(max_iter):
        before = shares
        shares = before * (transition_matrix @ (frequencies / (before @ transition_matrix)))
        if np.abs(shares - before).max() < tol:
            break
    return float(1 - shares @ transition_matrix.diagonal())


def without_classes(transition_matrix, labels):
    """A transition matrix of the same noise rate, with one rate for all pairs of classes."""
    n_classes = len(transition_matrix)
    rate = implied_noise_rate(transition_matrix, labels)
    common = np.full((n_classes, n_classes), max(rate / (n_classes - 1), _LEAST_ENTRY))
    np.fill_diagonal(common, 1 - rate)
    return common
