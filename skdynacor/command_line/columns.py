"""Which columns of a table tell something of the label."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from skrub import TableVectorizer

from .bad_input import BadInput, no_such_name

#: A text has as many words as this on average, a name fewer.
_WORDS_OF_TEXT = 5
#: Where more of the values than this are met once only, they name rows.
_SHARE_OF_NAMES = 0.9
_SOME_ROWS = 1000
#: Models compute with floats of 32 bits.
LARGEST = np.finfo(np.float32).max


class Columns(NamedTuple):
    """Names of the columns to learn from, of those among them that hold text, and notices."""

    features: list
    texts: list
    notices: list


def choose_columns(frame, label, features=None, texts=None):
    """Choose the columns to learn from.

    Parameters
    ----------
    frame : DataFrame
    label : str
    features : list of str or None, default=None
        Named by the user, and then used whatever they hold. ``None`` stands for all that tell more
        than which row it is, or which label.
    texts : list of str or None, default=None
        Columns of text. ``None`` stands for those among the chosen that look like it.

    Returns
    -------
    columns : Columns

    Raises
    ------
    BadInput
        If a column is not there or cannot be used, or none is left.
    """
    _check_names(frame, label, features, texts)
    named = {*(features or []), *(texts or [])}
    kept, left_out, found = [], {}, []
    for name in frame.columns if features is None else dict.fromkeys([*features, *(texts or [])]):
        if name == label:
            continue
        column = frame[name]
        reason = _unusable(column)
        if reason and name in named:
            raise BadInput(f"The column {name!r} {reason}; leave it out.")
        if texts is None and not reason and _is_text(column):
            found.append(name)
        elif name not in named:
            reason = reason or _tells_nothing(column, frame[label])
        if reason:
            left_out[name] = reason
        else:
            kept.append(name)
    notices = [f"Left out {name!r}, which {reason}." for name, reason in left_out.items()]
    notices += [f"Took {name!r} for text; --text says which columns are." for name in found]
    if not kept:
        raise BadInput(" ".join(["There is no column to learn from.", *notices]))
    return Columns(kept, found if texts is None else list(dict.fromkeys(texts)), notices)


def _check_names(frame, label, features, texts):
    names = list(frame.columns)
    for option, asked in [("--features", features or []), ("--text", texts or [])]:
        for name in asked:
            if name not in names:
                raise no_such_name(name, names, "column", option)
            if name == label:
                raise BadInput(f"{option} names the label, {name!r}, which models must not see.")
    for name in texts or []:
        if not _is_string(frame[name]):
            raise BadInput(f"--text {name}: the column holds {frame[name].dtype}, not text.")


def _unusable(column):
    """Say why no model can take a column, if so."""
    if column.isna().all():
        return "is empty"
    if pd.api.types.is_float_dtype(column.dtype) and (column.abs() > LARGEST).any():
        return "has infinite numbers"
    return None


def _tells_nothing(column, labels):
    """Say why a column should not be learnt from, if so."""
    if _names_rows(column):
        return "names the rows (--features uses it all the same)"
    if _renames(column, labels):
        return "is the label by another name (--features uses it all the same)"
    return None


def _names_rows(column):
    """Tell whether a column only says which row it is: a count, or a name of each row's own."""
    if pd.api.types.is_integer_dtype(column.dtype):
        if column.isna().any() or not column.is_unique:
            return False
        counts = int(column.max()) - int(column.min()) == len(column) - 1
        return counts or re.search(r"(^|[_\W])id$", str(column.name), re.IGNORECASE) is not None
    values = column.dropna()
    if not _is_string(column) or values.nunique() < _SHARE_OF_NAMES * len(column):
        return False
    # Dates and numbers may be written as strings, and differ from row to row.
    cleaner = TableVectorizer(numeric="drop", datetime="drop", high_cardinality="passthrough")
    return cleaner.fit_transform(values.iloc[:_SOME_ROWS].to_frame()).shape[1] > 0


def _renames(column, labels):
    """Tell whether a column's values and the labels stand for each other, one to one."""
    n_values, n_labels = column.nunique(), labels.nunique()
    if n_values != n_labels:
        return False
    pairs = pd.DataFrame({"value": column, "label": labels}).dropna().drop_duplicates()
    return len(pairs) == n_labels


def _is_text(column):
    if not _is_string(column):
        return False
    some = column.dropna().iloc[:_SOME_ROWS].astype(str)
    return some.str.split().str.len().mean() >= _WORDS_OF_TEXT and some.nunique() > len(some) / 2


def _is_string(column):
    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "categorical", "mixed")
