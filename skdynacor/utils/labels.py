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


def find_similar_labels(classes):
    """Find classes that differ only in case, or in blanks before or after.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    similar : list of ndarray of int
        Positions in ``classes``, two or more in each array.

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.utils.labels import find_similar_labels
    >>> find_similar_labels(np.array(["Sun", "rain", "sun", "sun "]))
    [array([0, 2, 3])]
    """
    positions = {}
    for position, label in enumerate(classes.tolist()):
        if isinstance(label, str):
            positions.setdefault(label.strip().lower(), []).append(position)
    return [np.array(each) for each in positions.values() if len(each) > 1]
