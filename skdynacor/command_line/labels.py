"""Read the labels of a file."""

import re
import shlex
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..utils.validation import MIN_SAMPLES
from .bad_input import BadInput
from .cells import MISSING

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.0+)?")


class Labels(NamedTuple):
    """The labels of a file, and notices for the user."""

    y: np.ndarray  # (n_labelled,)
    has_label: np.ndarray  # bool, (n_rows,)
    notices: list


def read_labels(column, name, missing_labels=None):
    """Read and check the labels in ``column``, (n_rows,).

    Empty cells and ``missing_labels`` are no labels. Texts stay as they are, unless all are
    integers in their usual form: 007 is none.
    """
    column, texts = pd.Series(column), as_texts(column)
    missing = texts.isin(["", *(missing_labels or [])])
    notices = _say_missing(texts[missing]) + _say_words(texts[~missing])
    # infer_objects: a column of booleans with missing values has the dtype object.
    labels = column[~missing].infer_objects()
    kind = pd.api.types.infer_dtype(labels, skipna=False)
    if kind == "string":
        labels = _to_integers(labels)
    elif kind.startswith("mixed"):
        labels = labels.astype(str)
    try:
        y = _check(labels.to_numpy(), name)
    except BadInput as error:
        raise BadInput(" ".join([str(error), *notices])) from error
    return Labels(y, ~missing.to_numpy(), notices)


def as_texts(column):
    """Write the values of a column as text, without blanks around it; missing ones are empty."""
    column = pd.Series(column)
    return column.astype(object).map(str).str.strip().mask(column.isna(), "")


def _say_missing(texts):
    """Say how many rows have no label, and what they have instead."""
    if texts.empty:
        return []
    counts = [
        f"{n:,} {repr(word) if word else 'empty'}" for word, n in texts.value_counts().items()
    ]
    return [f"Left out {len(texts):,} rows without a label ({', '.join(counts)})."]


def _say_words(texts):
    """Say which classes may be meant for missing labels."""
    return [
        f"{word!r} is a class of {n:,} rows; --missing-labels {shlex.quote(word)} leaves them out."
        for word, n in texts[texts.isin(MISSING)].value_counts().items()
    ]


def _to_integers(labels):
    """Convert texts to integers, if each stands for another integer in its usual form."""
    texts = labels.unique()
    if not all(_INTEGER.fullmatch(text) for text in texts):
        return labels
    numbers = {text: int(text.partition(".")[0]) for text in texts}
    return labels.map(numbers) if len({*numbers.values()}) == len(texts) else labels


def _check(y, name):
    """Check that labels, (n_labelled,), are classes; whole floats become integers."""
    if len(y) < MIN_SAMPLES:
        raise BadInput(f"{len(y)} rows have a label in {name!r}; at least {MIN_SAMPLES} must.")
    classes = pd.unique(y)
    _check_discrete(classes, name)
    if y.dtype.kind == "f":
        y = y.astype(np.int64)
    if len(classes) < 2:
        raise BadInput(
            f"All labels in {name!r} are {y.tolist()[0]!r}; there must be at least two classes."
        )
    if len(classes) > len(y) / 2:
        raise BadInput(
            f"{name!r} has {len(classes)} different labels in {len(y)} rows, less than two rows "
            "per class; is it the column of labels?"
        )
    return y


def _check_discrete(classes, name):
    """Refuse numbers with decimals, be they floats or texts."""
    known = pd.Series(classes)
    numbers = pd.to_numeric(known[~known.isin(MISSING)], errors="coerce")
    decimals = numbers[numbers % 1 > 0]
    if len(decimals) and numbers.notna().all():
        raise BadInput(
            f"The labels in {name!r} are measurements, such as {decimals.iloc[0]}, not classes; "
            "bin them first."
        )
