"""Bad files give an error of one line."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from skdynacor.command_line import data
from skdynacor.command_line.options import FileFormat, Roles

GOOD = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{'no' if i % 2 else 'yes'}\n" for i in range(40))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + "1,2\n", r"bad.csv, line 42: 2 fields, but the header has 3"),
        (GOOD + "1,2,yes,4\n", r"line 42: 4 fields, but the header has 3"),
        (GOOD + '1,2,"yes\n1,2,no\n', r"row that starts in line 42 has a .* unclosed quotation"),
        (GOOD + '1,"2" inches,no\n', r"line 42 has a misplaced"),
        ('a,y\n"one\ntwo",yes\n1,2,3\n', "line 4: 3 fields"),
        ("", "bad.csv is empty"),
        ("\n\n", "bad.csv is empty"),
        ("a,b,y\n", "bad.csv has a header, but no rows"),
        (GOOD.replace("b", "a", 1), r"several columns named 'a'; rename"),
        (
            GOOD.replace(",", ";"),
            r"has one column, 'a;b;y', with the separator ','; --separator",
        ),
        (GOOD + GOOD, "bad.csv, line 42 is the header once more, as in files appended"),
        (GOOD.replace("y\n", "Y\n", 1), r"no column 'y' \(--label\). Did you mean 'Y'\?"),
    ],
)
def test_text_files(refused, tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_text(content)
    assert re.search(message, refused(path, "--label", "y"))


@pytest.mark.parametrize(
    "suffix", [".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet", ".xlsx", ".npz"]
)
def test_binary_and_cut_files(refused, tmp_path, mixed_table, suffix):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    assert f"bad{suffix}" in refused(path, "--label", "label")
    if suffix == ".npz":
        np.savez(path, X=np.eye(9), label=np.array([0, 1, 0] * 3))
    elif suffix == ".parquet":
        mixed_table[0].to_parquet(path)
    elif suffix == ".xlsx":
        mixed_table[0].to_excel(path, index=False)
    elif suffix.startswith(".jsonl"):
        mixed_table[0].to_json(path, orient="records", lines=True)
    else:
        mixed_table[0].to_csv(path, index=False)
    path.write_bytes(path.read_bytes()[:-50])
    assert f"bad{suffix}" in refused(path, "--label", "label")


def test_the_line_and_byte_of_another_encoding_are_named(refused, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(GOOD.replace("yes", "oui, sûr").encode("cp1252").replace(b"oui, ", b""))
    message = refused(path, "--label", "y")
    assert "bad.csv, line 2: byte 0xfb" in message
    assert "--encoding" in message
    path.write_bytes(path.read_bytes().replace(b"s\xfbr", "sûr".encode(), 1))  # mixed
    assert "bad.csv, line 4: byte 0xfb" in refused(path, "--label", "y")
    assert "unknown encoding 'cp1253x'" in refused(path, "--label", "y", "--encoding", "cp1253x")
    path.write_bytes(GOOD.encode("utf-16"))
    assert "is not utf-8" in refused(path, "--label", "y")


@pytest.mark.parametrize("encoding", [None, "cp1252", "utf-16"])
def test_encodings_are_read(tmp_path, encoding):
    path = tmp_path / "good.csv"
    path.write_bytes(GOOD.replace("y\n", "sûr\n", 1).encode(encoding or "utf-8-sig"))
    found = data.read_data(path, Roles("sûr"), FileFormat(encoding=encoding))
    assert found.X.columns.tolist() == ["a", "b"]
    assert found.y.tolist() == ["yes", "no"] * 20


def test_separators_are_read(tmp_path):
    path = tmp_path / "good.tsv"
    path.write_text(GOOD.replace(",", "|"))
    assert data.read_data(path, Roles("y"), FileFormat("|")).X.shape == (40, 2)
    path.write_text(GOOD.replace(",", "\t"))
    assert data.read_data(path, Roles("y"), FileFormat()).X.shape == (40, 2)


def test_a_missing_file_a_folder_and_others_that_are_not_read(refused, tmp_path, monkeypatch):
    assert f"no file {tmp_path}/none.csv" in refused(tmp_path / "none.csv", "--label", "y")
    assert "is a folder: its folders are the labels" in refused(tmp_path, "--label", "y")
    (tmp_path / "a.txt").touch()
    assert "has an unknown format" in refused(tmp_path / "a.txt", "--label", "y")
    (tmp_path / "sheet.ods").touch()
    assert "Save the sheet as .xlsx or CSV" in refused(tmp_path / "sheet.ods", "--label", "y")

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(data, "read_table", refuse)
    message = refused(tmp_path / "private.csv", "--label", "y")
    assert "private.csv cannot be read: Permission denied." in message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["only"] * 40, r"All labels in 'y' are 'only'"),
        ([f"label {i}" for i in range(40)], "has 40 different labels in 40 rows"),
        (np.linspace(0, 1, 40), "are measurements, such as 0.02"),
        ([None] * 40, "0 rows have a label in 'y'; at least 5"),
        (["a", "b"] * 2 + [None] * 36, "4 rows have a label"),
        ([7] * 40, "All labels in 'y' are 7; there"),
        (["007"] * 20 + [None] * 20, "All labels in 'y' are '007'; there must be at least two"),
        (["US", None] * 20, "two classes. Left out 20 rows without a label (20 empty)."),
    ],
)
def test_labels_that_are_no_classes(refused, tmp_path, labels, message):
    path = tmp_path / "bad.csv"
    pd.DataFrame({"a": np.arange(40) % 3, "y": labels}).to_csv(path, index=False)
    assert message in refused(path, "--label", "y")


def test_columns_that_cannot_be_features(refused, tmp_path):
    path = tmp_path / "bad.csv"
    frame = pd.DataFrame({"row": range(40), "none": None, "far": np.inf, "y": ["a", "b"] * 20})
    frame.to_csv(path, index=False)
    message = refused(path, "--label", "y")
    assert "no feature column" in message
    for reason in [
        "'row', which identifies the rows",
        "'none', which is empty",
        "'far', which has infinite numbers (write empty cells in their place to use it)",
    ]:
        assert reason in message
    assert "'far' has infinite" in refused(path, "--label", "y", "--features", "far")
    assert "no column 'txt' (--text)" in refused(path, "--label", "y", "--text", "txt")
    assert "the column holds int64, not text" in refused(path, "--label", "y", "--text", "row")
    assert "Which column holds the labels? Pass --label; there are 'row'" in refused(path)


@pytest.mark.parametrize("option", ["--features", "--text", "--drop", "--id", "--groups"])
def test_options_that_name_no_column_or_the_label(refused, tmp_path, option):
    path = tmp_path / "good.csv"
    path.write_text(GOOD.replace("a", "row", 1))
    message = refused(path, "--label", "y", option, "rows")
    assert f"There is no column 'rows' ({option}). Did you mean 'row'?" in message
    assert f"{option} names the label, 'y'" in refused(path, "--label", "y", option, "y")


@pytest.mark.parametrize("option", ["--drop", "--id", "--groups"])
def test_options_that_contradict_each_other(refused, tmp_path, option):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    message = refused(path, "--label", "y", option, "a", "--features", "a", "b")
    assert "--features names 'a', which --image, --drop, --id or --groups names" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--decimal", ",", "--separator", ","), "--decimal and --separator are both ','"),
        (("--decimal", ",", "--thousands", ","), "--decimal and --thousands are both ','"),
        (("--decimal", ":"), "argument --decimal: invalid choice: ':'"),
        (("--thousands", ".."), "argument --thousands: must be one character; got '..'"),
        (("--sheet", "a"), "--sheet is for .xlsx files"),
    ],
)
def test_options_that_fit_no_file(refused, tmp_path, options, message):
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    assert message in refused(path, "--label", "y", *options)


def test_groups(command, refused, tmp_path):
    path = tmp_path / "groups.csv"
    rows = [f"{i % 7},{i % 5},{'no' if i % 2 else 'yes'}" for i in range(40)]
    path.write_text("\n".join(["a,b,y", *rows]).replace("b", "patient", 1).replace(",3,", ",,"))
    message = refused(path, "--label", "y", "--groups", "patient")
    assert "--groups patient: 8 rows have no group (3, 8, 13, 18, 23, ..., counted" in message
    path.write_text("patient,a,y\n" + "\n".join(f"Ann,{row[2:]}" for row in rows))
    code, out, err = command("find", path, "--label", "y", "--groups", "patient")
    assert (code, out) == (1, "")
    assert "group" in err


def test_nested_columns_of_parquet_are_left_out(refused, tmp_path):
    path = tmp_path / "nested.parquet"
    n = 40
    columns = {
        "a": pa.array(np.arange(n) % 3),
        "list": pa.array([[1, 2]] * n),
        "struct": pa.array([{"b": 1}] * n),
        "bytes": pa.array([b"\0"] * n),
        "y": pa.array(["yes", "no"] * (n // 2)),
    }
    parquet.write_table(pa.table(columns), path)
    found = data.read_data(path, Roles("y"), FileFormat())
    assert found.X.columns.tolist() == ["a"]
    notice = "Left out columns of lists, structs or bytes: 'list', 'struct', 'bytes'."
    assert found.notices == [notice]
    assert "no column 'list'" in refused(path, "--label", "y", "--features", "list")
    columns["y"] = columns["struct"]
    parquet.write_table(pa.table(columns), path)
    assert "no column 'y'" in refused(path, "--label", "y")


def test_arrays_that_do_not_fit(refused, tmp_path):
    path = tmp_path / "bad.npz"
    y = np.array([0, 1, 0] * 3)
    np.savez(path, X=np.eye(9), short=y[:4], y_true=y, objects=np.array([None] * 9))
    assert "no array 'y_tru' (--label). Did you mean 'y_true'?" in refused(path, "--label", "y_tru")
    assert "There are 'X', 'short', 'y_true', 'objects'" in refused(path, "--features", "Z")
    assert "X is float64 of shape (9, 9) and short of shape (4,)" in refused(
        path, "--label", "short"
    )
    assert "not a valid .npz file" in refused(path, "--label", "objects")
    for option in ["--text", "--drop", "--id"]:
        assert "names one array" in refused(path, "--label", "y_true", option, "X")
    message = refused(path, "--label", "y_true", "--groups", "short")
    assert "short has the shape (4,); expected one group for each of 9 rows" in message
    np.savez(path, X=np.full((9, 2), np.inf), y_given=y)
    assert "X has infinite numbers" in refused(path)
