"""Check that output files can be written."""

import csv
import os

from .bad_input import BadInput


def check_outputs(paths, source=None, force=False):
    """Check output files by option; ``source`` is the input file.

    A review with decisions is overwritten only with ``force``.
    """
    for option, path in paths.items():
        if path is None:
            continue
        if source is not None and path.resolve() == source.resolve():
            raise BadInput(f"{option} {path} would overwrite the input file.")
        if not path.parent.is_dir():
            raise BadInput(f"{option} {path}: there is no folder {path.parent}.")
        if path.exists() and not path.is_file():
            raise BadInput(f"{option} {path} is not a file.")
        if not os.access(path.parent, os.W_OK):
            raise BadInput(f"{option} {path}: cannot write to the folder {path.parent}.")
        if not force and _has_decisions(path):
            raise BadInput(
                f"{option} {path} has decisions of a review, which would be lost; name another "
                "file, or pass --force."
            )


def _has_decisions(path):
    if path.suffix != ".csv" or not path.exists():
        return False
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
        file.seek(0)
        # Spreadsheets may have replaced the commas by semicolons.
        rows = csv.DictReader(file, delimiter=max(",;", key=header.count))
        names = rows.fieldnames or []
        return {"position", "decision"} <= set(names) and any(row["decision"] for row in rows)
