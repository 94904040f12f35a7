"""Read tables: CSV and Parquet files."""

from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from .bad_input import BadInput, listed
from .csv_check import check_csv

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")
_KNOWN = ".csv, .tsv, .csv.gz, .tsv.gz, .parquet or .npz"


class Table(NamedTuple):
    """A table, and notices for the user."""

    frame: pd.DataFrame
    notices: list


def read_table(path, separator=None, encoding=None):
    """Read a CSV or Parquet file, by the suffix of its name."""
    suffix = suffix_of(path)
    if suffix in _PARQUET:
        table = _read_parquet(path)
    elif suffix in _SEPARATORS:
        table = _read_text(path, separator or _SEPARATORS[suffix], encoding or "utf-8-sig")
    else:
        hint = " Save the sheet as CSV." if suffix in (".xls", ".xlsx", ".ods") else ""
        raise BadInput(f"{path} has an unknown format; expected {_KNOWN}.{hint}")
    if table.frame.empty:
        raise BadInput(f"{path} has a header, but no rows.")
    return table


def suffix_of(path):
    """Give the last suffix of a file's name other than ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _read_text(path, separator, encoding):
    header = check_csv(path, separator, encoding)
    _check_distinct(path, [name for name in header if name])  # pandas makes names for empty ones
    # NB: with low_memory, the type of a column may differ from chunk to chunk.
    return Table(pd.read_csv(path, sep=separator, encoding=encoding, low_memory=False), [])


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
    notices = [f"Left out columns of lists, structs or bytes: {listed(nested)}."] if nested else []
    return Table(frame, notices)


def _has_no_scalars(kind):
    return pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _check_distinct(path, names):
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{path} has several columns named {listed(twice)}; rename all but one.")
