"""What to train on, once wrong labels are found."""

from typing import NamedTuple

import numpy as np

STRATEGIES = ("drop", "relabel", "reweight")


class LostClassError(ValueError):
    """A class of which no row is left to train on."""


class Cleaned(NamedTuple):
    """What to train on."""

    rows: np.ndarray  # positions, (n_left,)
    labels: np.ndarray  # (n_left,)
    weights: np.ndarray | None  # (n_left,); None weighs all alike


def clean(strategy, y, detection, relabel_above):
    """Clean labels by what was found.

    Parameters
    ----------
    strategy : {"drop", "relabel", "reweight"}
    y : ndarray of shape (n_samples,)
        The given labels.
    detection : Detection
    relabel_above : float
        The least probability of a suggestion that is taken.

    Returns
    -------
    cleaned : Cleaned

    Raises
    ------
    LostClassError
        If a class is left without rows.
    ValueError
        If nothing was suggested where it is needed.
    """
    if strategy == "reweight":
        weights = 1 - detection.noise_probability
        rows = np.flatnonzero(weights)
        cleaned = Cleaned(rows, y[rows], weights[rows])
    elif strategy == "drop":
        rows = np.flatnonzero(~detection.flags)
        cleaned = Cleaned(rows, y[rows], None)
    else:
        if detection.suggested_label_probability is None:
            raise ValueError(
                f"{type(detection.detector).__name__} suggests no labels with a probability, which "
                "strategy='relabel' needs; use another strategy, or the default detector."
            )
        sure = detection.flags & (detection.suggested_label_probability >= relabel_above)
        rows = np.flatnonzero(sure | ~detection.flags)
        cleaned = Cleaned(rows, np.where(sure, detection.suggested_labels, y)[rows], None)
    _check_left(y, cleaned, detection.flags)
    return cleaned


def _check_left(y, cleaned, flags):
    lost = np.setdiff1d(y, cleaned.labels)
    if len(lost):
        names = ", ".join(map(repr, lost.tolist()))
        raise LostClassError(
            f"No row of class {names} is left to train on: the detector flags {flags.sum()} of "
            f"{len(flags)} labels, all of that class among them. Use strategy='reweight', a "
            "detector that flags less, or look at the labels first."
        )
