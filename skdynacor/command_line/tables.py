"""Read tables: CSV, Excel and Parquet files, and JSON lines."""

from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from .bad_input import BadInput, listed
from .csv_check import check_csv
from .excel import read_excel
from .json_lines import read_json_lines

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")
_JSON_LINES = (".jsonl", ".ndjson")
_EXCEL = ".xlsx"
_KNOWN = ".csv, .tsv or .jsonl (also with .gz), .xlsx, .parquet or .npz"


class Table(NamedTuple):
    """A table, and notices for the user."""

    frame: pd.DataFrame
    notices: list


def read_table(path, file_format):
    """Read a table, by the suffix of the file's name. What is written as text stays text."""
    suffix = suffix_of(path)
    encoding = file_format.encoding or "utf-8-sig"
    if file_format.sheet is not None and suffix != _EXCEL:
        raise BadInput(f"--sheet is for .xlsx files; {path} is none.")
    if suffix in _PARQUET:
        table = _read_parquet(path)
    elif suffix in _JSON_LINES:
        frame, nested = read_json_lines(path, encoding)
        table = Table(frame, _say_nested(nested))
    elif suffix == _EXCEL:
        frame, header = read_excel(path, file_format.sheet)
        _check_distinct(path, header)
        table = Table(frame, [])
    elif suffix in _SEPARATORS:
        table = _read_text(path, file_format.separator or _SEPARATORS[suffix], encoding)
    else:
        hint = " Save the sheet as .xlsx or CSV." if suffix in (".xls", ".ods") else ""
        raise BadInput(f"{path} has an unknown format; expected {_KNOWN}.{hint}")
    if table.frame.empty:
        raise BadInput(f"{path} has a header, but no rows.")
    return table


def separator_of(path):
    """Give the separator that the suffix of a text file stands for."""
    return _SEPARATORS[suffix_of(path)]


def suffix_of(path):
    """Give the last suffix of a file's name other than ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _read_text(path, separator, encoding):
    _check_distinct(path, check_csv(path, separator, encoding))
    frame = pd.read_csv(path, sep=separator, encoding=encoding, dtype=str, keep_default_na=False)
    return Table(frame, [])


def _read_parquet(path):
    try:
        schema = pa.parquet.read_schema(path)
        _check_distinct(path, schema.names)
        nested = [field.name for field in schema if _has_no_scalars(field.type)]
        # NB: only columns=None reads an index that pandas saved as metadata.
        columns = [name for name in schema.names if name not in nested] if nested else None
        frame = pd.read_parquet(path, columns=columns)
    except (ValueError, pa.ArrowNotImplementedError) as error:  # pa.ArrowInvalid is a ValueError
        text = str(error).strip().partition("\n")[0]
        raise BadInput(f"{path} is not a valid Parquet file: {text}") from error
    return Table(frame, _say_nested(nested))


def _has_no_scalars(kind):
    return pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _say_nested(names):
    return [f"Left out columns of lists, structs or bytes: {listed(names)}."] if names else []


def _check_distinct(path, names):
    names = [name for name in names if name]  # pandas makes names for empty ones
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{path} has several columns named {listed(twice)}; rename all but one.")
