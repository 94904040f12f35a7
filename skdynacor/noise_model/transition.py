"""How often each class is given each label, read from the rows that most surely look like it.

Shapes: ``logits`` (n_samples, n_classes) say which classes a row looks like; ``labels``
(n_samples,), int, are its given ones; a transition matrix (n_classes, n_classes) holds the
probability that a row of one class (its row) is given the label of another (its column).
"""

import numpy as np

# How many rows' worth a class is drawn towards what holds of all classes together.
PRIOR_ROWS = 10.0
# No label is impossible.
_LEAST = 1e-6


def count_anchors(logits, labels, share):
    """Count the labels of each class's anchors.

    The anchors of a class are, of the rows that look most like it, the ``share`` that do so by the
    largest margins. Where beliefs are right at all, they are right there, so that other labels
    found among anchors are mistakes and no overlap of classes.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)
    share : float in (0, 1]

    Returns
    -------
    counts : ndarray of shape (n_classes, n_classes)
        How many anchors of a class (row) have which label (column).
    """
    n_classes = logits.shape[1]
    looks_like = logits.argmax(axis=1)
    two_largest = np.partition(logits, n_classes - 2, axis=1)[:, -2:]  # (n_samples, 2)
    margins = two_largest[:, 1] - two_largest[:, 0]
    counts = np.zeros((n_classes, n_classes))
    for label in np.unique(looks_like):
        rows = looks_like == label
        # Of rows with equal margins all are anchors or none: their order must not matter.
        least = np.quantile(margins[rows], 1 - share, method="lower")
        counts[label] = np.bincount(labels[rows & (margins >= least)], minlength=n_classes)
    return counts


def estimate_transition(counts, frequencies):
    """Turn the anchors' labels into a transition matrix.

    Each class is drawn towards all classes together, one rate for right labels and the rest spread
    evenly, by ``PRIOR_ROWS`` rows: it decides where there are few anchors, and little elsewhere.

    Where anchors agree with their labels no more often than by chance, nothing has been learnt, and
    labels are taken to be right.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        See ``count_anchors``.
    frequencies : ndarray of shape (n_classes,)
        Shares of the labels among all rows.

    Returns
    -------
    transition : ndarray of shape (n_classes, n_classes)
        Each row sums to 1.
    """
    n_classes = len(counts)
    if not _agree_beyond_chance(counts, frequencies):
        counts = np.diag(counts.sum(axis=1))
    right = (np.trace(counts) + 0.5) / (counts.sum() + 1)  # Jeffreys' prior: never quite 1
    common = np.full((n_classes, n_classes), (1 - right) / max(1, n_classes - 1))
    np.fill_diagonal(common, right)
    transition = (counts + PRIOR_ROWS * common) / (counts.sum(axis=1, keepdims=True) + PRIOR_ROWS)
    transition = np.maximum(transition, _LEAST)
    return transition / transition.sum(axis=1, keepdims=True)


def _agree_beyond_chance(counts, frequencies):
    """Tell whether anchors have the label that they look like more often than any rows would.

    Classes count alike, so that a rare one that was learnt is not lost beside a common one.
    """
    n_anchors = counts.sum(axis=1)
    some = n_anchors > 0
    by_chance, n_anchors = frequencies[some], n_anchors[some]
    more_often = counts.diagonal()[some] / n_anchors - by_chance
    error = np.sqrt(np.sum(by_chance * (1 - by_chance) / n_anchors))
    return more_often.sum() > error


def implied_noise_rate(transition, labels, max_iter=500, tol=1e-7):
    """Give the share of wrong labels that a transition implies, whatever single rows look like.

    The classes' shares π are those under which the labels' frequencies q are likeliest, given that
    labels come by π T: expectation-maximisation, which keeps them between 0 and 1.

    Parameters
    ----------
    transition : ndarray of shape (n_classes, n_classes)
    labels : ndarray of shape (n_samples,)
    max_iter : int, default=500
    tol : float, default=1e-7
        Stop when no share changes by more.

    Returns
    -------
    rate : float in [0, 1]
        1 − Σ π_c T[c, c].
    """
    frequencies = np.bincount(labels, minlength=len(transition)) / len(labels)
    shares = frequencies
    for _ in range(max_iter):
        before = shares
        shares = before * (transition @ (frequencies / (before @ transition)))
        if np.abs(shares - before).max() < tol:
            break
    return float(1 - shares @ transition.diagonal())
