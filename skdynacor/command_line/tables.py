"""Reading the tables that a user names: text files of columns, and Parquet."""

from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from ..groundwork.unpacking import check_unpacked
from .bad_input import BadInput, listed
from .csv_check import check_csv

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")
_KNOWN = ".csv, .tsv, .csv.gz, .tsv.gz, .parquet or .npz"


class Table(NamedTuple):
    """A table, the expression of Python that reads it, and what to tell the user of it."""

    frame: pd.DataFrame
    code: str
    notices: list


def read_table(path, separator=None, encoding=None):
    """Read a text file of columns, or a Parquet file.

    Parameters
    ----------
    path : Path
    separator : str or None, default=None
        What separates the columns of a text file. ``None`` goes by the name of the file.
    encoding : str or None, default=None
        Of a text file; ``None`` stands for UTF-8.

    Returns
    -------
    table : Table

    Raises
    ------
    BadInput
        If the file is of another kind or damaged, its columns share names, or there are no rows.
    """
    suffix = suffix_of(path)
    if suffix in _PARQUET:
        table = _read_parquet(path)
    elif suffix in _SEPARATORS:
        table = _read_text(path, separator or _SEPARATORS[suffix], encoding)
    else:
        hint = " Save the sheet as CSV." if suffix in (".xls", ".xlsx", ".ods") else ""
        raise BadInput(f"{path} is of a kind not known here: names end in {_KNOWN}.{hint}")
    if table.frame.empty:
        raise BadInput(f"{path} has a header, but no rows.")
    return table


def suffix_of(path):
    """Tell what the name of a file ends in, but for ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _read_text(path, separator, encoding):
    header = check_csv(path, separator, encoding or "utf-8-sig")
    _check_distinct(path, [name for name in header if name])  # pandas names those without one
    options = {"low_memory": False}  # else the type of a column may differ from chunk to chunk
    if separator != ",":
        options["sep"] = separator
    if encoding:
        options["encoding"] = encoding
    shown = [repr(str(path)), *(f"{name}={value!r}" for name, value in options.items())]
    return Table(pd.read_csv(path, **options), f"pd.read_csv({', '.join(shown)})", [])


def _read_parquet(path):
    try:
        _check_size(path, pa.parquet.read_metadata(path))
        schema = pa.parquet.read_schema(path)
        _check_distinct(path, schema.names)
        odd = [field.name for field in schema if _holds_no_values(field.type)]
        options = {"columns": [n for n in schema.names if n not in odd]} if odd else {}
        frame = pd.read_parquet(path, **options)
    except (ValueError, pa.ArrowNotImplementedError) as error:  # pa.ArrowInvalid is a ValueError
        text = str(error).strip().partition("\n")[0]
        raise BadInput(f"{path} is no sound Parquet file: {text}") from error
    notices = [f"Left out columns of lists, structs or bytes: {listed(odd)}."] if odd else []
    shown = [repr(str(path)), *(f"{name}={value!r}" for name, value in options.items())]
    return Table(frame, f"pd.read_parquet({', '.join(shown)})", notices)


def _check_size(path, facts):
    """Refuse what unpacks to far more than the file, as one value for a billion rows may."""
    groups = [facts.row_group(i).total_byte_size for i in range(facts.num_row_groups)]
    check_unpacked(max(sum(groups), 8 * facts.num_rows * facts.num_columns), path)


def _holds_no_values(kind):
    """Tell whether entries are made of parts, or are bytes."""
    return pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _check_distinct(path, names):
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{path} has several columns named {listed(twice)}; rename all but one.")
