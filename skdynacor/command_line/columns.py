"""Choose the columns of a table to learn from."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from skrub import TableVectorizer

from .bad_input import BadInput, no_such_name

#: Texts have at least this many words on average.
_WORDS_OF_TEXT = 5
#: A column of strings identifies rows if more than this share of its values are distinct.
_SHARE_DISTINCT = 0.9
_SOME_ROWS = 1000
#: Models compute with floats of 32 bits.
LARGEST = np.finfo(np.float32).max


class Columns(NamedTuple):
    """Columns to learn from, those among them that hold text, and notices for the user."""

    features: list
    texts: list
    notices: list


def choose_columns(frame, label, features=None, texts=None):
    """Choose the columns to learn from, and those among them that hold text.

    By default, identifiers and copies of the label are left out; columns that the user names are
    used in any case.
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
            reason = reason or _uninformative(column, frame[label])
        if reason:
            left_out[name] = reason
        else:
            kept.append(name)
    notices = [f"Left out {name!r}, which {reason}." for name, reason in left_out.items()]
    notices += [f"Took {name!r} for text; --text names the columns that are." for name in found]
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
    """Say why no model can use a column, or None."""
    if column.isna().all():
        return "is empty"
    if pd.api.types.is_float_dtype(column.dtype) and (column.abs() > LARGEST).any():
        return "has infinite numbers"
    return None


def _uninformative(column, labels):
    """Say why a column should not be learnt from, or None."""
    if _is_identifier(column):
        return "identifies the rows (--features uses it nevertheless)"
    if _is_copy(column, labels):
        return "is a copy of the label (--features uses it nevertheless)"
    return None


def _is_identifier(column):
    if pd.api.types.is_integer_dtype(column.dtype):
        if column.isna().any() or not column.is_unique:
            return False
        counts = int(column.max()) - int(column.min()) == len(column) - 1
        return counts or re.search(r"(^|[_\W])id$", str(column.name), re.IGNORECASE) is not None
    values = column.dropna()
    if not _is_string(column) or values.nunique() < _SHARE_DISTINCT * len(column):
        return False
    # NB: dates and numbers written as strings may be distinct, too.
    cleaner = TableVectorizer(numeric="drop", datetime="drop", high_cardinality="passthrough")
    return cleaner.fit_transform(values.iloc[:_SOME_ROWS].to_frame()).shape[1] > 0


def _is_copy(column, labels):
    """Tell whether values and labels correspond one to one."""
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
