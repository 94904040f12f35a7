"""Read columns of text: missing values, and numbers as people write them."""

import re
from functools import cache
from itertools import compress
from typing import NamedTuple

import pandas as pd

from .bad_input import listed

#: Words for a missing value, those of ``pandas.read_csv``.
MISSING = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "n/a", "NULL", "null", "None"}
    | {"NaN", "-NaN", "nan", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
)
#: A column holds numbers if at least this share of its distinct values are numbers.
_SHARE_OF_NUMBERS = 0.9
_ENOUGH_VALUES = 10_000  # to find out how a column is written

_SIGNS = str.maketrans({"\u2212": "-", "’": "'", **dict.fromkeys("\u00a0\u2007\u2009\u202f", " ")})
_CURRENCY = r"(?:[$¢£¤¥฿\u20a0-\u20cf]|EUR|USD|GBP|CHF|JPY)"
_AROUND = re.compile(rf"^([+-]?) ?{_CURRENCY} ?| ?{_CURRENCY}$")


class NumberForm(NamedTuple):
    """How numbers are written: the decimal mark, and what may stand between thousands."""

    decimal: str
    thousands: str  # any one of these characters
    any_groups: bool = False  # whether groups may have other than three digits


POINT = NumberForm(".", ",' ")
COMMA = NumberForm(",", ".' ")


def read_cells(frame, file_format):
    """Read the missing values and numbers in columns of text; also return notices.

    All columns that allow it are read in the same form. Where no column determines the form,
    ``1.5`` has a decimal point, and ``1,234`` a decimal comma if semicolons separate the columns.
    """
    forms = _possible_forms(file_format.decimal, file_format.thousands)
    columns = {name: frame[name] for name in frame.columns}
    texts = {
        name: column.mask(column.str.strip().isin(MISSING))
        for name, column in columns.items()
        if pd.api.types.infer_dtype(column, skipna=True) == "string"
    }
    fitting = {name: _find_forms(column, forms) for name, column in texts.items()}
    certain = {found[0] for found in fitting.values() if len(found) == 1}
    guessed, others, notices = {}, {}, []
    for name, column in texts.items():
        found = [form for form in fitting[name] if form in certain] or fitting[name]
        if len(found) > 1:
            has_comma = _contains(column, ",")
            decimal = "," if has_comma and file_format.separator == ";" else "."
            found = [form for form in found if form.decimal == decimal]
            if has_comma:
                guessed[name] = decimal
        if found:
            columns[name], others[name] = _to_numbers(column, found[0])
        else:
            columns[name] = column
            notices += _say_unread(name, column, forms)
    notices = [*_say_guesses(guessed, texts), *_say_others(others), *notices]
    return pd.DataFrame(columns, index=frame.index), notices


def looks_like_numbers(column):
    """Return whether a column of text holds numbers, of whatever form."""
    values = _some_values(column)
    found = [any(rewrite(text, form) for form in (POINT, COMMA)) for text in values]
    return sum(found) >= max(_SHARE_OF_NUMBERS * len(found), 1)


def rewrite(text, form):
    """Write a number as Python does; give None if the text is no number of this form.

    Examples
    --------
    >>> from skdynacor.command_line.cells import COMMA, POINT, rewrite
    >>> rewrite("$1,234.50", POINT), rewrite("1.234,50 €", COMMA), rewrite("12.5%", POINT)
    ('1234.50', '1234.50', '12.5e-2')
    >>> rewrite("1,5", POINT), rewrite("1,5", COMMA)
    (None, '1.5')
    """
    text = _AROUND.sub(r"\1", text.translate(_SIGNS).strip())
    number = text.removesuffix("%")
    if not _pattern(form).fullmatch(number.strip()):
        return None
    plain = number.strip().translate(dict.fromkeys(map(ord, form.thousands)))
    return plain.replace(form.decimal, ".") + "e-2" * (number != text)


@cache
def _pattern(form):
    between, decimal = f"[{re.escape(form.thousands)}]", re.escape(form.decimal)
    groups = rf"[1-9]\d{{0,2}}({between})\d{{3}}(?:\1\d{{3}})*"
    if form.any_groups:
        groups = rf"\d(?:\d|{between})*"
    digits = rf"(?:(?:{groups}|\d+)(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(rf"[+-]?(?:{digits}|[Ii]nf(?:inity)?)", re.ASCII)


def _possible_forms(decimal, thousands):
    """List the forms that numbers may have; ``decimal`` and ``thousands`` are options or None."""
    forms = [POINT, COMMA]
    if thousands is not None:
        forms = [NumberForm(mark, thousands, True) for mark in ".," if mark != thousands]
    return [form for form in forms if decimal in (None, form.decimal)]


def _find_forms(column, forms):
    """List the forms in which most values are numbers."""
    if _is_plain(column):
        if not _contains(column, "."):
            return forms
        if forms[0].decimal == ".":
            fits = [all(rewrite(text, form) for text in column.dropna()) for form in forms[1:]]
            return [forms[0], *compress(forms[1:], fits)]
    values = _some_values(column)
    counts = [sum(rewrite(text, form) is not None for text in values) for form in forms]
    enough = max(*counts, _SHARE_OF_NUMBERS * len(values), 1)
    return [form for form, count in zip(forms, counts, strict=True) if count >= enough]


def _some_values(column):
    values = column.dropna().unique()
    return values[:: max(len(values) // _ENOUGH_VALUES, 1)]


def _is_plain(column):
    """Return whether Python reads all values as numbers; a point may yet separate thousands."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers.notna().any() and numbers.isna().equals(column.isna())


def _contains(column, character):
    return bool(column.str.contains(character, regex=False).any())


def _to_numbers(column, form):
    """Convert numbers of a form; also return the cells that hold others, which become missing."""
    written = column
    if not _is_plain(column) or (form.decimal == "," and _contains(column, ".")):
        written = column.map({text: rewrite(text, form) for text in column.dropna().unique()})
    numbers = pd.to_numeric(written, errors="coerce")
    return numbers, column[numbers.isna() & column.notna()]


def _say_others(others):
    counts = [
        f"{len(cells):,} of {name!r} such as {cells.iloc[0]!r}"
        for name, cells in others.items()
        if len(cells)
    ]
    return [f"Took cells without a number for missing: {', '.join(counts)}."] if counts else []


def _say_guesses(guessed, texts):
    """Say how commas were read; ``guessed`` holds the decimal mark of each column, one for all."""
    if not guessed:
        return []
    name, decimal = next(iter(guessed.items()))
    example = texts[name][texts[name].str.contains(",", regex=False, na=False)].iloc[0]
    if decimal == ",":
        how, other, mark = "a decimal mark", "a thousands separator", "."
    else:
        how, other, mark = "a thousands separator", "a decimal mark", ","
    return [
        f"Took the comma of {listed(list(guessed))}, as in {example!r}, for {how}; "
        f"--decimal {mark} takes it for {other}."
    ]


def _say_unread(name, column, forms):
    if not looks_like_numbers(column):
        return []
    values = _some_values(column)
    others = {next(text for text in values if not rewrite(text, form)) for form in forms}
    return [
        f"{name!r} looks like numbers, but was read as categories, since not all are written "
        f"alike, such as {' and '.join(map(repr, sorted(others)))}; see --decimal and --thousands."
    ]
