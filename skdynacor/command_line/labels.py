"""Check the labels of a file."""

import numpy as np

from ..utils.validation import MIN_SAMPLES
from .bad_input import BadInput


def check_labels(y, name):
    """Check that labels, (n_samples,), are classes; whole floats become integers."""
    if len(y) < MIN_SAMPLES:
        raise BadInput(f"{len(y)} rows have a label in {name!r}; at least {MIN_SAMPLES} must.")
    if y.dtype.kind == "f":
        broken = y[y != np.floor(y)]
        if len(broken):
            raise BadInput(
                f"The labels in {name!r} are measurements, such as {broken[0]}, not classes; bin "
                "them first."
            )
        y = y.astype(np.int64)
    n_classes = len(np.unique(y))
    if n_classes < 2:
        raise BadInput(f"All labels in {name!r} are {y[0]!r}; there must be at least two classes.")
    if n_classes > len(y) / 2:
        raise BadInput(
            f"{name!r} has {n_classes} different labels in {len(y)} rows, less than two rows per "
            "class; is it the column of labels?"
        )
    return y
