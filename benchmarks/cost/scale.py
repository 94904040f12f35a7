"""How seconds, memory and distinct trajectories grow with the number of rows, on one thread.

Every run has a process of its own, which loads its input from the disk: the peak memory of a
process never falls, and what made the input must not be in it. Rows of data sets are drawn with
replacement and jittered.
"""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from skdynacor import (
    CorruptedArray,
    CorruptedCopies,
    DynaCorDetector,
)

from ..lib.data import Setting
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import METHODS
from ..lib.scoring import percent_f1, timed
from ..lib.synthetic import Synthetic, first_settings, refuse_jobs, shape_of
from .speed import count_distinct

ROWS = (10_000, 31_623, 100_000, 316_228, 1_000_000)
#: What is drawn against the number of rows: panels and the columns in them.
PANELS = {
    "seconds": {"training seconds": "oC0", "detection seconds": "sC3"},
    "distinct trajectories": {"distinct": "oC3"},
    "MB": {"memory MB": "oC3", "input MB": "sC7"},
}
#: The parameter of each method that holds the batch size of its net.
BATCH_SIZE = {"default": "net__batch_size", "paper": "dynamicscollector__estimator__batch_size"}
LABELS = {"distinct": "with copies", "memory MB": "peak above the input", "input MB": "the input"}


class Resampled(NamedTuple):
    """Rows drawn from a data set with replacement, each then moved a little."""

    setting: Setting
    rows: int

    def make(self, seed):
        """Return X, given labels and the mask of wrong ones."""
        X, y, wrong = self.setting.make(seed)
        rng = np.random.default_rng(seed)
        drawn = rng.integers(0, len(X), self.rows)
        moves = rng.standard_normal((self.rows, X.shape[1]), dtype=np.float32)
        return X[drawn] + 0.1 * X.std(axis=0) * moves, y[drawn], wrong[drawn]


class Trajectories(NamedTuple):
    """Rows of a few thousand distinct trajectories, and a tenth as many copies."""

    rows: int
    epochs: int = 20
    kinds: int = 6500

    def make(self, seed):
        """Return the trajectories of rows, and those of copies."""
        rng = np.random.default_rng(seed)
        ease = rng.random(self.kinds)
        agrees = rng.random((self.kinds, self.epochs)) < ease[:, None]
        kinds = np.where(agrees, 1, -1).astype(np.float32)
        hard = np.flatnonzero(ease < 0.3)
        rows, copies = rng.integers(0, self.kinds, self.rows), rng.choice(hard, self.rows // 10)
        return kinds[rows], kinds[copies]


def run_method(X, y, wrong, device, seed, method, batch_size):
    """Find label errors; return F1 and what it cost."""
    model = METHODS[method](device=device, random_state=seed)
    if batch_size:
        model.set_params(**{BATCH_SIZE[method]: batch_size})
    with own_peak() if isinstance(X, np.memmap) else peak() as above:
        if method == "default":
            detector, fitting = timed(model.fit, X, y)
            T, seconds = None, {"training": fitting, "detection": 0.0}
        else:
            corrupted, corruption = timed(model[0].fit_transform, X, y)
            # A pipeline keeps its steps until the end, but not what they hand on.
            T, training = timed(model[1].fit_transform, corrupted, y)
            del corrupted
            detector, detection = timed(model[2].fit, T)
            seconds = {"training": corruption + training, "detection": detection}
    return {
        "F1": percent_f1(wrong, detector.flags_),
        **costs(len(X), T, seconds, above, X.nbytes + y.nbytes),
    }


def run_detection(rows, copies, device, seed):
    """Detect; return what it cost."""
    labels, sources = np.zeros(len(copies), dtype=np.int8), np.arange(len(copies))
    T = CorruptedArray(rows, CorruptedCopies(copies, labels, sources))
    with peak() as above:
        _, detection = timed(DynaCorDetector(device=device, random_state=seed).fit, T)
    n_bytes = rows.nbytes + copies.nbytes
    return costs(len(rows), T, {"detection": detection}, above, n_bytes)


def costs(n_rows, T, seconds, above, n_bytes):
    """Name what a fit cost, ``seconds`` by step; T are the dynamics of rows and copies, if any."""
    megabytes = n_bytes / 2**20
    return {
        **{f"{step} seconds": each for step, each in seconds.items()},
        **{f"{step} us per row": 1e6 * each / n_rows for step, each in seconds.items()},
        "distinct": 0 if T is None else count_distinct(T, T.corrupted.data),
        "memory MB": max(above),
        "input MB": megabytes,
        "memory / input": max(above) / megabytes,
        "seconds": sum(seconds.values()),
    }


def memory(kind):
    """Read this process's memory in MB.

    VmRSS is what it holds, VmHWM the most it has held, RssAnon what it holds apart from files.
    """
    # Not resource.getrusage, whose peak starts at the parent's.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(kind))


@contextmanager
def peak():
    """Give a list that gets the most memory in MB above what was held before."""
    above, before = [], memory("VmRSS")
    yield above
    above.append(memory("VmHWM") - before)


@contextmanager
def own_peak():
    """Give a list that gets the memory in MB, apart from files, above what was held before."""
    above, before, done = [0.0], memory("RssAnon"), Event()

    def poll():  # Linux keeps no peak of it
        while not done.wait(0.005):
            above.append(memory("RssAnon") - before)

    thread = Thread(target=poll)
    thread.start()
    try:
        yield above
    finally:
        done.set()
        thread.join()


def save(source, seed, folder):
    """Write what a source makes to a folder; synthetic rows are never in memory as a whole."""
    made = {}
    if isinstance(source, Synthetic):
        made["empty"] = partial(np.lib.format.open_memmap, f"{folder}/0.npy", "w+")
    for position, array in enumerate(source.make(seed, **made)):
        if not isinstance(array, np.memmap):  # which is written
            np.save(f"{folder}/{position}.npy", array)


def measure(argument, seed, variants):
    """Give the costs of one run in a fresh process."""
    source, device, disk, *how = argument
    with tempfile.TemporaryDirectory() as folder:
        save(source, seed, folder)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            detects = isinstance(source, Trajectories)
            return [executor.submit(run_saved, folder, detects, disk, device, seed, *how).result()]


@threadpool_limits.wrap(limits=1)
def run_saved(folder, detects, disk, device, seed, *how):
    """Run on the arrays of a folder."""
    torch.set_num_threads(1)
    run = run_detection if detects else run_method
    few = Trajectories(300) if detects else Synthetic(300, 8)
    run(*few.make(0), device, 0, *how)  # imports what a first fit imports
    first, *others = sorted(Path(folder).iterdir())
    X = np.load(first, mmap_mode="r" if disk else None)
    return run(X, *map(np.load, others), device, seed, *how)


def find_units(benchmark):
    """List what to measure, with its keys."""
    args, units = benchmark.args, []
    if args.only == "detection":
        for rows in args.rows:
            source = Trajectories(rows)
            keys = {"data": "trajectories", "rows": rows, "epochs": source.epochs}
            units.append(({**keys, "device": args.device}, (source, args.device, False)))
        return units
    for setting in first_settings(benchmark, Synthetic(0, args.features)):
        made = isinstance(setting, Synthetic)
        for rows in args.rows:
            source = setting._replace(rows=rows) if made else Resampled(setting, rows)
            keys = {"data": setting.data, "noise": setting.noise, "rows": rows}
            keys |= {"features": shape_of(setting)[1], "method": args.method}
            keys |= {"batch size": args.batch_size, "device": args.device}
            how = args.method, args.batch_size
            units.append((keys, (source, args.device, args.disk, *how)))
    return units


def draw(means):
    """Draw means against the number of rows, one line of panels a data set."""
    groups = list(means.reset_index("rows").groupby(level="data", sort=False))
    figure, panels = plt.subplots(
        len(groups), 3, squeeze=False, figsize=(12, 3.6 * len(groups)), layout="constrained"
    )
    for line, (data, group) in zip(panels, groups, strict=True):
        for axes, (unit, columns) in zip(line, PANELS.items(), strict=True):
            drawn = [column for column in columns if column in group and group[column].any()]
            if not drawn:  # the default has no trajectories
                axes.set_visible(False)
                continue
            for column in drawn:
                label = LABELS.get(column, column.removesuffix(" seconds"))
                axes.plot(group.rows, group[column], f"-{columns[column]}", label=label)
            if unit == "seconds":
                proportional = group[drawn[0]].iloc[0] * group.rows / group.rows.iloc[0]
                axes.plot(group.rows, proportional, "--k", lw=1, label="in proportion to rows")
            axes.set(xscale="log", yscale="log", xlabel="rows", ylabel=unit, title=data)
            axes.grid(alpha=0.3)
            axes.legend()
    return figure


def main():
    """Measure, print the means, and draw."""
    benchmark = Benchmark("scale", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add(
        "--rows",
        type=int,
        nargs="+",
        default=ROWS,
        help=f"numbers of rows (default: {' '.join(map(str, ROWS))})",
    )
    add("--features", type=int, default=16, help="of synthetic data (default: %(default)s)")
    add("--device", default="cpu", help="where to train and detect (default: %(default)s)")
    add(
        "--only",
        choices=["detection"],
        help="detect synthetic trajectories of 20 epochs, without a training and without data; "
        "results are named scale_detection",
    )
    add(
        "--disk",
        action="store_true",
        help="leave the rows on the disk; memory is then what the process holds of its own, "
        "apart from files, and results are named scale_disk",
    )
    add("--batch-size", type=int, default=0, help="0, the default, leaves it to the method")
    add("--method", choices=METHODS, default="default", help="(default: %(default)s)")
    args = benchmark.parse()
    refuse_jobs(benchmark)
    if args.only and args.disk:
        benchmark.parser.error("--only detection has no rows to leave on the disk; drop --disk.")
    if args.disk:
        benchmark.name += "_disk"
    if args.only:
        benchmark.name += f"_{args.only}"
    table = benchmark.run(find_units(benchmark), [{}], measure)

    keys = list(table.columns[: table.columns.get_loc("seed")])
    means = table.drop(columns=["seed", "versions"]).groupby(keys, sort=False).mean()
    print(f"\nmean over {args.seeds} seeds, on one thread; memory above what the input takes\n")
    print(means.to_string(float_format=lambda v: f"{v:,.0f}" if v >= 100 else f"{v:.3g}"))
    benchmark.save(draw(means))


if __name__ == "__main__":
    main()
