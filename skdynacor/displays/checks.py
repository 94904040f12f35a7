"""Checks of what displays are given, by an estimator or as arrays."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import column_or_1d

from ..groundwork.validation import check_array
from ..inspection.findings import read_findings

# What a detector may lack, and where it can be had.
_SOURCES = {
    "dynamics": (
        "trails of the rows",
        "Fit a pipeline with a DynamicsCollector, as make_dynacor_pipeline() makes",
    ),
    "noise_probability": (
        "probability that a label is wrong",
        "Fit a pipeline that ends in TransitionDetector or DynaCorDetector",
    ),
    "suggested_labels": (
        "suggested labels",
        "Fit a pipeline that ends in TransitionDetector, as make_dynacor_pipeline() makes",
    ),
    "transition": (
        "noise transition",
        "Fit a pipeline that ends in TransitionDetector, as make_dynacor_pipeline() makes",
    ),
}


def read_needed(display, needed, estimator, X, y):
    """Read what an estimator found, and check that it found what the display needs.

    Parameters
    ----------
    display : type
        The display's class, which the error names.
    needed : str
        The attribute of ``Findings`` that must be there.
    estimator, X, y
        As ``read_findings`` takes them.

    Returns
    -------
    findings : Findings

    Raises
    ------
    ValueError
        If it is not there; the error says which estimator has it.
    """
    findings = read_findings(estimator, X, y)
    if getattr(findings, needed) is None:
        detector = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        what, source = _SOURCES[needed]
        raise ValueError(
            f"{display.__name__} shows the {what}, and this {type(detector).__name__} has none. "
            f"{source}, or pass your own to {display.__name__}.from_predictions."
        )
    return findings


def check_trails(dynamics, name="dynamics"):
    """Check trails: finite numbers of shape (n_samples, n_epochs), at least one of each."""
    return check_array(dynamics, dtype=[np.float64, np.float32], input_name=name, estimator=name)


def check_mask(mask, name, n_rows=None):
    """Check a boolean for each row, (n_rows,); None asks for no certain number of rows."""
    mask = column_or_1d(mask)
    if mask.dtype.kind != "b" and not np.isin(mask, [0, 1]).all():
        raise ValueError(
            f"{name} must be booleans, True where it holds of a row; got {mask[:5].tolist()}."
        )
    _check_length(mask, name, n_rows)
    return mask.astype(bool)


def check_probability(probability, name, n_rows=None):
    """Check a probability for each row, (n_rows,); None asks for no certain number of rows."""
    probability = column_or_1d(probability)
    if probability.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be numbers; got {probability[:5].tolist()}.")
    probability = probability.astype(np.float64)
    _check_length(probability, name, n_rows)
    # Said this way round, NaN is at fault too.
    faulty = np.flatnonzero(~((probability >= 0) & (probability <= 1)))
    if faulty.size:
        raise ValueError(
            f"{name} must be in [0, 1]; got {probability[faulty[0]]} in row {faulty[0]} "
            f"({faulty.size} faulty rows in all)."
        )
    return probability


def check_labels(labels, name, n_rows=None):
    """Check a label for each row, (n_rows,); None asks for no certain number of rows."""
    labels = column_or_1d(labels)
    _check_length(labels, name, n_rows)
    return labels


def find_wrong(labels, y_true):
    """Tell which given labels are wrong, (n_samples,), by the right ones."""
    wrong = labels != check_labels(y_true, "y_true", len(labels))
    if wrong.all():
        raise ValueError(
            f"No given label equals the right one; got {labels[:3].tolist()} and, as y_true, "
            f"{np.asarray(y_true)[:3].tolist()}. Pass y_true in the order of X, "
            "and written as y is."
        )
    return wrong


def _check_length(array, name, n_rows):
    if len(array) == 0:
        raise ValueError(f"{name} is empty; there is nothing to draw.")
    if n_rows is not None and len(array) != n_rows:
        raise ValueError(
            f"{name} must have one entry for each of the {n_rows} rows; got {len(array)}."
        )
