"""The labels that a file gives, as classes."""

import numpy as np

from ..groundwork.validation import MIN_SAMPLES
from .bad_input import BadInput


def check_labels(y, name):
    """Check that labels are classes, and bring them to one type.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        None of them missing.
    name : str
        What the file calls them.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        Whole numbers as integers.

    Raises
    ------
    BadInput
        If there are too few labels, one class only, or as good as a class for every row.
    """
    if len(y) < MIN_SAMPLES:
        raise BadInput(f"{len(y)} rows have a label in {name!r}; at least {MIN_SAMPLES} must.")
    if y.dtype.kind not in "OUSbiuf":
        raise BadInput(f"The labels in {name!r} are {y.dtype}; classes are strings or numbers.")
    if y.dtype.kind == "f":
        if not (np.isfinite(y) & (y == np.floor(y))).all():
            broken = y[~np.isfinite(y) | (y != np.floor(y))][0]
            raise BadInput(
                f"The labels in {name!r} are measurements, such as {broken}, not classes; to find "
                "wrong ones, cut them into ranges first."
            )
        y = y.astype(np.int64)
    kinds = {type(value).__name__ for value in y.tolist()}
    if len(kinds) > 1:
        raise BadInput(f"The labels in {name!r} are of several types: {', '.join(sorted(kinds))}.")
    n_classes = len(np.unique(y))
    if n_classes < 2:
        raise BadInput(f"All labels in {name!r} are {y[0]!r}; there must be two classes or more.")
    if n_classes > len(y) / 2:
        raise BadInput(
            f"{name!r} has {n_classes} different labels in {len(y)} rows, which leaves nothing to "
            "compare a row with; is it the label?"
        )
    return y
