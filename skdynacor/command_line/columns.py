"""Choose the feature columns of a table."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from skrub import TableVectorizer

from .bad_input import BadInput, listed
from .cells import looks_like_numbers
from .words import UNSPACED

#: A column of text has at least this many words on average.
_WORDS_OF_TEXT = 5
#: A column of strings is an identifier if at least this share of its values are distinct.
_SHARE_DISTINCT = 0.9
_SOME_ROWS = 1000
_NAME_OF_ID = re.compile(r"(?:^|[_\W])[iI][dD]$|[a-z]I[dD]$")  # id, user_id, userId
#: Models compute with floats of 32 bits.
LARGEST = np.finfo(np.float32).max


class Columns(NamedTuple):
    """Feature columns, those of them that hold text, and notices for the user."""

    features: list
    text_columns: list
    notices: list


def choose_columns(frame, labels, features=None, text_columns=None, image_column=None):
    """Choose the feature columns, and those of them that hold text.

    Identifiers and copies of the labels, (n_rows,), are left out, unless the user names them.
    """
    for name in text_columns or []:
        if not _is_string(frame[name]):
            raise BadInput(f"--text {name}: the column holds {frame[name].dtype}, not text.")
    image_columns = [] if image_column is None else [image_column]
    named = [*(features or []), *(text_columns or []), *image_columns]
    kept, left_out, found_texts = [], {}, []
    for name in frame.columns if features is None else dict.fromkeys(named):
        column = frame[name]
        reason = _unusable(column)
        if reason and name in named:
            raise BadInput(f"The column {name!r} {reason}; leave it out.")
        if text_columns is None and not reason and name != image_column and _is_text(column):
            found_texts.append(name)
        elif name not in named:
            reason = reason or _uninformative(column, labels)
        if reason:
            left_out[name] = reason
        else:
            kept.append(name)
    notices = _say_left_out(left_out)
    if found_texts:
        notices.append(f"Took {listed(found_texts)} for text; --text names the columns of text.")
    if not kept:
        raise BadInput(" ".join(["There is no feature column.", *notices]))
    return Columns(
        kept, found_texts if text_columns is None else list(dict.fromkeys(text_columns)), notices
    )


def _say_left_out(reasons):
    """Say which columns are left out of learning, by the reasons of their names."""
    by_reason = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    return [
        f"Left out {listed(names)}, {'which' if len(names) == 1 else 'each of which'} {reason}."
        for reason, names in by_reason.items()
    ]


def _unusable(column):
    """Give the reason why no model can use a column, or None."""
    if column.isna().all():
        return "is empty"
    if pd.api.types.is_float_dtype(column.dtype) and (column.abs() > LARGEST).any():
        return "has infinite numbers (write empty cells in their place to use it)"
    return None


def _uninformative(column, labels):
    """Give the reason why a column should be no feature, or None."""
    if _is_identifier(column):
        return "identifies the rows (--id shows it, --features learns from it)"
    if _is_copy(column, labels):
        return "is a copy of the label (--features learns from it)"
    return None


def _is_identifier(column):
    if pd.api.types.is_integer_dtype(column.dtype):
        if column.isna().any() or not column.is_unique:
            return False
        counts = int(column.max()) - int(column.min()) == len(column) - 1
        return counts or _NAME_OF_ID.search(str(column.name)) is not None
    values = column.dropna()
    if not _is_string(column) or values.nunique() < _SHARE_DISTINCT * len(column):
        return False
    # NB: dates and numbers written as strings may be distinct, too.
    if looks_like_numbers(values.astype(str)):
        return False
    cleaner = TableVectorizer(numeric="drop", datetime="drop", high_cardinality="passthrough")
    return cleaner.fit_transform(values.iloc[:_SOME_ROWS].to_frame()).shape[1] > 0


def _is_copy(column, labels):
    """Return whether values and labels correspond one to one."""
    n_values, n_labels = column.nunique(), labels.nunique()
    if n_values != n_labels:
        return False
    pairs = pd.DataFrame({"value": column, "label": labels}).dropna().drop_duplicates()
    return len(pairs) == n_labels


def _is_text(column):
    if not _is_string(column):
        return False
    some = column.dropna().iloc[:_SOME_ROWS].astype(str)
    n_words = some.str.split().str.len() + some.str.count(UNSPACED)
    return n_words.mean() >= _WORDS_OF_TEXT and some.nunique() > len(some) / 2


def _is_string(column):
    return pd.api.types.infer_dtype(column, skipna=True) in ("string", "categorical", "mixed")
