"""The transition matrix: how often each class is given each label, estimated from anchors."""

import numpy as np

# Shrinkage of each class towards all classes together, in samples.
PRIOR_SAMPLES = 10.0
# Standard errors by which predictions must agree with labels beyond chance.
_N_ERRORS = 2.0
# No label is impossible.
_LEAST_ENTRY = 1e-6


def count_anchors(log_probs, labels, share):
    """Count the labels (columns) of each class's (rows) anchors, (n_classes, n_classes).

    The anchors of a class are, of the samples predicted as it, the ``share`` with the largest
    margins. They lie far from the other classes, so that other labels among them are label errors
    and not class overlap.
    """
    n_classes = log_probs.shape[1]
    predicted = log_probs.argmax(axis=1)
    two_largest = np.partition(log_probs, n_classes - 2, axis=1)[:, -2:]  # (n_samples, 2)
    margins = two_largest[:, 1] - two_largest[:, 0]
    counts = np.zeros((n_classes, n_classes))
    for label in np.unique(predicted):
        samples = predicted == label
        # Of samples with equal margins all are anchors or none: their order must not matter.
        least = np.quantile(margins[samples], 1 - share, method="lower")
        counts[label] = np.bincount(labels[samples & (margins >= least)], minlength=n_classes)
    return counts


def estimate_transition_matrix(counts):
    """Turn the anchors' label counts into a transition matrix, whose rows sum to 1.

    Each class is shrunk by ``PRIOR_SAMPLES`` towards all classes together (one rate of right
    labels, the rest spread evenly), which decides where anchors are few.
    """
    n_classes = len(counts)
    right = (np.trace(counts) + 0.5) / (counts.sum() + 1)  # Jeffreys' prior: never quite 1
    common = np.full((n_classes, n_classes), (1 - right) / max(1, n_classes - 1))
    np.fill_diagonal(common, right)
    n_anchors = counts.sum(axis=1, keepdims=True)
    matrix = (counts + PRIOR_SAMPLES * common) / (n_anchors + PRIOR_SAMPLES)
    matrix = np.maximum(matrix, _LEAST_ENTRY)
    return matrix / matrix.sum(axis=1, keepdims=True)


def agree_beyond_chance(counts, frequencies):
    """Whether predictions agree with the labels more often than by chance; classes count alike.

    Where they do not, the models have learnt nothing, and labels are taken to be right. ``counts``
    are those of samples by predicted class (row) and label (column), ``frequencies`` (n_classes,)
    the labels' shares among all samples.
    """
    n_predicted = counts.sum(axis=1)
    some = n_predicted > 0
    by_chance, n_predicted = frequencies[some], n_predicted[some]
    more_often = counts.diagonal()[some] / n_predicted - by_chance
    error = np.sqrt(np.sum(by_chance * (1 - by_chance) / n_predicted))
    return bool(more_often.sum() > _N_ERRORS * error)


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
