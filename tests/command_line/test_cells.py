"""Numbers as people write them."""

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line.cells import COMMA, POINT, read_cells, rewrite
from skdynacor.command_line.options import FileFormat

UNKNOWN = FileFormat()
US = ["1,234.50", "12.00", "-50,000.25"]
GERMAN = ["1.234,50", "12,00", "-50.000,25"]
NUMBERS = [1234.5, 12, -50000.25]
AMBIGUOUS = {",": ["1,234", "5,678", "9"], ".": ["1.234", "5.678", "9"]}
WHOLE, DECIMAL = [1234, 5678, 9], [1.234, 5.678, 9]


def read(options=UNKNOWN, **columns):
    return read_cells(pd.DataFrame(columns, dtype=str), options)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["1.5", ".5", "2.", "1e-3"], [1.5, 0.5, 2, 0.001]),
        ([" 1.5 ", "NA", "", "None", " "], [1.5, np.nan, np.nan, np.nan, np.nan]),
        (US, NUMBERS),
        (GERMAN, NUMBERS),
        (["1 234,5", "1\u202f234\u00a0567", "0,5"], [1234.5, 1234567, 0.5]),
        (["1'234.5", "2’000", "3"], [1234.5, 2000, 3]),
        (["$1,234.50", "-$3", "$-4", "$ 5"], [1234.5, -3, -4, 5]),
        (["1.234,50 €", "3 €", "EUR 7,25"], [1234.5, 3, 7.25]),
        (["12.5%", "3 %"], [0.125, 0.03]),
        (["\u22125", "3"], [-5, 3]),
        (["inf", "-inf", "1.5"], [np.inf, -np.inf, 1.5]),
    ],
)
def test_numbers_are_read(texts, numbers):
    frame, notices = read(a=texts)
    np.testing.assert_allclose(frame["a"], numbers, rtol=1e-12)
    assert notices == []


def test_whole_numbers_are_integers():
    assert read(a=["1", "2"])[0]["a"].dtype == np.int64
    assert read(a=["1,234", "2,000.00"])[0]["a"].dtype == np.float64


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "blue"],
        ["2020-01-01", "2021-12-31"],
        ["31.12.2020", "01.01.2021"],
        ["10.0.0.1", "10.0.0.2"],
        ["1.2.3", "1.2.4"],
        ["12:30", "13:45"],
        ["A1", "B2"],
        ["1,2", "3,4,5"],
        ["01,234", "05,678,901"],
    ],
)
def test_other_texts_stay(texts):
    frame, notices = read(a=texts)
    assert frame["a"].tolist() == texts
    assert notices == []


def test_missing_values_of_categories_are_missing():
    texts = read(a=["red", "NA", " ", "None", "unknown"])[0]["a"]
    assert texts.isna().tolist() == [False, True, True, True, False]


def test_other_kinds_of_columns_stay():
    before = pd.DataFrame({"a": [1.5, None], "b": [True, False], "c": pd.Categorical(["1", "2"])})
    after, notices = read_cells(before, FileFormat())
    pd.testing.assert_frame_equal(before, after)
    assert notices == []


@pytest.mark.parametrize("mark", [",", "."])
def test_other_columns_decide(mark):
    as_us, _ = read(a=AMBIGUOUS[mark], b=US)
    as_german, _ = read(a=AMBIGUOUS[mark], b=GERMAN)
    assert as_us["a"].tolist() == (WHOLE if mark == "," else DECIMAL)
    assert as_german["a"].tolist() == (WHOLE if mark == "." else DECIMAL)


@pytest.mark.parametrize(
    ("mark", "separator", "numbers", "notice"),
    [
        (",", None, WHOLE, "for a thousands separator; --decimal , takes it for a decimal mark."),
        (",", ";", DECIMAL, "for a decimal mark; --decimal . takes it for a thousands separator."),
        (".", None, DECIMAL, None),
        (".", ";", DECIMAL, None),
    ],
)
@pytest.mark.parametrize("others", [{}, {"b": US, "c": GERMAN}])
def test_a_guess_is_said(mark, separator, numbers, notice, others):
    columns = {"a": AMBIGUOUS[mark], "d": AMBIGUOUS[mark], **others}
    frame, notices = read(FileFormat(separator), **columns)
    assert frame["a"].tolist() == frame["d"].tolist() == numbers
    assert notices == ([f"Took the comma of 'a', 'd', as in '1,234', {notice}"] if notice else [])


@pytest.mark.parametrize(
    ("options", "text", "number"),
    [
        ({"decimal": ","}, "1,234", 1.234),
        ({"decimal": ","}, "1.234", 1234),
        ({"decimal": "."}, "1,234", 1234),
        ({"decimal": "."}, "1.234", 1.234),
        ({"thousands": ","}, "12,34,567.5", 1234567.5),
        ({"thousands": "."}, "1.234", 1234),
        ({"thousands": "'"}, "1'234,5", 1234.5),
        ({"thousands": "_"}, "1_234.5", 1234.5),
        ({"thousands": ".", "decimal": ","}, "1.234,5", 1234.5),
    ],
)
def test_options_decide(options, text, number):
    frame, notices = read(FileFormat(**options), a=[text, "7"])
    assert frame["a"].tolist() == [number, 7]
    assert notices == []


def test_few_other_values_count_as_missing():
    numbers = [*map(str, range(20))]
    frame, notices = read(a=[*numbers, "?", "?"], b=["<1", *numbers, "4"])
    np.testing.assert_array_equal(frame["a"], [*range(20), np.nan, np.nan])
    np.testing.assert_array_equal(frame["b"], [np.nan, *range(20), 4])
    assert notices == [
        "Took cells without a number for missing: 2 of 'a' such as '?', 1 of 'b' such as '<1'."
    ]


def test_numbers_that_are_not_read_are_said():
    frame, (notice,) = read(a=["1,5", "2.5", "3,75", "4.75"])
    assert frame["a"].tolist() == ["1,5", "2.5", "3,75", "4.75"]
    assert "'a' looks like numbers, but was read as categories" in notice
    assert "such as '1,5' and '2.5'; see --decimal and --thousands" in notice
    assert "such as '1.5'; see" in read(FileFormat(decimal=","), a=["1.5", "2.5"])[1][0]


def test_a_number_of_one_form_is_none_of_another():
    assert rewrite("1,5", POINT) is rewrite("1.5", COMMA) is rewrite("", POINT) is None
