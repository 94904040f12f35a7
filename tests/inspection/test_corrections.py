"""Apply decisions to y."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skdynacor.inspection import apply_corrections, rows_to_drop

Y = np.array(["ant", "bee", "ant", "wasp", "bee"])


def make_issues(**columns):
    issues = pd.DataFrame(
        {
            "position": [3, 0, 1],
            "given_label": ["wasp", "ant", "bee"],
            "suggested_label": ["bee", "wasp", "bee"],
            "suggested_label_probability": [0.9, 0.6, 0.8],
            "flagged": [True, True, False],
        }
    )
    return issues.assign(**columns)


@pytest.mark.parametrize("as_frame", [lambda frame: frame, pl.from_pandas])
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("flagged", ["wasp", "bee", "ant", "bee", "bee"]),
        (0.7, ["ant", "bee", "ant", "bee", "bee"]),
        (0.0, ["wasp", "bee", "ant", "bee", "bee"]),
        (1, list(Y)),
        ([False, True, False], ["wasp", "bee", "ant", "wasp", "bee"]),
        (np.zeros(3, dtype=bool), list(Y)),
    ],
)
def test_suggestions_are_applied(accept, expected, as_frame):
    y = Y.copy()
    assert_array_equal(apply_corrections(y, as_frame(make_issues()), accept), expected)
    assert_array_equal(y, Y)


def test_decisions_are_applied():
    issues = make_issues(decision=["keep", "suggested", None])
    assert_array_equal(apply_corrections(Y, issues), ["wasp", "bee", "ant", "wasp", "bee"])
    issues = make_issues(decision=[" ant ", "", "wasp"])
    assert_array_equal(apply_corrections(Y, issues), ["ant", "wasp", "ant", "ant", "bee"])


def test_type_of_y_is_kept():
    issues = make_issues(decision=["suggested", "", ""])
    series = pd.Series(Y, index=list("vwxyz"), name="insect")
    corrected = apply_corrections(series, issues)
    assert corrected.name == "insect"
    assert corrected.to_dict() == {"v": "ant", "w": "bee", "x": "ant", "y": "bee", "z": "bee"}
    assert series["y"] == "wasp"
    category = apply_corrections(series.astype("category"), issues)
    assert category.dtype == "category"
    assert list(category) == list(corrected)
    of_polars = pl.Series("insect", Y)
    corrected = apply_corrections(of_polars, issues)
    assert corrected.to_list() == ["ant", "bee", "ant", "bee", "bee"]
    assert of_polars.to_list() == list(Y)
    assert apply_corrections(Y.tolist(), issues).tolist() == corrected.to_list()


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, np.nan, 0]),
        pd.Series([0, 1, None, 0], dtype="Int64"),
        pl.Series([0, 1, None, 0]),
        pd.Series(["0", "1", None, "0"]),
        pl.Series(["0", "1", None, "0"]),
        ["0", "1", None, "0"],
    ],
)
def test_missing_labels_stay(y):
    issues = pd.DataFrame({"position": [1], "given_label": ["1"], "suggested_label": ["0"]})
    corrected = apply_corrections(y, issues, [True])
    assert pd.isna(corrected[2])
    assert [str(int(label)) for label in [*corrected[:2], corrected[3]]] == ["0", "0", "0"]
    if hasattr(y, "dtype"):
        assert corrected.dtype == y.dtype


@pytest.mark.parametrize(
    ("y", "written", "expected"),
    [
        (["007", "a"], "7", "007"),
        (["007", "7"], "7", "7"),
        ([True, False], "TRUE", True),
        (["true", "x"], "TRUE", "true"),
    ],
)
def test_labels_may_be_written_as_spreadsheets_do(y, written, expected):
    issues = pd.DataFrame({"position": [1], "given_label": [y[1]], "suggested_label": [written]})
    assert apply_corrections(y, issues, [True]).tolist() == [y[0], expected]


def test_a_spreadsheet_s_number_for_two_labels_is_refused():
    issues = pd.DataFrame({"position": [1], "given_label": ["a"], "suggested_label": ["7"]})
    with pytest.raises(ValueError, match=r"decision must be a label of y .*; it is '7' for row 1"):
        apply_corrections(["07", "a", "007"], issues, [True])


@pytest.mark.parametrize("y", [[0, 1, 0, 2, 1], [0.0, 1.0, 0.0, 2.0, 1.0]])
def test_numeric_labels_may_be_written_as_1_or_1_0(y):
    issues = pd.DataFrame(
        {"position": [3, 0], "given_label": ["2", "0.0"], "suggested_label": ["1.0", "2"]}
    ).assign(decision=["suggested", 1])
    corrected = apply_corrections(y, issues)
    assert corrected.tolist() == [1, 1, 0, 1, 1]
    assert corrected.dtype == np.asarray(y).dtype


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"decision": ["moth", "", "fly"]}, "decision must be .*'wasp'.*'moth' for row 3, 'fly'"),
        ({"position": [3, 0, 5]}, "from 0 to 4; it is '5'"),
        ({"position": [3, -1, 0]}, "from 0 to 4; it is '-1'"),
        ({"position": ["3", "1.5", "x"]}, "it is '1.5', 'x'"),
        ({"position": [3, 3, 1]}, "other labels .* 'ant' for row 3, where y has 'wasp'"),
        (
            {"position": [3, 3, 1], "given_label": ["wasp", "wasp", "bee"]},
            "one decision per row; there are 'bee' and 'wasp' for row 3",
        ),
        ({"given_label": ["wasp", "fly", "bee"]}, "given_label must be .*'fly' for row 0"),
    ],
)
def test_invalid_decisions_are_named(columns, message):
    issues = make_issues(**{"decision": ["suggested", "suggested", "keep"], **columns})
    with pytest.raises(ValueError, match=message):
        apply_corrections(Y, issues)


def test_keep_contradicts_another_label():
    issues = pd.concat([make_issues(decision=[d, "", ""]) for d in ("keep", "ant")])
    with pytest.raises(ValueError, match="'wasp' and 'ant' for row 3"):
        apply_corrections(Y, issues)


@pytest.mark.parametrize(
    ("accept", "message"),
    [
        ("all", "got 'all'"),
        (1.5, "from 0 to 1; got 1.5"),
        ([True], "each of the 3 issues"),
        ([1, 0, 1], "each of the 3 issues"),
        (True, "each of the 3 issues"),
        ("decision", 'no column "decision"'),
    ],
)
def test_invalid_accept_is_refused(accept, message):
    with pytest.raises(ValueError, match=message):
        apply_corrections(Y, make_issues(), accept)


def test_other_tables_are_refused():
    with pytest.raises(ValueError, match=r"no column given_label, suggested_label; .* position, x"):
        apply_corrections(Y, pd.DataFrame({"position": [1], "x": [2]}))


@pytest.mark.parametrize("accept", ["flagged", 0.5])
@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("flagged", None, "is not there"),
        ("flagged", ["yes", "no", "no"], "holds (object|str)"),
        ("suggested_label_probability", ["high", "low", "low"], "holds (object|str)"),
    ],
)
def test_a_column_that_accept_needs_is_named(accept, name, values, found):
    issues = make_issues().drop(columns=name) if values is None else make_issues(**{name: values})
    if name != "flagged" and accept == "flagged":
        assert apply_corrections(Y, issues, accept).tolist() != Y.tolist()
        return
    with pytest.raises(ValueError, match=f"needs the column '{name}' of .* {found}"):
        apply_corrections(Y, issues, accept)


def test_a_class_called_as_a_decision_is_refused():
    y = np.array(["keep", "throw"])
    issues = pd.DataFrame(
        {"position": [0], "given_label": ["keep"], "suggested_label": ["throw"], "decision": ["x"]}
    )
    with pytest.raises(ValueError, match="A class is called 'keep'"):
        apply_corrections(y, issues)
    assert apply_corrections(y, issues, [True]).tolist() == ["throw", "throw"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, *Y.tolist()[1:]], "have 'ant' for row 0, where y has None"),
        (np.array([1, *Y[1:]], dtype=object), "types int, str.*y.astype"),
        ([["ant"], ["bee", "bee"]], "y must hold one label for each row"),
    ],
)
def test_invalid_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        apply_corrections(y, make_issues(), accept="flagged")


def test_rows_to_drop_keep_their_label():
    y = np.array(["cat", "dog", "cat", "dog"])
    issues = pd.DataFrame(
        {
            "position": [3, 0, 2, 1],
            "given_label": y[[3, 0, 2, 1]],
            "suggested_label": ["cat", "dog", "dog", "cat"],
            "decision": ["drop", "suggested", "unsure", "drop"],
        }
    )
    assert_array_equal(rows_to_drop(issues), [1, 3])
    assert_array_equal(apply_corrections(y, issues), ["dog", "dog", "cat", "dog"])
    assert len(rows_to_drop(issues.drop(columns="decision"))) == 0
