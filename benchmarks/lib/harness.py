"""A script's command line, and the loop that runs what is missing in its results."""

import argparse
import itertools
from contextlib import contextmanager
from pathlib import Path

import joblib
import pandas as pd
import torch
from tqdm import tqdm

from .data import BUNDLED, IMAGES, RIGHT, Setting, find_data, noises
from .figures import pivot, plt
from .package_tables import TABLES
from .results_file import ResultsFile, commit, versions


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
    always : iterable of str, default=()
        Data to measure whatever ``--data`` names; that then stands for no more by default.
    """

    def __init__(self, name, description, data="digits", always=()):
        self.name, self.known = name, tuple(dict.fromkeys([*BUNDLED, *TABLES, data]))
        self.always = tuple(always)
        default = [] if self.always else [data]
        unnamed = f"always: {', '.join(self.always)}" if self.always else f"default: {data}"
        self.parser = argparse.ArgumentParser(description=description)
        add = self.parser.add_argument
        add(
            "--data",
            nargs="+",
            default=default,
            help=f".npz files, folders of them, {', '.join(self.known)}, "
            f"{', '.join(f'{name}=FOLDER' for name in IMAGES)} ({unnamed})",
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
            names = dict.fromkeys([*self.always, *self.args.data])
            self.paths = find_data(names, self.known)
        return self.args

    @contextmanager
    def refusals(self):
        """Turn errors about what the user named into the command line's."""
        try:
            yield
        except (ValueError, FileNotFoundError) as error:
            self.parser.error(str(error))

    def settings(self, noises=noises):
        """List the settings that ``--data`` and ``--noise`` name; ``noises`` lists a path's."""
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
        made_with, todo = commit(), []
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
                file.append([{**row, "commit": made_with} for row in rows])
        wanted = [
            {**keys, "seed": seed, **variant}
            for (keys, _), seed, variant in itertools.product(
                units, range(self.args.seeds), variants
            )
        ]
        return file.table(wanted)

    def report(self, table, variant):
        """Print the F1 of every variant in every setting, and means of all scores over them."""
        seeds = table.seed.nunique()
        print(f"\nF1 of the flags in %, mean ± standard deviation over {seeds} seeds\n")
        groups = table.groupby(["data", "noise", variant], sort=False).F1
        cells = pd.DataFrame({"mean": groups.mean(), "spread": groups.std().fillna(0)})
        text = cells.apply("{0[mean]:.1f} ± {0[spread]:.1f}".format, axis=1)
        print(pivot(text, table, variant).to_string())
        kinds = table.noise.map(kind_of_noise).rename("by kind of noise")
        means = table.groupby([kinds, variant], sort=False).F1.mean()
        print(f"\n{pivot(means, table, variant).to_string(float_format='{:.1f}'.format)}")
        groups = table.groupby(variant, sort=False)
        scores = [name for name in ("accuracy", "F1", "AUROC", "flagged") if name in table]
        summary = groups[scores].mean()
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


def kind_of_noise(noise):
    """Name a kind of noise: human, and the others without their rate, unless that is low."""
    return noise if noise == RIGHT or noise.endswith(" 0.1") else noise.partition(" ")[0]
