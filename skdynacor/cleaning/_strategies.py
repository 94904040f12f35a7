"""Cleaning labels by what a detector found."""

from typing import NamedTuple

import numpy as np

STRATEGIES = ("drop", "relabel", "reweight")


class Cleaned(NamedTuple):
    """What to train on."""

    rows: np.ndarray  # positions, (n_left,)
    labels: np.ndarray  # (n_left,)
    weights: np.ndarray | None  # (n_left,); None weighs all alike
    kept_classes: np.ndarray  # that would have been left without rows


def clean(strategy, y, findings, relabel_above):
    """Clean labels by what was found, and leave no class without rows.

    Parameters
    ----------
    strategy : {"drop", "relabel", "reweight"}
    y : ndarray of shape (n_samples,)
        The given labels.
    findings : Findings
    relabel_above : float
        The least probability of a suggestion that is taken.

    Returns
    -------
    cleaned : Cleaned

    Raises
    ------
    ValueError
        If nothing was suggested where it is needed.
    """
    labels, weights = y.copy(), np.where(findings.flags, 0.0, 1.0)
    if strategy == "reweight":
        weights = 1 - findings.noise_probability
    elif strategy == "relabel":
        if findings.suggested_label_probability is None:
            raise ValueError(
                "The detector suggests no labels with a probability, which "
                "strategy='relabel' needs; use another strategy, or the default detector."
            )
        weights[findings.suggested_label_probability >= relabel_above] = 1
        labels = np.where(findings.flags, findings.suggested_labels, y)
    kept_classes = []
    # A row that goes back to its class may be the last of the class that it was relabelled to.
    while len(lost := np.setdiff1d(y, labels[weights > 0])):
        rows = _least_doubtful(y == lost[0], findings.noise_probability)
        labels[rows], weights[rows] = lost[0], 1
        kept_classes.append(lost[0])
    rows = np.flatnonzero(weights)
    weights = weights[rows] if strategy == "reweight" else None
    return Cleaned(rows, labels[rows], weights, np.array(kept_classes, y.dtype))


def _least_doubtful(of_class, noise_probability):
    """Find the rows of a class whose labels are least likely wrong, several if they tie."""
    return np.flatnonzero(of_class & (noise_probability == noise_probability[of_class].min()))
