"""Findings of any detector, peers' included."""

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..inspection._findings import Findings, find_index, read_findings
from ..utils.validation import number_labels


def detect(detector, X, y):
    """Clone a detector, and find label errors with it.

    Parameters
    ----------
    detector : Pipeline or detector
        With ``fit_predict(X, y)``, whose flags are True where a label looks wrong.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
    y : ndarray of shape (n_samples,)

    Returns
    -------
    detector : Pipeline or detector
        The fitted clone.
    findings : Findings
        Its noise probabilities are its flags, as 0 and 1, where it gives none.

    Raises
    ------
    TypeError
        If it has no ``fit_predict``.
    ValueError
        If its flags are not one bool per row.
    """
    if not hasattr(detector, "fit_predict"):
        raise TypeError(
            "detector must have fit_predict(X, y), which returns True where a label looks wrong, "
            f"as LabelErrorDetector() has; got {detector!r}."
        )
    detector = clone(detector)
    flags = np.asarray(detector.fit_predict(X, y))
    if flags.shape != (len(y),) or not (flags.dtype == bool or set(np.unique(flags)) <= {0, 1}):
        raise ValueError(
            f"detector.fit_predict(X, y) must return one bool per row, of shape ({len(y)},); it "
            f"returned {flags.dtype} of shape {flags.shape}."
        )
    flags = flags.astype(bool)
    last = detector[-1] if isinstance(detector, Pipeline) else detector
    if getattr(last, "noise_probability_", None) is not None:
        return detector, read_findings(detector, X, y)
    classes, codes = number_labels(y)
    score = flags.astype(float)
    findings = Findings(y, codes, classes, find_index(X, y), flags, score, noise_probability=score)
    return detector, findings
