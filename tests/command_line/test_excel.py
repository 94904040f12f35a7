"""Excel files."""

import datetime
import json
import sys

import pandas as pd
import pytest

from skdynacor.command_line.excel import read_excel

openpyxl = pytest.importorskip("openpyxl")


def write(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_cells_are_read_as_they_are_written(tmp_path):
    rows = [
        ["a", "b", None, 2020],
        [1, 2.5, "007", "1,5"],
        [3.0, None, "None", datetime.datetime(2020, 1, 2)],
        [-1, "#N/A", "NA", ""],
    ]
    frame, header = read_excel(write(tmp_path / "a.xlsx", ("data", rows)))
    assert header == ["a", "b", "", "2020"]
    assert list(frame) == ["a", "b", "Unnamed: 2", "2020"]
    assert frame["a"].tolist() == ["1", "3", "-1"]
    assert frame["b"].fillna("").tolist() == ["2.5", "", ""]
    assert frame["Unnamed: 2"].tolist() == ["007", "None", "NA"]
    assert frame["2020"].tolist() == ["1,5", "2020-01-02 00:00:00", ""]


def test_the_same_is_found_as_in_a_csv_file(command, mixed_csv, mixed_table, tmp_path):
    path = tmp_path / "customers.xlsx"
    with pd.ExcelWriter(path) as file:
        pd.DataFrame({"notes": ["of sales"]}).to_excel(file, sheet_name="Notes")
        mixed_table[0].to_excel(file, sheet_name="Data", index=False)
    options = ("--label", "label", "--json")
    found = [
        json.loads(command("find", *args, *options)[1])["issues"]
        for args in [(mixed_csv,), (path, "--sheet", "Data")]
    ]
    assert found[0] == found[1]
    assert found[0]


def test_sheets_are_named(refused, tmp_path):
    path = write(tmp_path / "a.xlsx", ("Data", [["y"], [1]]), ("Notes", []))
    assert "has the sheets 'Data', 'Notes'; name one with --sheet" in refused(path, "--label", "y")
    message = refused(path, "--label", "y", "--sheet", "data")
    assert "There is no sheet 'data' (--sheet). Did you mean 'Data'?" in message
    assert "a.xlsx is empty" in refused(path, "--label", "y", "--sheet", "Notes")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", "y"]], "has a header, but no rows"),
        ([["a", "a", "y"], [1, 2, 3]], "several columns named 'a'"),
        ([["a", "y"], [1, 2], ["a", "y"], [1, 3]], "row 3 is the header once more"),
    ],
)
def test_bad_sheets_are_refused(refused, tmp_path, rows, message):
    assert message in refused(write(tmp_path / "a.xlsx", ("Data", rows)), "--label", "y")


def test_how_to_install_openpyxl_is_said(command, tmp_path, monkeypatch):
    path = write(tmp_path / "a.xlsx", ("Data", [["y"], [1]]))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    code, out, err = command("find", path, "--label", "y")
    assert (code, out) == (1, "")
    assert "Reading .xlsx needs the package openpyxl" in err
    assert "pip install 'skdynacor[cli]'" in err
