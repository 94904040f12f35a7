"""Clean labels by the flags and suggestions of a detector."""

from typing import NamedTuple

import numpy as np

STRATEGIES = ("drop", "relabel", "reweight")


class Cleaned(NamedTuple):
    """The rows and labels to train on."""

    rows: np.ndarray  # positions, (n_left,)
    labels: np.ndarray  # (n_left,)
    weights: np.ndarray | None  # (n_left,)
    kept_classes: np.ndarray  # classes that would have lost all their rows


def clean(strategy, y, findings, relabel_above):
    """Clean the labels y, (n_samples,); every class keeps at least one row."""
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
    # A row returned to its class may have been the only one of the class it was relabelled to.
    while len(lost := np.setdiff1d(y, labels[weights > 0])):
        rows = _least_likely_wrong(y == lost[0], findings.noise_probability)
        labels[rows], weights[rows] = lost[0], 1
        kept_classes.append(lost[0])
    rows = np.flatnonzero(weights)
    weights = weights[rows] if strategy == "reweight" else None
    return Cleaned(rows, labels[rows], weights, np.array(kept_classes, y.dtype))


def _least_likely_wrong(of_class, noise_probability):
    """Find the rows of a class with the smallest noise probability, several if they tie."""
    return np.flatnonzero(of_class & (noise_probability == noise_probability[of_class].min()))
