"""``skdynacor apply``: the corrected file and its log."""

import gzip
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from skdynacor.utils import files

#: Quoted cells, blank lines, and line ends as a person's file has them.
CSV = (
    'name,"size",label\r\n'
    '"Smith, Jo",1,cat\r\n'
    "Ünal, 2 ,dog\r\n"
    "\r\n"
    '"two\nlines",3,"cat"\r\n'
    "Doe,4,cow\r\n"
    "none,5,\r\n"
    '"a ""b""",6,cow'
)
LABELS = ["cat", "dog", "cat", "cow", "", "cow"]


def make_review(path, decisions, given=LABELS, suggested="dog", **columns):
    """Write a review of rows by position."""
    rows = list(decisions)
    review = pd.DataFrame(
        {
            "position": rows,
            "index": [f"row {row}" for row in rows],
            "given_label": [given[row] for row in rows],
            "suggested_label": [suggested] * len(rows),
            "suggested_label_probability": [0.9] * len(rows),
            "flagged": [True] * len(rows),
            "decision": list(decisions.values()),
            **columns,
        }
    )
    review.to_csv(path, index=False)
    return path


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(CSV.encode())
    return path


def test_only_decided_rows_change(command, data, tmp_path):
    decisions = {2: "suggested", 3: "cat", 0: "keep", 5: "drop", 1: "unsure"}
    review = make_review(tmp_path / "review.csv", decisions)
    code, out, err = command("apply", data, review, "--out", tmp_path / "corrected.csv")
    assert (code, err) == (0, "")
    expected = CSV.replace('"cat"\r\n', "dog\r\n").replace("Doe,4,cow", "Doe,4,cat")
    expected = expected.partition('"a ""b""')[0].replace("two\nlines", "two\nlines")
    assert (tmp_path / "corrected.csv").read_bytes().decode() == expected
    assert "2 labels changed, 1 rows dropped" in out
    assert "1 rows of the review have no decision" in out
    log = pd.read_csv(tmp_path / "corrected-changes.csv", dtype=object).fillna("")
    assert log.to_numpy().tolist() == [
        ["2", "row 2", "cat", "dog", "person", "0.9"],
        ["3", "row 3", "cow", "cat", "person", ""],
        ["5", "row 5", "cow", "drop", "person", ""],
    ]


def test_suggestions_are_accepted_by_their_probability(command, data, tmp_path):
    decisions = {0: "", 2: "", 3: "keep", 5: ""}
    review = make_review(
        tmp_path / "review.csv",
        decisions,
        suggested_label_probability=[0.99, 0.6, 0.99, 0.99],
        flagged=[True, True, True, False],
    )
    options = ("--accept", "0.9", "--out", tmp_path / "c.csv", "--log", tmp_path / "log.csv")
    _, out, _ = command("apply", data, review, *options)
    assert "1 labels changed; 1 of the changes by the model" in out
    log = pd.read_csv(tmp_path / "log.csv")
    assert log[["position", "by", "probability"]].to_numpy().tolist() == [[0, "model", 0.99]]


def test_reviewers_who_disagree_change_nothing(command, data, tmp_path):
    one = make_review(tmp_path / "one.csv", {0: "dog", 2: "dog", 3: "keep"})
    two = make_review(tmp_path / "two.csv", {0: "dog", 2: "keep", 5: "drop"})
    _, out, _ = command("apply", data, one, two, "--out", tmp_path / "c.csv")
    assert "1 rows are left as they are, as reviewers disagree: 2" in out
    log = pd.read_csv(tmp_path / "c-changes.csv")
    assert log[["position", "to"]].to_numpy().tolist() == [[0, "dog"], [5, "drop"]]


def test_encodings_and_compression_stay(command, tmp_path):
    review = make_review(tmp_path / "review.csv", {1: "cat"})
    changed = CSV.replace("Ünal, 2 ,dog", "Ünal, 2 ,cat")
    for name, pack, options in [
        ("a.csv.gz", lambda text: gzip.compress(text.encode()), ()),
        ("b.csv", lambda text: text.encode("utf-8-sig"), ()),
        ("c.csv", lambda text: text.encode("cp1252"), ("--encoding", "cp1252")),
        ("d.tsv", lambda text: text.replace(",", "\t").encode(), ()),
    ]:
        (tmp_path / name).write_bytes(pack(CSV))
        out = tmp_path / f"corrected-{name}"
        assert command("apply", tmp_path / name, review, "--out", out, *options)[0] == 0
        found, expected = out.read_bytes(), pack(changed)
        if name.endswith(".gz"):
            found, expected = gzip.decompress(found), gzip.decompress(expected)
        assert found == expected


@pytest.fixture
def table():
    return pd.DataFrame({"a": [1.5, 2, 3, 4], "label": [1, 2, 1, 3], "name": list("abcd")})


def review_of_numbers(tmp_path):
    return make_review(tmp_path / "r.csv", {0: "3", 2: "drop"}, ["1", "2", "1", "3"], "2")


def test_excel(command, table, tmp_path):
    table.to_excel(tmp_path / "a.xlsx", index=False)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book.active["A2"].number_format = "0.000"
    book.save(tmp_path / "a.xlsx")
    args = (tmp_path / "a.xlsx", review_of_numbers(tmp_path), "--label", "label")
    assert command("apply", *args, "--out", tmp_path / "b.xlsx")[0] == 0
    found = pd.read_excel(tmp_path / "b.xlsx")
    pd.testing.assert_frame_equal(found, corrected(table))
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").active["A2"].number_format == "0.000"


def corrected(table):
    return table.assign(label=[3, 2, 1, 3]).drop(index=2).reset_index(drop=True)


def test_parquet_and_json_lines_and_arrays(command, table, tmp_path):
    table.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text(table.to_json(orient="records", lines=True))
    X = table[["a"]].to_numpy()
    np.savez(tmp_path / "a.npz", X=X, y_given=table["label"], other=np.arange(3))
    review = review_of_numbers(tmp_path)
    for suffix in (".parquet", ".jsonl", ".npz"):
        args = (tmp_path / f"a{suffix}", review, "--out", tmp_path / f"b{suffix}")
        args += () if suffix == ".npz" else ("--label", "label")
        assert command("apply", *args)[0] == 0
    expected = corrected(table)
    found = pd.read_parquet(tmp_path / "b.parquet").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    lines = (tmp_path / "b.jsonl").read_text().splitlines()
    assert [json.loads(line)["a"] for line in lines] == expected["a"].tolist()
    with np.load(tmp_path / "b.npz") as arrays:
        np.testing.assert_array_equal(arrays["X"], expected[["a"]])
        np.testing.assert_array_equal(arrays["y_given"], expected["label"])
        assert len(arrays["other"]) == 3


def test_labels_are_written_as_the_file_has_them(command, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,1.0\n2,2.0\n3,2.0\n4,1.0\n5, 3.0\n")
    given = ["1", "2", "2", "1", "3"]
    review = make_review(tmp_path / "r.csv", {0: "2", 4: "keep"}, given, "1")
    assert command("apply", tmp_path / "a.csv", review, "--out", tmp_path / "b.csv")[0] == 0
    assert (tmp_path / "b.csv").read_text() == "x,y\n1,2.0\n2,2.0\n3,2.0\n4,1.0\n5, 3.0\n"


@pytest.fixture
def refused_apply(command):
    def refused_apply(*args, code=2):
        found, out, err = command("apply", *args)
        assert (found, out) == (code, "")
        assert err.startswith("skdynacor: error: ")
        assert err.count("\n") == 1
        return err

    return refused_apply


def test_bad_input(refused_apply, data, tmp_path):
    review = make_review(tmp_path / "review.csv", {2: "suggested"})
    out = ("--out", tmp_path / "c.csv")
    assert "would overwrite the input file" in refused_apply(data, review, "--out", data)
    assert "would overwrite the input file" in refused_apply(data, review, "--out", review)
    assert "must have the suffix of the input, .csv" in refused_apply(
        data, review, "--out", tmp_path / "c.parquet"
    )
    assert "There is no review" in refused_apply(data, tmp_path / "no.csv", *out)
    assert "There is no file" in refused_apply(tmp_path / "no.csv", review, *out)
    assert "there is no folder" in refused_apply(data, review, "--out", tmp_path / "no/c.csv")
    assert "There is no column 'lable' (--label). Did you mean 'label'?" in refused_apply(
        data, review, *out, "--label", "lable"
    )
    other = make_review(tmp_path / "other.csv", {2: "horse"})
    assert "decision must be a label of y" in refused_apply(data, other, *out, "--label", "label")
    older = make_review(tmp_path / "older.csv", {2: "dog"}, given=["cow"] * 6)
    assert "No column of" in refused_apply(data, older, *out)
    assert "belong to other labels than y: they have 'cow' for row 2" in refused_apply(
        data, older, *out, "--label", "label"
    )
    beyond = make_review(tmp_path / "beyond.csv", {9: "dog"}, given=["cat"] * 10)
    assert "row" in refused_apply(data, beyond, *out, "--label", "label")
    assert not (tmp_path / "c.csv").exists()


def test_two_columns_that_fit(refused_apply, tmp_path):
    (tmp_path / "a.csv").write_text("x,y,z\n1,a,a\n2,b,b\n")
    review = make_review(tmp_path / "r.csv", {0: "b"}, ["a", "b"], "b")
    err = refused_apply(tmp_path / "a.csv", review, "--out", tmp_path / "b.csv")
    assert "fits the columns 'y', 'z'; name one with --label" in err


def test_a_full_disk_loses_nothing(refused_apply, data, tmp_path, monkeypatch):
    review = make_review(tmp_path / "review.csv", {2: "suggested"})
    (tmp_path / "c.csv").write_text("before")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    assert "No space left" in refused_apply(data, review, "--out", tmp_path / "c.csv", code=1)
    assert (tmp_path / "c.csv").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "data.csv", "review.csv"]
