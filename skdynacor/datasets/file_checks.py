"""What the loaders check alike, with errors that name the file."""

from contextlib import contextmanager

import numpy as np


@contextmanager
def reading(file, expected):
    """Let what goes wrong in the block say which file is damaged, and what it should hold.

    Parameters
    ----------
    file : Path
    expected : str
        What a sound file is, and where to get one.

    Raises
    ------
    ValueError
        For any error but that the file cannot be opened, with its text: what damage does to a
        pickle or an archive, Python's and numpy's readers report by errors of many types.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:  # not opened, not damaged
            raise
        raise ValueError(
            f"{file} is damaged or of another format: "
            f"{str(error).rstrip('.') or type(error).__name__}. Expected {expected}"
        ) from error


def check_class_numbers(labels, n_classes, name):
    """Check labels that are numbers of classes.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Integers from 0 to ``n_classes - 1``.
    n_classes : int
    name : str
        What the file calls them.

    Returns
    -------
    labels : ndarray of shape (n_samples,), dtype int64
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{name} has shape {labels.shape} and dtype {labels.dtype}, where one integer per row "
            "belongs."
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"{name} ranges from {labels.min()} to {labels.max()}, where classes are numbered from "
            f"0 to {n_classes - 1}."
        )
    return labels.astype(np.int64)


def check_same_length(arrays):
    """Check that arrays have as many rows as each other.

    Parameters
    ----------
    arrays : dict of str to ndarray
        By the names that the file has for them.

    Raises
    ------
    ValueError
        With the names and lengths, if there are several lengths.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"Lengths differ: {found}.")
