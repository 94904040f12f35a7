"""Open files of text, also of those packed by gzip."""

import gzip
import zlib
from contextlib import contextmanager

from .bad_input import BadInput


@contextmanager
def open_text(path, encoding):
    """Open a file of text; damage found while reading gives an error that names the place."""
    open_ = gzip.open if path.suffix == ".gz" else open
    try:
        with open_(path, "rt", encoding=encoding, newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise _not_decodable(path, open_, error) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"{path} is not a valid gzip file: {error}.") from error


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
