"""Equal rows with different labels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import coo_array, csr_matrix

from skdynacor.inspection import conflicting_labels

#: Rows by number; equal ones are 1 (four times), 3 (twice) and 4 (twice, with one label).
ROWS = np.array([0, 3, 1, 1, 4, 2, 1, 3, 4, 1])
Y = np.array(["cat", "cat", "dog", "cat", "dog", "cat", "dog", "dog", "dog", "cow"])
VALUES = np.array([[0.0, 1.0], [np.nan, 0.0], [0.0, 2.0], [0.0, 0.0], [5.0, 0.0]])
TEXTS = np.array(["a row", None, "another", "", "x" * 99], dtype=object)

KINDS = {
    "array": lambda: VALUES[ROWS],
    "float32": lambda: VALUES[ROWS].astype(np.float32),
    "float16": lambda: VALUES[ROWS].astype(np.float16),
    "zeros of both signs": lambda: np.where(
        VALUES[ROWS] == 0, np.resize([0.0, -0.0], (10, 1)), VALUES[ROWS]
    ),
    "list": lambda: VALUES[ROWS].tolist(),
    "sparse": lambda: csr_matrix(VALUES[ROWS]),
    "sparse of other format": lambda: coo_array(VALUES[ROWS]),
    "wide": lambda: np.tile(VALUES[ROWS], (1, 2**14)),
    "wide and sparse": lambda: csr_matrix(np.tile(VALUES[ROWS], (1, 2**14))),
    "large integers": lambda: ROWS[:, None] + 2**60,
    "bytes": lambda: ROWS[:, None].astype(np.uint8),
    "booleans": lambda: ROWS[:, None] == np.arange(5),
    "images": lambda: np.tile(VALUES[ROWS][:, :, None, None], (1, 1, 3, 2)),
    "list of images": lambda: list(np.tile(VALUES[ROWS][:, :, None], (1, 1, 3))),
    "text": lambda: TEXTS[ROWS],
    "list of text": lambda: TEXTS[ROWS].tolist(),
    "Series of text": lambda: pd.Series(TEXTS[ROWS]),
    "array of objects": lambda: np.column_stack([TEXTS[ROWS], VALUES[ROWS]]),
    "frame": lambda: pd.DataFrame({"a": VALUES[ROWS, 0], "text": TEXTS[ROWS]}),
    "frame with categories": lambda: pd.DataFrame({"a": pd.Categorical(TEXTS[ROWS])}),
    "frame of two equal names": lambda: pd.DataFrame(VALUES[ROWS], columns=["a", "a"]),
    "frame of lists": lambda: pd.DataFrame({"a": [[row] for row in ROWS.tolist()]}),
    "frame of polars": lambda: pl.DataFrame({"a": VALUES[ROWS, 1], "b": TEXTS[ROWS].tolist()}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_conflicts_are_found_in_rows_of_any_kind(kind):
    conflicts = conflicting_labels(KINDS[kind](), Y)
    assert list(conflicts["group"]) == [0, 0, 0, 0, 1, 1]
    assert list(conflicts["position"]) == [2, 3, 6, 9, 1, 7]
    assert list(conflicts["given_label"]) == ["dog", "cat", "dog", "cow", "cat", "dog"]
    assert list(conflicts["n_equal_rows"]) == [4, 4, 4, 4, 2, 2]
    # Both labels of the second set are equally frequent.
    assert list(conflicts["commonest_label"])[:4] == ["dog"] * 4
    missing = conflicts["commonest_label"]
    missing = missing.is_null() if isinstance(missing, pl.Series) else missing.isna()
    assert list(missing) == [False] * 4 + [True] * 2
    assert ("index" in conflicts.columns) == (kind != "frame of polars")


def test_rows_that_differ_in_double_precision_only_do_not_conflict():
    X = np.array([[1.0], [1.0 + 1e-12]])
    assert len(conflicting_labels(X, [0, 1])) == 0
    assert len(conflicting_labels(X.astype(np.float32), [0, 1])) == 2
    assert len(conflicting_labels(np.array([[2**53], [2**53 + 1]]), [0, 1])) == 0


def test_without_conflicts_the_list_is_empty():
    X = np.array([[0], [0], [1], [2]])
    conflicts = conflicting_labels(X, [True, True, False, True])
    assert len(conflicts) == 0
    assert list(conflicts) == [
        *("group", "position", "index", "given_label", "n_equal_rows", "commonest_label"),
    ]


def test_index_and_type_of_the_labels_are_kept():
    X = pd.DataFrame({"a": [1, 1, 2, 1]}, index=[*"wxyz"])
    y = pd.Series([2**53, 2**53 + 1, 5, 2**53], dtype="Int64", index=X.index)
    conflicts = conflicting_labels(X, y)
    assert list(conflicts["index"]) == ["w", "x", "z"]
    assert conflicts["given_label"].dtype == conflicts["commonest_label"].dtype == "Int64"
    assert list(conflicts["given_label"]) == [2**53, 2**53 + 1, 2**53]
    assert list(conflicts["commonest_label"]) == [2**53] * 3
    conflicts = conflicting_labels([[0], [0]], np.array(["2020", "2021"], dtype="M8[ns]"))
    assert conflicts["commonest_label"].isna().all()
    assert conflicts["commonest_label"].dtype == "M8[ns]"


def test_the_earlier_of_equally_large_sets_comes_first():
    X = np.array([[9], [1], [1], [9]])
    assert_array_equal(conflicting_labels(X, [*"abab"])["position"], [0, 3, 1, 2])


@pytest.mark.parametrize(
    ("y", "message"),
    [([0, 1], "inconsistent numbers of samples"), ([0, 1, None], "contains None in row 2")],
)
def test_other_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        conflicting_labels(np.zeros((3, 1)), y)
