"""Checks of what displays draw."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ..inspection._findings import read_findings
from ..utils.validation import check_array

# Error messages for results that an estimator may lack.
_LACKING = {
    "dynamics": "records no training dynamics; a pipeline of make_dynacor_pipeline() does",
    "noise_probability": "estimates no noise probability; a LabelErrorDetector does",
    "suggested_labels": "suggests no labels; a LabelErrorDetector does",
    "transition_matrix": "estimates no transition matrix; a LabelErrorDetector does",
}


def read_needed(estimator, X, y, needed):
    """Read the results of an estimator, which must include the field ``needed``."""
    findings = read_findings(estimator, X, y)
    if getattr(findings, needed) is None:
        detector = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        raise ValueError(
            f"{type(detector).__name__} {_LACKING[needed]}. from_predictions draws arrays of your "
            "own."
        )
    return findings


def check_dynamics(dynamics, flags):
    """Check training dynamics, (n_samples, n_epochs), and a flag for each row."""
    dynamics = check_array(dynamics, dtype=[np.float64, np.float32], input_name="dynamics")
    return dynamics, check_mask(flags, "flags", dynamics)


def check_mask(mask, name, rows):
    """Check a boolean for each row, (n_samples,)."""
    mask = column_or_1d(mask)
    check_consistent_length(rows, mask)
    if not np.isin(mask, [0, 1]).all():
        raise ValueError(f"{name} must be booleans; got {mask[:5].tolist()}.")
    return mask.astype(bool)


def check_probability(noise_probability):
    """Check the probability that the label of each row is wrong, (n_samples,)."""
    probability = check_array(
        column_or_1d(noise_probability),
        dtype=np.float64,
        ensure_2d=False,
        input_name="noise_probability",
    )
    if probability.min() < 0 or probability.max() > 1:
        raise ValueError(
            "noise_probability must be in [0, 1]; got values from "
            f"{probability.min()} to {probability.max()}."
        )
    return probability


def find_wrong(labels, y_true):
    """Return which given labels differ from the right ones, (n_samples,)."""
    y_true = column_or_1d(y_true)
    check_consistent_length(labels, y_true)
    wrong = labels != y_true
    if wrong.all():
        raise ValueError(
            f"No given label equals the right one; got {labels[:3].tolist()} and, as y_true, "
            f"{y_true[:3].tolist()}. Pass y_true in the order of X, with the labels of y."
        )
    return wrong
