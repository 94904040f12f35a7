"""What any detector says of labels, peers' included."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..inspection.findings import read_findings


class Detection(NamedTuple):
    """What a detector says of the labels that it was fitted on."""

    detector: Any  # fitted
    flags: np.ndarray  # (n_samples,), bool
    noise_probability: np.ndarray  # (n_samples,); flags as 0 and 1 where it gives none
    suggested_labels: np.ndarray | None  # (n_samples,)
    suggested_label_probability: np.ndarray | None  # (n_samples,)


def detect(detector, X, y):
    """Clone a detector, and find the wrong labels with it.

    Parameters
    ----------
    detector : Pipeline or detector
        With ``fit_predict(X, y)``, whose flags are True where a label is judged wrong.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
    y : ndarray of shape (n_samples,)

    Returns
    -------
    detection : Detection

    Raises
    ------
    TypeError
        If it has no ``fit_predict``.
    ValueError
        If its flags are not one bool per row.
    """
    if not hasattr(detector, "fit_predict"):
        raise TypeError(
            "detector must have fit_predict(X, y), which returns True where a label is judged "
            f"wrong, as make_dynacor_pipeline() has; got {detector!r}."
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
    suggested = probability = None
    if hasattr(last, "flags_"):
        findings = read_findings(detector, X, y)
        suggested = findings.suggested_labels
        probability = findings.suggested_label_probability
    noise_probability = getattr(last, "noise_probability_", flags.astype(float))
    return Detection(detector, flags, noise_probability, suggested, probability)
