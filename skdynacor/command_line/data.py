"""Read the features and the given labels of a file."""

import zlib
from dataclasses import dataclass, field
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from .bad_input import BadInput, listed, no_such_name
from .columns import LARGEST, choose_columns
from .labels import check_labels
from .tables import read_table, suffix_of


@dataclass
class Data:
    """Features and labels of a file."""

    X: pd.DataFrame | np.ndarray  # (n_samples, n_features)
    y: np.ndarray  # (n_samples,)
    label: str  # name of the column or array of labels
    text_columns: list = field(default_factory=list)  # columns of X that hold text
    notices: list = field(default_factory=list)  # messages for the user


def read_data(path, label=None, features=None, text_columns=None, separator=None, encoding=None):
    """Read a table, or the arrays of a ``.npz`` file ("X" and "y_given" unless named)."""
    try:
        if suffix_of(path) == ".npz":
            return _read_arrays(path, label or "y_given", features or ["X"], text_columns)
        return _data_of_table(read_table(path, separator, encoding), label, features, text_columns)
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path} is a folder; name a file in it.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def _data_of_table(table, label, features, text_columns):
    frame, notices = table.frame, list(table.notices)
    names = list(frame.columns)
    if label is None:
        raise BadInput(f"Which column holds the labels? Pass --label; there are {listed(names)}.")
    if label not in names:
        raise no_such_name(label, names, "column", "--label")
    columns = choose_columns(frame, label, features, text_columns)
    missing = frame[label].isna()
    if missing.any():
        frame = frame[~missing]
        notices.append(f"Left out {missing.sum():,} rows without a label: empty, NA or the like.")
    # infer_objects: a column of booleans with missing values has the dtype object.
    try:
        y = check_labels(frame[label].infer_objects().to_numpy(), label)
    except BadInput as error:
        raise BadInput(" ".join([str(error), *notices])) from error
    X = frame[columns.features].copy()
    if columns.text_columns:
        X[columns.text_columns] = X[columns.text_columns].astype(object).fillna("")
    return Data(X, y, label, columns.text_columns, notices + columns.notices)


def _read_arrays(path, label, features, text_columns):
    if text_columns or len(features) != 1:
        raise BadInput("For a .npz file, --features names one array, and there is no --text.")
    X, y = _load(path, {"--features": features[0], "--label": label})
    if X.dtype.kind not in "fiub" or X.ndim < 2 or y.shape != X.shape[:1]:
        raise BadInput(
            f"{path}: {features[0]} is {X.dtype} of shape {X.shape} and {label} of shape "
            f"{y.shape}; expected numbers of shape (rows, features), and one label for each row."
        )
    X = X.reshape(len(X), -1)
    if X.dtype.kind == "f" and not (np.abs(X) <= LARGEST)[~np.isnan(X)].all():
        raise BadInput(f"{path}: {features[0]} has infinite numbers.")
    labelled, notices = ~pd.isna(y), []
    if not labelled.all():
        X, y = X[labelled], y[labelled]
        notices.append(f"Left out {(~labelled).sum():,} rows without a label.")
    return Data(X, check_labels(y, label), label, [], notices)


def _load(path, names):
    """Load the arrays that options name."""
    try:
        # NB: given a path, np.load leaves damaged archives open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for option, name in names.items():
                if name not in arrays.files:
                    raise no_such_name(name, arrays.files, "array", option)
            return [arrays[name] for name in names.values()]
    except (ValueError, EOFError, BadZipFile, zlib.error) as error:
        text = str(error).strip().partition("\n")[0]
        raise BadInput(f"{path} is not a valid .npz file of numbers and strings: {text}") from error
