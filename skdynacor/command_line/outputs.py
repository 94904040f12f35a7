"""Files that the command writes: checked before the work, written whole after it."""

import csv
import tempfile
from pathlib import Path

from .bad_input import BadInput


def check_outputs(paths, source=None, force=False):
    """Check that files can be written, before there is anything to write.

    Parameters
    ----------
    paths : dict of str to (Path or None)
        By the option that names each.
    source : Path or None, default=None
        The file that is read.
    force : bool, default=False
        Whether decisions that somebody wrote into a file may be lost.

    Raises
    ------
    BadInput
        If a file cannot be written, should not be, or is named twice.
    """
    named = {option: path for option, path in paths.items() if path is not None}
    options = {}
    for option, path in named.items():
        real = path.resolve()
        if source is not None and real == source.resolve():
            raise BadInput(f"{option} {path} would replace the file that is read.")
        if real in options:
            raise BadInput(f"{options[real]} and {option} name the same file, {path}.")
        options[real] = option
        _check_writable(option, path, real)
        if not force and _has_decisions(real):
            raise BadInput(
                f"{option} {path} has decisions of a review in it, which would be lost; name "
                "another file, or pass --force."
            )


def _check_writable(option, path, real):
    if not real.parent.is_dir():
        raise BadInput(f"{option} {path}: there is no folder {path.parent}.")
    if real.exists() and not real.is_file():
        raise BadInput(f"{option} {path} is no file that could be replaced.")
    try:
        # What a user may do in a folder shows when it is tried; root, for one, may do all.
        with tempfile.NamedTemporaryFile(dir=real.parent):
            pass
    except OSError as error:
        raise BadInput(
            f"{option} {path}: cannot write to its folder ({error.strerror})."
        ) from error


def _has_decisions(path):
    """Tell whether a file is a review in which somebody has decided something."""
    if path.suffix != ".csv" or not path.exists():
        return False
    with Path(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        sample = file.readline()
        file.seek(0)
        # Spreadsheets may have put semicolons for the commas.
        rows = csv.DictReader(file, delimiter=max(",;", key=sample.count))
        names = rows.fieldnames or []
        return {"position", "decision"} <= set(names) and any(row["decision"] for row in rows)
