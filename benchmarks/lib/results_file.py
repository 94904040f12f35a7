"""A file of results that survives a kill, and the versions and the commit that its rows name."""

import csv
import os
import platform
import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
PACKAGES = ("skdynacor", "scikit-learn", "torch", "skorch", "numpy", "cleanlab")


@lru_cache
def versions():
    """Name the versions of what results depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return " ".join(f"{package}={version}" for package, version in found.items())


def commit():
    """Name the commit that is checked out, with ``+`` where files differ from it; else nothing."""
    try:
        head = _git("rev-parse", "--short", "HEAD").stdout.strip()
        # Results change while scripts run.
        changed = _git("diff", "--quiet", "HEAD", "--", ".", ":!benchmarks/results").returncode
    except FileNotFoundError:
        return ""
    return head + "+" * bool(head and changed)


def _git(*args):
    return subprocess.run(["git", "-C", ROOT, *args], capture_output=True, text=True)


class ResultsFile:
    """A CSV file of results that a kill cannot spoil.

    The last field of a row says that the row is whole. What a kill left half-written lacks it, is
    dropped when the file is opened, and counts as not done.

    Parameters
    ----------
    path : Path
    refuse : callable
        Called with a message if the file's columns are others than those to be written.
    """

    def __init__(self, path, refuse):
        self.path, self.refuse, self.rows = path, refuse, []
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            return
        text = path.read_text()
        with path.open(newline="") as file:
            lines = list(csv.reader(file))
        header, *lines = lines or [[]]
        whole = [line for line in lines if len(line) == len(header) and line[-1] == "yes"]
        self.rows = [dict(zip(header, line, strict=True)) for line in whole]
        if not self.rows:
            path.unlink()
        elif len(whole) < len(lines) or not text.endswith("\n"):
            self._rewrite(header)

    def has(self, keys):
        """Tell whether a whole row has these entries."""
        return any(_matches(row, keys) for row in self.rows)

    def append(self, rows):
        """Add rows, and see to it that they are on the disk."""
        rows = [{**{k: _format(v) for k, v in row.items()}, "complete": "yes"} for row in rows]
        header = list(rows[0])
        if self.rows and list(self.rows[0]) == [name for name in header if name != "commit"]:
            self.rows = [{name: row.get(name, "") for name in header} for row in self.rows]
            self._rewrite(header)
        if self.rows and list(self.rows[0]) != header:
            self.refuse(
                f"{self.path} has the columns {', '.join(self.rows[0])}, this run gives "
                f"{', '.join(header)}; name another --out, or move the file away."
            )
        fresh = not self.rows
        with self.path.open("w" if fresh else "a", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        self.rows += rows

    def table(self, wanted):
        """Return the rows that have one of the wanted combinations of entries, as a DataFrame."""
        index = {}
        for row in self.rows:
            index.setdefault(tuple(row[k] for k in wanted[0]), row)
        rows = [index[tuple(_format(v) for v in keys.values())] for keys in wanted]
        table = pd.DataFrame(rows).drop(columns=["complete", "commit"], errors="ignore")
        return table.apply(_as_numbers)

    def _rewrite(self, header):
        fresh = self.path.with_suffix(".tmp")
        pd.DataFrame(self.rows, columns=header).to_csv(fresh, index=False, lineterminator="\n")
        fresh.replace(self.path)


def _matches(row, keys):
    return all(row.get(key) == _format(value) for key, value in keys.items())


def _format(value):
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _as_numbers(column):
    try:
        return pd.to_numeric(column.mask(column == "nan"))  # pandas 3 reads no "nan"
    except (ValueError, TypeError):
        return column
