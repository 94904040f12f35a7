"""What to learn from, and the labels to judge."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..datasets.npz import open_arrays
from .bad_input import BadInput, listed, no_such_name
from .columns import LARGEST, choose_columns
from .labels import check_labels
from .tables import read_table, suffix_of


@dataclass
class Data:
    """Rows and labels of a file.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    label : str
        What the file calls the labels.
    code : list of str
        Lines of Python that make X and y of the file, where pandas is ``pd`` and numpy ``np``.
    texts : list of str
        Columns of X that hold text.
    notices : list of str
        What the user should know.
    """

    X: pd.DataFrame | np.ndarray
    y: np.ndarray
    label: str
    code: list
    texts: list = field(default_factory=list)
    notices: list = field(default_factory=list)


def read_data(path, label=None, features=None, texts=None, separator=None, encoding=None):
    """Read rows and labels.

    Parameters
    ----------
    path : Path
    label : str or None
        The column of labels, or the array of a ``.npz`` file, where None stands for "y_given".
    features : list of str or None, default=None
        Columns to learn from; of a ``.npz`` file, one array, "X" if None.
    texts : list of str or None, default=None
        Columns of text.
    separator, encoding : str or None, default=None
        Of a text file.

    Returns
    -------
    data : Data

    Raises
    ------
    BadInput
        If there is no such file, or not what was asked for in it.
    """
    try:
        if suffix_of(path) == ".npz":
            return _read_arrays(path, label or "y_given", features or ["X"], texts)
        return _data_of_table(read_table(path, separator, encoding), label, features, texts)
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path} is a folder; name a file in it.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def _data_of_table(table, label, features, texts):
    frame, notices = table.frame, list(table.notices)
    names = list(frame.columns)
    if label is None:
        raise BadInput(f"Which column holds the labels? Pass --label; there are {listed(names)}.")
    if label not in names:
        raise no_such_name(label, names, "column", "--label")
    code = [f"table = {table.code}"]
    columns = choose_columns(frame, label, features, texts)
    missing = frame[label].isna()
    if missing.any():
        frame = frame[~missing]
        code.append(f"table = table.dropna(subset=[{label!r}])")
        notices.append(f"Left out {missing.sum():,} rows without a label: empty, NA or the like.")
    given = frame[label].infer_objects().to_numpy()  # with gaps, booleans were objects
    try:
        y = check_labels(given, label)
    except BadInput as error:
        raise BadInput(" ".join([str(error), *notices])) from error
    inferred = ".infer_objects()" if missing.any() else ""
    as_integers = ".astype(int)" if y.dtype.kind != given.dtype.kind else ""
    X = frame[columns.features].copy()
    code.append(f"X = table[{columns.features!r}].copy()")
    if columns.texts:
        X[columns.texts] = X[columns.texts].astype(object).fillna("")
        code.append(f'X[{columns.texts!r}] = X[{columns.texts!r}].astype(object).fillna("")')
    code.append(f"y = table[{label!r}]{inferred}.to_numpy(){as_integers}")
    return Data(X, y, label, code, columns.texts, notices + columns.notices)


def _read_arrays(path, label, features, texts):
    if texts or len(features) != 1:
        raise BadInput("Of a .npz file, --features names one array of numbers, and --text none.")
    X, y = _load(path, {"--features": features[0], "--label": label})
    if X.dtype.kind not in "fiub" or X.ndim < 2 or y.shape != X.shape[:1]:
        raise BadInput(
            f"{path}: {features[0]} is {X.dtype} of shape {X.shape} and {label} of shape "
            f"{y.shape}; expected numbers of shape (rows, features), and one label for each row."
        )
    code = [
        f"arrays = np.load({str(path)!r})",
        f"X, y = arrays[{features[0]!r}], arrays[{label!r}]",
    ]
    notices = []
    if X.ndim > 2:
        X = X.reshape(len(X), -1)
        code.append("X = X.reshape(len(X), -1)")
    if X.dtype.kind == "f" and not (np.abs(X) <= LARGEST)[~np.isnan(X)].all():
        raise BadInput(f"{path}: {features[0]} has infinite numbers.")
    if y.dtype.kind == "f" and np.isnan(y).any():
        labelled = ~np.isnan(y)
        X, y = X[labelled], y[labelled]
        code.append("X, y = X[~np.isnan(y)], y[~np.isnan(y)]")
        notices.append(f"Left out {(~labelled).sum():,} rows without a label.")
    checked = check_labels(y, label)
    if checked.dtype.kind != y.dtype.kind:
        code.append("y = y.astype(int)")
    return Data(X, checked, label, code, [], notices)


def _load(path, names):
    """Load arrays of a ``.npz`` file by their names, which are given for each option."""
    try:
        with open_arrays(path) as arrays:
            strangers = [(option, n) for option, n in names.items() if n not in arrays.names]
            loaded = {} if strangers else arrays.read(list(names.values()))
    except Exception as error:  # damage to an archive is reported by errors of many types
        if isinstance(error, OSError) and error.filename is not None:  # not opened, not damaged
            raise
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        raise BadInput(f"{path} is no sound .npz file of numbers and strings: {text}") from error
    for option, name in strangers:
        raise no_such_name(name, arrays.names, "array", option)
    return [loaded[name] for name in names.values()]
