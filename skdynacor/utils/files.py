"""Files that are written as a whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path):
    """Open a binary file that replaces ``path`` only once it is written as a whole.

    If the block fails or is interrupted, the old file stays.
    """
    path = Path(path)
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if error.filename is None:  # as of a full disk
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
