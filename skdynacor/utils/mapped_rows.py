"""Rows of a file that workers on other machines open themselves."""

import socket

import numpy as np


class MappedRows:
    """Rows of a ``np.memmap``, which are pickled as a place in its file.

    joblib does the same between processes of one machine only.
    """

    def __init__(self, rows, memmap):
        memmap.flush()
        self._rows = rows
        self._file = memmap.filename, memmap.offset, memmap.nbytes
        first = rows.__array_interface__["data"][0] - memmap.__array_interface__["data"][0]
        self._place = rows.shape, rows.dtype, first, rows.strides

    def __getstate__(self):
        return vars(self) | {"_rows": None}

    def open(self):
        """Return the rows."""
        if self._rows is not None:
            return self._rows
        name, offset, n_bytes = self._file
        try:
            memmap = np.memmap(name, np.uint8, "r", offset, n_bytes)
        except (OSError, ValueError) as error:
            raise OSError(
                f"A worker on {socket.gethostname()} cannot open {name}, the file of X: {error}. "
                "Put it where all workers find it under this path, or pass np.array(X), which is "
                "sent to them."
            ) from error
        shape, dtype, first, strides = self._place
        return np.ndarray(shape, dtype, memmap, first, strides)


def find_memmap(X):
    """Return the ``np.memmap`` that an array is, or is a view of; None if there is none."""
    while isinstance(getattr(X, "base", None), np.ndarray):
        X = X.base
    return X if isinstance(X, np.memmap) else None


def as_mapped(X):
    """Wrap rows of a file; other rows, also changed copies of a file's, stay what they are."""
    memmap = find_memmap(X)
    is_of_file = memmap is not None and memmap.filename is not None and memmap.mode != "c"
    return MappedRows(X, memmap) if is_of_file else X


def opened(X):
    """Unwrap rows."""
    return X.open() if isinstance(X, MappedRows) else X
