"""Labels of a file."""

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line.labels import read_labels


def read(labels, **params):
    return read_labels(pd.Series(labels * 5), "y", **params)


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["0", "1", "12", "-3"], [0, 1, 12, -3]),
        (["0.0", "1.0"], [0, 1]),
        (["007", "7", "12"], None),
        (["007", "12"], None),
        (["1", "1.0"], None),
        (["1", "one"], None),
        (["+1", "-1"], None),
        (["1" * 30, "2"], None),
        (["True", "False"], None),
        (["None", "Apnea"], None),
        (["nan", "NA", "inf"], None),
        (["sun", "Sun", "sun "], None),
        (["1,5", "2,5"], None),
    ],
)
def test_texts_stay_unless_all_are_integers(texts, labels):
    assert read(texts).y.tolist() == (labels or texts) * 5


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.0, 1.0, None], [0, 1]),
        ([True, None, False], [True, False]),
        (pd.array([3, None, 4], dtype="Int64").tolist(), [3, 4]),
        ([1, "a", 2.5], ["1", "a", "2.5"]),
    ],
)
def test_other_kinds_stay(values, labels):
    found = read(values)
    assert found.y.tolist() == labels * 5
    assert found.has_label.tolist() == (~pd.isna(pd.Series(values * 5))).tolist()


def test_empty_cells_are_no_labels_and_words_where_the_user_says_so():
    texts = ["a", "b", "", " ", "NA", "?"]
    found = read(texts)
    assert found.has_label.tolist() == [True, True, False, False, True, True] * 5
    assert found.notices == [
        "Left out 10 rows without a label (10 empty).",
        "'NA' is a class of 5 rows; --missing-labels NA leaves them out.",
    ]
    found = read(texts, missing_labels=["NA", "?"])
    assert found.y.tolist() == ["a", "b"] * 5
    assert found.notices == ["Left out 20 rows without a label (10 empty, 5 'NA', 5 '?')."]
    assert read(["0", "1", "NA"], missing_labels=["NA"]).y.tolist() == [0, 1] * 5
    assert read([0, 1, -1], missing_labels=["-1"]).y.tolist() == [0, 1] * 5


def test_words_are_quoted_for_a_shell():
    (notice,) = read(["a", "b", "<NA>"]).notices
    assert notice.endswith("--missing-labels '<NA>' leaves them out.")


def test_dtypes_are_those_of_classes():
    assert read(["0", "1"]).y.dtype == np.int64
    assert read([True, False, None]).y.dtype == bool
