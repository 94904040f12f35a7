"""Check CSV files line by line.

pandas fills short rows, and reads on after an unclosed quotation mark.
"""

import csv
import gzip
import sys
import zlib

from .bad_input import BadInput


def check_csv(path, separator, encoding):
    """Check that every row has the header's number of fields; return the header."""
    open_ = gzip.open if path.suffix == ".gz" else open
    before = csv.field_size_limit(sys.maxsize)
    try:
        with open_(path, "rt", encoding=encoding, newline="") as file:
            return _check_rows(path, file, separator)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, open_, error) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is not a valid gzip file: {error}.") from error
    finally:
        csv.field_size_limit(before)


def _check_rows(path, file, separator):
    reader = csv.reader(file, delimiter=separator, strict=True)
    header, line = None, 1
    try:
        for row in reader:
            if header is None:
                header = row
            elif row and len(row) != len(header):
                raise BadInput(
                    f"{path}, line {line}: {len(row)} fields, but the header has {len(header)} "
                    f"(separator {separator!r}; --separator names another)."
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"{path}: the row that starts in line {line} has a misplaced or unclosed quotation "
            f"mark ({error})."
        ) from error
    if not header:
        raise BadInput(f"{path} is empty.")
    if len(header) == 1 and any(other in header[0] for other in ",;\t|"):
        raise BadInput(
            f"{path} has one column, {header[0]!r}, with the separator {separator!r}; --separator "
            "names another."
        )
    return header


def _not_decodable(path, open_, error):
    """Make the error that names the line of the first byte that cannot be decoded."""
    where = ""
    with open_(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(error.encoding)
            except UnicodeDecodeError as first:
                where = f", line {number}: byte 0x{line[first.start]:02x} at position {first.start}"
                break
    return BadInput(
        f"{path}{where} is not {error.encoding}. Pass --encoding, for instance cp1252 for files "
        "from Windows, or save the file as UTF-8."
    )
