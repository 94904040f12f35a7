"""Formulas are disarmed for spreadsheets, and restored."""

import itertools

import pytest

from skdynacor.inspection._formulas import disarm, restore


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-a", "'-a"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "\t'=1"),
        ("\r=1", "\r'=1"),
        ("a;=1", "a;'=1"),
        ("'=1", "''=1"),
        *((text, text) for text in ["", "-1", "+1.5e-3", "-.5", "a=1", "a - b", "'quoted'", "é"]),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text, cell):
    assert disarm(text) == cell
    assert restore(cell) == text


def test_every_text_comes_back():
    texts = ["".join(each) for n in range(5) for each in itertools.product("=-';\t 1a", repeat=n)]
    cells = [disarm(text) for text in texts]
    assert [restore(cell) for cell in cells] == texts
    assert len(set(cells)) == len(texts)
