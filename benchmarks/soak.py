"""What a process holds after many fits, saves and loads: memory, open files, threads, children.

Each flow has a process of its own, which fits, saves with joblib, loads and predicts over and over:
the pipelines of the default recipe and the paper's, and a collector that saves its training. What
is held is read after every tenth time. Memory is to stay within 5 % of what it was after the tenth
fit, and of the rest nothing more may be held.
"""

import gc
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import joblib
import pandas as pd
import psutil
import torch
from figures import plt
from harness import Benchmark
from sklearn.base import clone
from speed import find_units, refuse_jobs

from skdynacor import make_dynacor_pipeline

FLOWS = ("default", "paper", "checkpoints")
#: Memory may grow by this share after the tenth fit.
GROWTH = 0.05
HELD = ("files", "threads", "children")
EVERY = 10


def make_estimator(flow, seed):
    """Make what is fitted over and over."""
    recipe = "transition" if flow == "default" else "paper"
    pipe = make_dynacor_pipeline(recipe=recipe, random_state=seed)
    return pipe[:-1] if flow == "checkpoints" else pipe


def soak(flow, setting, seed, n_fits):
    """Yield what the process holds after every tenth fit."""
    torch.set_num_threads(1)
    X, y, _ = setting.make(seed)
    estimator, start = make_estimator(flow, seed), time.perf_counter()
    for n in range(1, n_fits + 1):
        with tempfile.TemporaryDirectory() as folder:
            if flow == "checkpoints":
                estimator.set_params(dynamicscollector__checkpoint_dir=Path(folder, "training"))
            fitted = clone(estimator).fit(X, y)
            joblib.dump(fitted, f"{folder}/fitted.joblib")
            loaded = joblib.load(f"{folder}/fitted.joblib")
            (loaded.transform if flow == "checkpoints" else loaded.predict)(X)
        del fitted, loaded
        if n % EVERY == 0:
            gc.collect()
            yield {**held(), "seconds": time.perf_counter() - start}
            start = time.perf_counter()


def held():
    """Read what this process holds."""
    process = psutil.Process()
    return {
        "MB": process.memory_info().rss / 2**20,
        "files": len(os.listdir("/proc/self/fd")),
        "threads": process.num_threads(),
        "children": len(process.children(recursive=True)),
    }


def soak_whole(*args):
    """List what ``soak`` yields."""
    return list(soak(*args))


def measure(argument, seed, variants):
    """Give what is held after each number of fits, in a fresh process."""
    flow, setting, n_fits = argument
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        rows = executor.submit(soak_whole, flow, setting, seed, n_fits).result()
    return [rows[variant["fits"] // EVERY - 1] for variant in variants]


def sum_up(table):
    """Give for each flow what is held after the tenth fit and the last, and whether it grew."""
    for (flow, seed), runs in table.groupby(["flow", "seed"], sort=False):
        first, last = runs.iloc[0], runs.iloc[-1]
        growth = last.MB / first.MB - 1
        grown = [name for name in HELD if last[name] > first[name]]
        grown += ["memory"] if growth > GROWTH else []
        yield {
            **{"flow": flow, "seed": seed, "fits": last.fits},
            **{"MB at the tenth": first.MB, "MB": last.MB, "growth, %": 100 * growth},
            **{name: f"{first[name]}-{last[name]}" for name in HELD},
            **{"seconds": runs.seconds.sum(), "grew": ", ".join(grown) or "nothing"},
        }


def draw(table):
    """Draw memory against the number of fits, a line for each flow and seed."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for position, (flow, runs) in enumerate(table.groupby("flow", sort=False)):
        for seed, run in runs.groupby("seed"):
            label = flow if seed == 0 else None
            axes.plot(run.fits, run.MB, ".-", color=f"C{position}", label=label)
    axes.set(xlabel="fits, saves and loads in one process", ylabel="resident memory, MB", ylim=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def main():
    """Measure, print what grew, and draw."""
    benchmark = Benchmark("soak", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--fits", type=int, default=200, help="a multiple of ten (default: %(default)s)")
    add("--rows", type=int, default=300, help="of synthetic data (default: %(default)s)")
    add("--features", type=int, default=8, help="of synthetic data (default: %(default)s)")
    benchmark.parser.set_defaults(seeds=1)
    args = benchmark.parse()
    refuse_jobs(benchmark)
    if args.fits < 2 * EVERY or args.fits % EVERY:
        benchmark.parser.error(f"--fits must be 20, 30, ...; got {args.fits}.")
    units = [
        ({**keys, "flow": flow}, (flow, setting, args.fits))
        for keys, setting in find_units(benchmark)
        for flow in FLOWS
    ]
    variants = [{"fits": n} for n in range(EVERY, args.fits + 1, EVERY)]
    table = benchmark.run(units, variants, measure)
    sums = pd.DataFrame(sum_up(table))
    print(sums.to_string(index=False, float_format="{:.1f}".format))
    benchmark.save(draw(table))
    return int((sums.grew != "nothing").any())


if __name__ == "__main__":
    sys.exit(main())
