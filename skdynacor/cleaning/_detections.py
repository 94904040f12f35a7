"""Results of any detector, for cleaning."""

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..inspection._findings import Findings, find_index, read_findings
from ..utils.validation import number_labels


def detect(detector, X, y, verdicts=None):
    """Fit a clone of a detector; return it and its ``Findings``, with a noise probability.

    A detector without noise probabilities gets its flags as such, 0 or 1. Verdicts recalibrate it.
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
    if verdicts is not None:
        if not hasattr(last, "recalibrate"):
            raise ValueError(
                f"{type(last).__name__} takes no verdicts; LabelErrorDetector and DynaCorDetector "
                "do."
            )
        last.recalibrate(verdicts)
    if getattr(last, "noise_probability_", None) is not None:
        return detector, read_findings(detector, X, y)
    classes, codes = number_labels(y)
    score = flags.astype(float)
    findings = Findings(y, codes, classes, find_index(X, y), flags, score, noise_probability=score)
    return detector, findings
