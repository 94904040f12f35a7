"""Features and labels in a ``.npz`` file."""

import zipfile
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch, check_array
from sklearn.utils.validation import check_consistent_length, column_or_1d

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

        - ``X`` of shape (n_samples, n_features), numbers, NaN where one is missing;
        - ``y_true`` of shape (n_samples,), the right labels;
        - ``y_given`` or ``y_given_<name>`` of shape (n_samples,), for each set of given labels, if
          there are any.

        Other arrays are not read. Pickles are not loaded.

    Returns
    -------
    data : Bunch
        - ``X`` : ndarray of shape (n_samples, n_features), dtype float32
        - ``y_true`` : ndarray of shape (n_samples,)
        - ``given`` : dict of str to ndarray of shape (n_samples,), by ``<name>``; ``""`` for
          ``y_given``

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, an array is missing, holds Python objects or has another shape.

    See Also
    --------
    make_label_noise : Makes wrong labels.

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
    try:
        arrays = _read_arrays(path)
        X = check_array(
            arrays.pop("X"), dtype=np.float32, ensure_all_finite="allow-nan", input_name="X"
        )
        arrays = {name: column_or_1d(array) for name, array in arrays.items()}
        check_consistent_length(X, *arrays.values())
    except (ValueError, EOFError, zipfile.BadZipFile, OSError) as error:
        raise ValueError(
            f"{path} is damaged or of another format: {error} Expected {_EXPECTED}"
        ) from error
    y_true = arrays.pop("y_true")
    given = {name.removeprefix("y_given").removeprefix("_"): y for name, y in arrays.items()}
    return Bunch(X=X, y_true=y_true, given=given)


def _read_arrays(path):
    with path.open("rb") as stream:  # NB: given a path, np.load leaves damaged archives open
        data = np.load(stream, allow_pickle=False)
        if isinstance(data, np.ndarray):
            raise ValueError("It holds a single array without a name.")
        missing = [name for name in ("X", "y_true") if name not in data.files]
        if missing:
            raise ValueError(f"{' and '.join(missing)} missing among the arrays {data.files}.")
        is_given = {n for n in data.files if n == "y_given" or n.startswith("y_given_")}
        return {
            name: data[name] for name in ("X", "y_true", *sorted(is_given, key=data.files.index))
        }
