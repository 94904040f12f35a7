"""What the benchmarks share: their data, their command line, and results that survive a kill."""

import argparse
import csv
import itertools
import os
import platform
import time
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import joblib
import matplotlib
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.utils import Bunch
from tqdm import tqdm

from skdynacor.datasets import (
    load_cifar10,
    load_cifar10n,
    load_cifar100,
    load_cifar100n,
    load_npz,
    make_label_noise,
)

matplotlib.use("Agg")
from matplotlib import pyplot as plt

#: Data that need no file; scikit-learn bundles them.
BUNDLED = {"digits": load_digits, "breast_cancer": load_breast_cancer, "wine": load_wine}
#: Images and the labels that people gave them, from a folder named as in ``cifar10=FOLDER``.
IMAGES = {"cifar10": (load_cifar10, load_cifar10n), "cifar100": (load_cifar100, load_cifar100n)}
PACKAGES = ("skdynacor", "scikit-learn", "torch", "skorch", "numpy", "cleanlab")

ADDED_NOISE = (("symmetric", 0.6), ("symmetric", 0.1), ("asymmetric", 0.3), ("instance", 0.4))
#: Where these rates would leave fewer right labels than wrong ones in some class.
ADDED_NOISE_FEW_CLASSES = (
    *(("symmetric", 0.3), ("symmetric", 0.1), ("asymmetric", 0.3), ("instance", 0.3)),
)


class Setting(NamedTuple):
    """A data set with one kind of wrong labels."""

    path: str  # of an .npz file, a bundled data set's name, or images=FOLDER
    noise: str

    @property
    def data(self):
        name, is_images, _ = self.path.partition("=")
        return name if is_images else Path(self.path).stem

    def make(self, seed):
        """Return X, given labels and the mask of wrong ones."""
        data = load(self.path)
        kind, _, rest = self.noise.partition(" ")
        if kind == "human":
            y = data.given[rest]
            return data.X, y, y != data.y_true
        features = data.X.reshape(len(data.X), -1)
        noisy = make_label_noise(data.y_true, kind, float(rest), features, random_state=seed)
        return data.X, *noisy


@lru_cache(maxsize=1)
def load(path):
    """Load a bundled data set, an ``.npz`` file, or images with the labels that people gave."""
    if path in BUNDLED:
        X, y_true = BUNDLED[path](return_X_y=True)
        return Bunch(X=X.astype(np.float32), y_true=y_true, given={})
    name, is_images, folder = path.partition("=")
    if not is_images:
        return load_npz(path)
    load_images, load_labels = IMAGES[name]
    X, y_true = load_images(folder)
    try:
        given = load_labels(folder)
    except FileNotFoundError:
        given = {}
    wanted = {name: y for name, y in given.items() if name != "y_true" and "coarse" not in name}
    return Bunch(X=X, y_true=y_true, given=wanted)


def noises(path):
    """Name the noise settings of a data set: its human errors, or those that are added."""
    data = load(path)
    if data.given:
        return [f"human {name}".strip() for name in data.given]
    few = len(np.unique(data.y_true)) < 4
    added = ADDED_NOISE_FEW_CLASSES if few else ADDED_NOISE
    return [f"{kind} {rate}" for kind, rate in added]


def find_data(names, known=BUNDLED):
    """List the data sets that names stand for: known ones, files, and folders of files.

    Raises
    ------
    ValueError
        If a name is none of these.
    FileNotFoundError
        If there is no such file, or a folder holds none.
    """
    expected = "a file with the arrays X, y_true and, for human errors, y_given or y_given_<name>"
    found = []
    for name in names:
        path = Path(name)
        if name in known:
            found.append(name)
        elif path.is_dir():
            files = sorted(path.glob("*.npz"))
            if not files:
                raise FileNotFoundError(f"No .npz file in the folder {path}; expected {expected}.")
            found += map(str, files)
        elif name.partition("=")[0] in IMAGES and "=" in name:
            found.append(name)
            load(name)
        elif path.is_file() or path.suffix == ".npz":
            found.append(str(path))
            load(str(path))  # says what is wrong with it before the first hour is spent
        else:
            raise ValueError(
                f"Unknown data {name!r}; known are {', '.join(known)}, a .npz file ({expected}), "
                f"a folder of such files, and {', '.join(f'{name}=FOLDER' for name in IMAGES)}."
            )
    names = [Setting(path, "").data for path in found]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(
            f"Several data sets are named {', '.join(twice)}; results are told apart by name, so "
            "give each a name of its own."
        )
    return found


def choose(names, known, what):
    """Check names against those known; no names stand for all.

    Raises
    ------
    ValueError
        If a name is unknown; it lists the known ones.
    """
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise ValueError(
            f"Unknown {what} {', '.join(map(repr, unknown))}; known are {', '.join(known)}."
        )
    return [name for name in known if not names or name in names]


class Benchmark:
    """A script's command line, its results file, and the loop that fills it.

    Parameters
    ----------
    name : str
        Of the results: ``<out>/<name>.csv`` and ``<out>/<name>.png``.
    description : str
        For ``--help``.
    data : str, default="digits"
        What ``--data`` stands for by default; the script may make it itself.
    """

    def __init__(self, name, description, data="digits"):
        self.name, self.known = name, tuple(dict.fromkeys([*BUNDLED, data]))
        self.parser = argparse.ArgumentParser(description=description)
        add = self.parser.add_argument
        add(
            "--data",
            nargs="+",
            default=[data],
            help=f".npz files, folders of them, {', '.join(self.known)}, "
            f"{', '.join(f'{name}=FOLDER' for name in IMAGES)} (default: {data})",
        )
        add("--noise", nargs="+", help="only these noise settings, such as 'symmetric 0.6'")
        add("--seeds", type=int, default=3, help="number of seeds, from 0 (default: %(default)s)")
        add("--out", type=Path, default=Path("results"), help="folder to write to")
        add("--cache", type=Path, help="folder that keeps trainings, for other scripts to read")
        add("--jobs", type=int, default=1, help="processes, of one thread each (default: 1)")

    def parse(self):
        """Parse the command line and look up the data."""
        self.args = self.parser.parse_args()
        with self.refusals():
            if self.args.seeds < 1:
                raise ValueError(f"--seeds must be at least 1; got {self.args.seeds}.")
            self.paths = find_data(self.args.data, self.known)
        return self.args

    @contextmanager
    def refusals(self):
        """Turn errors about what the user named into the command line's."""
        try:
            yield
        except (ValueError, FileNotFoundError) as error:
            self.parser.error(str(error))

    def settings(self):
        """List the settings that ``--data`` and ``--noise`` name."""
        with self.refusals():
            each = {path: noises(path) for path in self.paths}
            known = list(dict.fromkeys(itertools.chain(*each.values())))
            wanted = choose(self.args.noise, known, "noise")
        return [Setting(path, noise) for path in each for noise in each[path] if noise in wanted]

    def units(self, *further):
        """List the settings as units of ``run``, with what else ``work`` needs."""
        return [
            ({"data": setting.data, "noise": setting.noise}, (setting, *further))
            for setting in self.settings()
        ]

    def run(self, units, variants, work):
        """Fill the results file with what is missing in it, and return all rows asked for.

        Parameters
        ----------
        units : list of tuple
            ``(keys, argument)``: a dict that names the unit in the file, and what ``work`` gets
            for it.
        variants : list of dict
            What is measured of every unit: more names of a row.
        work : callable
            ``work(argument, seed, variants)`` yields the scores of each variant, a dict that has
            ``seconds``, in their order. It runs in another process if ``--jobs`` says so.

        Returns
        -------
        table : DataFrame
        """
        torch.set_num_threads(1)
        file = ResultsFile(self.args.out / f"{self.name}.csv", self.parser.error)
        todo = []
        for (keys, argument), seed in itertools.product(units, range(self.args.seeds)):
            keys = {**keys, "seed": seed}
            missing = [v for v in variants if not file.has({**keys, **v})]
            if missing:
                todo.append((keys, argument, seed, missing))
        parallel = joblib.Parallel(self.args.jobs, return_as="generator_unordered")
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            finished = parallel(
                joblib.delayed(_measure)(work, keys, argument, seed, missing)
                for keys, argument, seed, missing in todo
            )
            for rows in tqdm(finished, self.name, total=len(todo), disable=not todo):
                file.append(rows)
        wanted = [
            {**keys, "seed": seed, **variant}
            for (keys, _), seed, variant in itertools.product(
                units, range(self.args.seeds), variants
            )
        ]
        return file.table(wanted)

    def report(self, table, variant):
        """Print the F1 of every variant in every setting, and means over all settings."""
        seeds = table.seed.nunique()
        print(f"\nF1 of the flags in %, mean ± standard deviation over {seeds} seeds\n")
        groups = table.groupby(["data", "noise", variant], sort=False).F1
        cells = pd.DataFrame({"mean": groups.mean(), "spread": groups.std().fillna(0)})
        text = cells.apply("{0[mean]:.1f} ± {0[spread]:.1f}".format, axis=1)
        print(_pivot(text, table, variant).to_string())
        kinds = table.noise.map(_kind).rename("by kind of noise")
        means = table.groupby([kinds, variant], sort=False).F1.mean()
        print(f"\n{_pivot(means, table, variant).to_string(float_format='{:.1f}'.format)}")
        groups = table.groupby(variant, sort=False)
        summary = groups[["F1", "AUROC", "flagged"]].mean()
        summary["median seconds"] = groups.seconds.median()
        print("\nover all settings\n")
        print(summary.to_string(float_format="{:.3g}".format))

    def save(self, figure):
        """Write the figure next to the results, and say where they are."""
        path = self.args.out / f"{self.name}.png"
        figure.savefig(path, dpi=120)
        plt.close(figure)
        print(f"\nEvery run is in {path.with_suffix('.csv')}, the figure in {path}.")


def _measure(work, keys, argument, seed, variants):
    torch.set_num_threads(1)
    scores = list(work(argument, seed, variants))
    return [
        {**keys, **variant, **score, "versions": versions()}
        for variant, score in zip(variants, scores, strict=True)
    ]


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
        if len(whole) < len(lines) or not text.endswith("\n"):
            self._rewrite(header if self.rows else None)

    def has(self, keys):
        """Tell whether a whole row has these entries."""
        return any(_matches(row, keys) for row in self.rows)

    def append(self, rows):
        """Add rows, and see to it that they are on the disk."""
        rows = [{**{k: _format(v) for k, v in row.items()}, "complete": "yes"} for row in rows]
        header = list(rows[0])
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
        table = pd.DataFrame(rows).drop(columns="complete")
        return table.apply(_as_numbers)

    def _rewrite(self, header):
        if header is None:
            self.path.unlink()
            return
        whole = self.path.with_suffix(".tmp")
        with whole.open("w", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        whole.replace(self.path)


def _matches(row, keys):
    return all(row.get(key) == _format(value) for key, value in keys.items())


def _format(value):
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _as_numbers(column):
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def score(wrong, flags, noise_score, seconds):
    """Score flags (in %) and a ranking against the truth."""
    return {
        "noise rate": float(wrong.mean()),
        "flagged": float(flags.mean()),
        "F1": float(100 * f1_score(wrong, flags, zero_division=0)),
        "AUROC": float(roc_auc_score(wrong, noise_score)),
        "seconds": float(seconds),
    }


def timed(function, *args, **kwargs):
    """Call a function; return its result and the seconds that it took."""
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return result, time.perf_counter() - start


def _kind(noise):
    """Name a kind of noise: human, and the others without their rate, unless that is low."""
    return noise if noise.endswith(" 0.1") else noise.partition(" ")[0]


def _pivot(values, table, variant):
    """One row a setting, one column a variant, in the table's order."""
    return values.unstack(variant)[list(dict.fromkeys(table[variant]))]


def dots(table, variant, title):
    """Draw the mean F1 of every variant, a row of dots for every setting."""
    means = table.groupby(["data", "noise", variant], sort=False).F1.mean()
    means = _pivot(means, table, variant)
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.4 * len(means)))
    shifts = np.linspace(-0.25, 0.25, means.shape[1])  # equal scores stay apart
    for name, marker, shift in zip(means, itertools.cycle("osDv^PX"), shifts, strict=False):
        axes.plot(means[name], np.arange(len(means)) + shift, marker, ms=5, label=name)
    axes.set_yticks(range(len(means)), [f"{data}, {noise}" for data, noise in means.index])
    axes.invert_yaxis()
    axes.grid(axis="y", alpha=0.3)
    axes.set(xlabel="F1 of the flags, %", title=title)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.tight_layout()
    return figure
