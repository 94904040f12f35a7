"""Files that are there whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path):
    """Open a file to be written, which takes its place only when all is written.

    Until then, and for good if the block fails or is interrupted, what was there before stays.

    Parameters
    ----------
    path : str or path-like
        Its folder must exist.

    Yields
    ------
    file : binary file
    """
    path = Path(path)
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
