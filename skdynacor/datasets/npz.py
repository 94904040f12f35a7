"""Features and labels in one file of numpy's."""

import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ..groundwork.unpacking import check_unpacked
from .file_checks import check_same_length, reading

_EXPECTED = (
    "a .npz file of numpy.savez with the arrays X (n, d) and y_true (n,), and y_given or "
    "y_given_<name> (n,) for each set of given labels."
)


def load_npz(path):
    """Load features, right labels and given labels from a ``.npz`` file.

    Parameters
    ----------
    path : str or Path
        A file of ``numpy.savez`` or ``numpy.savez_compressed`` with the arrays

        - ``X`` of shape (n_samples, n_features), numbers;
        - ``y_true`` of shape (n_samples,), the right labels;
        - ``y_given`` or ``y_given_<name>`` of shape (n_samples,), for each set of given labels, of
          which there may be none.

        Other arrays are left alone. Nothing is unpickled.

    Returns
    -------
    data : Bunch
        - ``X`` : ndarray of shape (n_samples, n_features), dtype float32
        - ``y_true`` : ndarray of shape (n_samples,), of the dtype in the file
        - ``given`` : dict of str to ndarray of shape (n_samples,), by ``<name>``, which is ``""``
          for ``y_given``

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, an array is missing, holds Python objects or has the wrong number
        of dimensions, lengths differ, or the file unpacks to more than 64 MiB and 200 times its
        size.

    See Also
    --------
    make_label_noise : Makes given labels where a file has none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdynacor.datasets import load_npz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "pets.npz")
    ...     np.savez(file, X=np.eye(3), y_true=[0, 1, 1], y_given_worst=[0, 1, 0])
    ...     data = load_npz(file)
    >>> data.X.shape, list(data.given)
    ((3, 3), ['worst'])
    >>> float(np.mean(data.given["worst"] != data.y_true).round(2))
    0.33
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Expected {_EXPECTED}")
    with reading(path, _EXPECTED):
        arrays = _read_arrays(path)
        for name, array in arrays.items():
            if array.ndim != (2 if name == "X" else 1):
                raise ValueError(f"The array {name} has shape {array.shape}.")
        check_same_length(arrays)
        X = arrays.pop("X")
        if X.dtype.kind not in "fiub" or not X.size:
            raise ValueError(f"X has shape {X.shape} and dtype {X.dtype}, where numbers belong.")
        y_true = arrays.pop("y_true")
    given = {name.removeprefix("y_given").removeprefix("_"): y for name, y in arrays.items()}
    return Bunch(X=X.astype(np.float32), y_true=y_true, given=given)


def _read_arrays(path):
    with open_arrays(path) as arrays:
        missing = [name for name in ("X", "y_true") if name not in arrays.names]
        if missing:
            raise ValueError(f"{' and '.join(missing)} missing among the arrays {arrays.names}.")
        wanted = re.compile("X|y_true|y_given(_.+)?")
        return arrays.read([name for name in arrays.names if wanted.fullmatch(name)])


@contextmanager
def open_arrays(path):
    """Open a ``.npz`` file that somebody else may have made.

    Nothing is unpickled, and nothing unpacked before it is known to what size. Errors are of many
    types where a file is damaged.

    Parameters
    ----------
    path : Path

    Yields
    ------
    arrays : Arrays

    Raises
    ------
    ValueError
        If the file holds a single array.
    """
    with path.open("rb") as stream:  # NB: given a path, np.load leaves damaged archives open
        data = np.load(stream, allow_pickle=False)
        if isinstance(data, np.ndarray):
            raise ValueError("It holds a single array without a name.")
        yield Arrays(data, path)


class Arrays:
    """The arrays of an open ``.npz`` file.

    Parameters
    ----------
    data : numpy.lib.npyio.NpzFile
    path : Path

    Attributes
    ----------
    names : list of str
    """

    def __init__(self, data, path):
        self._data = data
        self._path = path
        self.names = data.files

    def read(self, names):
        """Read arrays; return a dict of them by name.

        Raises
        ------
        ValueError
            If one holds Python objects, or all together unpack to far more than the file.
        """
        sizes = {info.filename.removesuffix(".npy"): info for info in self._data.zip.infolist()}
        check_unpacked(sum(sizes[name].file_size for name in names), self._path)
        return {name: self._read(name) for name in names}

    def _read(self, name):
        try:
            return self._data[name]
        except ValueError as error:  # which does not tell the array's name
            raise ValueError(f"The array {name} cannot be read. {error}") from error
