"""What is wrong with a text file of columns, and in which line.

pandas fills rows that are too short, and reads on through a quotation mark that is never closed, so
that columns are checked before it reads them.
"""

import csv
import gzip
import io
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path

from ..groundwork.unpacking import check_unpacked
from .bad_input import BadInput


def check_csv(path, separator, encoding):
    """Check that a file is text in which every row has the header's number of fields.

    Parameters
    ----------
    path : Path
        Compressed if its name ends in ``.gz``.
    separator : str
    encoding : str

    Returns
    -------
    header : list of str

    Raises
    ------
    BadInput
        With the line that is wrong.
    """
    open_ = _open_gzip if path.suffix == ".gz" else open
    try:
        with open_(path, "rb") as file:
            if b"\0" in file.read(4096) and not encoding.lower().startswith(("utf-16", "utf-32")):
                raise BadInput(f"{path} is not a text file: it holds bytes of zero.")
        with open_(path, "rt", encoding=encoding, newline="") as file:
            return _check_rows(path, file, separator)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, open_, error) from error
    except UnicodeError as error:  # of UTF-16 that does not say which of the two it is
        raise BadInput(f"{path} is not {encoding}: {error}. Pass another --encoding.") from error
    except LookupError as error:
        raise BadInput(f"There is no encoding {encoding!r}; try --encoding cp1252.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is no sound gzip file: {error}.") from error


class _GzipFile(gzip.GzipFile):
    """Stops where it has unpacked to far more than the file, as a line without an end may."""

    def read1(self, size=-1):
        try:
            check_unpacked(self.tell(), Path(self.name))
        except ValueError as error:
            raise BadInput(f"{self.name} is refused. {error}") from error
        return super().read1(size)


def _open_gzip(path, mode, **text):
    file = _GzipFile(path, "rb")
    return io.TextIOWrapper(file, **text) if mode == "rt" else file


def _check_rows(path, file, separator):
    reader = csv.reader(file, delimiter=separator, strict=True)
    header, line = None, 1
    with _fields_of_any_length():
        try:
            for row in reader:
                if header is None:
                    header = row
                elif row and len(row) != len(header):
                    raise BadInput(
                        f"{path}, line {line}: {_count(row)} where the header has {len(header)} "
                        f"({separator!r} separates them; --separator names another)."
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            raise BadInput(
                f"{path}: the row that starts in line {line} has a quotation mark out of place or "
                f"never closed ({error})."
            ) from error
    if not header:
        raise BadInput(f"{path} is empty.")
    if len(header) == 1 and any(other in header[0] for other in ",;\t|"):
        raise BadInput(
            f"{path} has one column, {header[0]!r}, since {separator!r} separates columns; "
            "--separator names another."
        )
    return header


def _count(row):
    return f"{len(row)} field{'s' * (len(row) != 1)}"


@contextmanager
def _fields_of_any_length():
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _not_decodable(path, open_, error):
    """Make the error that names the line in which a byte cannot be read."""
    where = ""
    with open_(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(error.encoding)
            except UnicodeDecodeError as first:
                where = f", line {number}: byte 0x{line[first.start]:02x} at position {first.start}"
                break
    return BadInput(
        f"{path}{where} is not {error.encoding}. Pass --encoding, such as cp1252 for files of "
        "Windows, or save the file as UTF-8."
    )
