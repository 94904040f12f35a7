"""Reviews as CSV files."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skdynacor.baselines import SimiFeatV
from skdynacor.inspection import apply_corrections, label_issues, read_review, write_review


@pytest.fixture
def review(fitted, noisy_blobs, tmp_path):
    """The path of a review of the flagged rows, and its lines."""
    path = tmp_path / "review.csv"
    write_review(label_issues(fitted, *noisy_blobs[:2], only_flagged=True), path)
    return path, path.read_text(encoding="utf-8-sig").splitlines()


def test_decisions_are_read(review, fitted, noisy_blobs):
    path, (header, first, second, third, *rest) = review
    y = noisy_blobs[1]
    assert header.endswith("flagged,status,last_agreed,neighbor_1,neighbor_2,decision")
    path.write_text("\n".join([header, f"{third}suggested", f"{first}2", f"{second}keep", *rest]))
    issues = read_review(path, y)
    expected = label_issues(fitted, *noisy_blobs[:2], only_flagged=True)
    assert list(issues) == [*expected, "decision"]
    assert list(issues.decision[:4]) == ["suggested", "2", "keep", ""]
    corrected = apply_corrections(y, issues)
    wanted = y.copy()
    wanted[issues.position[0]] = issues.suggested_label[0]
    wanted[issues.position[1]] = 2
    assert_array_equal(corrected, wanted)


def test_issues_make_the_round_trip(review, fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    expected = label_issues(fitted, X, y, only_flagged=True).assign(decision="")
    expected["index"] = expected["index"].astype(str)
    issues = read_review(review[0], y)
    pd.testing.assert_frame_equal(
        issues, expected, check_dtype=False, check_index_type=False, rtol=1e-9
    )
    assert issues.neighbor_1.dtype == "Int64"


def test_any_text_makes_the_round_trip(tmp_path):
    y = np.array(["NA", "", 'a "quoted", label', "Zoë;\n", "a\rb\r\n", "01"])
    issues = pd.DataFrame(
        {
            "position": range(6),
            "index": [f"=row{i}" for i in range(6)],
            "given_label": y,
            "suggested_label": y[::-1],
            "decision": ["suggested"] * 4 + ["keep", "01"],
        }
    )
    write_review(issues, tmp_path / "review.csv")
    read = read_review(tmp_path / "review.csv", y)
    assert list(read.given_label) == list(y)
    assert list(read.suggested_label) == list(y[::-1])
    assert list(read["index"]) == list(issues["index"])


def test_labels_of_text_stay_text_and_missing_ones_missing(tmp_path):
    y = pd.Series(["007", "7", "None", None, "nan"])
    issues = pd.DataFrame({"position": [0, 2, 4], "given_label": y[[0, 2, 4]]})
    issues["suggested_label"] = ["7", "nan", "007"]
    write_review(issues.assign(decision="suggested"), tmp_path / "review.csv")
    read = read_review(tmp_path / "review.csv", y)
    assert list(read.given_label) == ["007", "None", "nan"]
    corrected = apply_corrections(y, read)
    assert pd.isna(corrected[3])
    assert list(corrected.drop(3)) == ["7", "7", "nan", "007"]


def test_formulas_are_disarmed_in_the_file(tmp_path):
    y = np.array(["=1+1", "-1", "@a", "'=1+1"])
    issues = pd.DataFrame(
        {
            "position": range(4),
            "index": ["+a", "b", "c", "d"],
            "given_label": y,
            "suggested_label": y[::-1],
            "=note": ["\t=1", "", "", "-"],
            "decision": y[::-1],
        }
    )
    write_review(issues, tmp_path / "review.csv")
    text = (tmp_path / "review.csv").read_text(encoding="utf-8-sig")
    assert "suggested_label,'=note,decision" in text
    assert "0,'+a,'=1+1,''=1+1,\t'=1,''=1+1\n1,b,-1,'@a,,'@a\n" in text
    read = read_review(tmp_path / "review.csv", y)
    pd.testing.assert_frame_equal(read, issues, check_dtype=False)
    assert_array_equal(apply_corrections(y, read), y[::-1])


def test_semicolons_may_separate_columns(review, noisy_blobs):
    path, lines = review
    before = read_review(path, noisy_blobs[1])
    path.write_text("\ufeff" + "\r\n".join(line.replace(",", ";") for line in lines))
    pd.testing.assert_frame_equal(read_review(path, noisy_blobs[1]), before)


def test_polars_gives_polars(fitted, noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    y = pl.Series(y)
    issues = label_issues(fitted, X, y, only_flagged=True)
    write_review(issues, tmp_path / "review.csv")
    read = read_review(tmp_path / "review.csv", y)
    assert isinstance(read, pl.DataFrame)
    assert read.columns == [*issues.columns, "decision"]
    assert read["neighbor_2"].to_list() == issues["neighbor_2"].to_list()


def test_reviews_of_baselines_have_no_suggestions(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    issues = label_issues(SimiFeatV().fit(X, y), X, y, only_flagged=True)
    write_review(issues.assign(decision="1"), tmp_path / "review.csv")
    read = read_review(tmp_path / "review.csv", y)
    assert read.suggested_label.isna().all()
    assert (apply_corrections(y, read)[read.position] == 1).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "review.csv' is not a CSV file of issues"),
        (b'position,given_label\n1,"x', "review.csv' is not a CSV file of issues"),
        (b"a,b\n1,2\n", "no column given_label, position, suggested_label"),
        (b"position,given_label,suggested_label\n1,1,2\n", 'no column "decision"'),
        (
            b"position,given_label,suggested_label,decision\n1,1,2,7\n",
            r"decision must be a label of y \(0, 1, 2\); it is '7' for row 1",
        ),
        (
            b"position,given_label,suggested_label,decision\n1,,2,\n",
            r"given_label must be a label of y \(0, 1, 2\); it is '' for row 1",
        ),
    ],
)
def test_other_files_are_refused(content, message, noisy_blobs, tmp_path):
    path = tmp_path / "review.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_review(path, np.where(np.arange(300) == 1, 1, noisy_blobs[1]))


def test_a_missing_folder_or_file_is_named(noisy_blobs, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere"):
        write_review(pd.DataFrame({"position": [1]}), tmp_path / "nowhere" / "review.csv")
    with pytest.raises(FileNotFoundError, match=r"review\.csv"):
        read_review(tmp_path / "review.csv", noisy_blobs[1])
