"""Files that are there whole or not at all."""

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

_BEFORE_DIGEST = b"\nblake2b "


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

    Raises
    ------
    OSError
        If the file cannot be written; it names the file.
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


def write_sealed(path, data):
    """Write bytes to a file, with a digest of them as its last line.

    Parameters
    ----------
    path : str or path-like
    data : bytes-like

    Returns
    -------
    seal : bytes
        That line.
    """
    seal = _seal(data)
    with writing(path) as file:
        file.write(data)
        file.write(seal)
    return seal


def read_sealed(path, wanted=None):
    """Read the bytes that ``write_sealed`` wrote to a file.

    Parameters
    ----------
    path : str or path-like
    wanted : bytes or None, default=None
        The seal of what is wanted; ``None`` takes whatever was written there.

    Returns
    -------
    data : memoryview

    Raises
    ------
    ValueError
        If the file is not as it was written, or holds something else than what is wanted.
    """
    content = memoryview(Path(path).read_bytes())
    n_data = max(0, len(content) - len(_seal(b"")))
    data, seal = content[:n_data], content[n_data:]
    if seal != _seal(data):
        raise ValueError(
            f"{path} is damaged: it was cut short or changed after it was written. Put back a copy "
            "of it, or remove its folder and fit again."
        )
    if wanted not in (None, seal):
        raise ValueError(
            f"{path} was written anew since, by another fit with the same folder. Fit again, each "
            "time with a folder of its own."
        )
    return data


def _seal(data):
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return _BEFORE_DIGEST + digest.encode() + b"\n"
