"""Facts about classes, of labels that are encoded already."""

import numpy as np


def takes_as_labels(classes):
    """Return whether scikit-learn's classifiers take such labels; they refuse most objects."""
    return classes.dtype.kind != "O" or isinstance(classes[0], str)


def label_names(classes):
    """Write labels as texts, dates no longer than they need be."""
    if classes.dtype.kind == "M":
        return np.datetime_as_string(classes, unit="auto").tolist()
    return [str(label) for label in classes.tolist()]
