"""Check CSV files line by line.

pandas fills short rows, and reads on after an unclosed quotation mark.
"""

import csv
import sys

from .bad_input import BadInput
from .text_files import open_text


def check_csv(path, separator, encoding):
    """Check that every row has the header's number of fields; return the header."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        with open_text(path, encoding) as file:
            return _check_rows(path, file, separator)
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
            elif row and row == header:
                raise BadInput(
                    f"{path}, line {line} is the header once more, as in files appended to each "
                    "other; remove the line."
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
