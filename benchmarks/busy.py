"""How much longer a fit takes while other processes keep all cores busy.

Each repeat fits alone and beside a busy process for each core, in turn: the pipeline of the default
recipe, and cleanlab's flow with logistic regression. Every fit has a fresh process, with as many
threads as torch and numpy take by default: where cores are busy, they wait for each other. What is
loaded at the first call counts, too.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context

import joblib
import pandas as pd
import torch
from busy_cores import busy_cores
from figures import plt
from harness import Benchmark
from peers import make_logistic
from scoring import percent_f1, timed
from speed import MARKS, encode, find_units, refuse_jobs, run_cleanlab, spread

from skdynacor import make_dynacor_pipeline

FLOWS = ("default", "cleanlab, logistic")
COLUMNS = ("alone seconds", "busy seconds", "busy / alone")
#: The default is to take at most so many times as long.
WANTED = 2.5
#: What keeps processes from taking the threads that they take by default.
LIMITS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@contextmanager
def no_thread_limits():
    """Hide limits on threads from processes that are started meanwhile."""
    hidden = {name: os.environ.pop(name) for name in LIMITS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def call_fresh(function, *args):
    """Call a function in a fresh process without limits on threads."""
    with (
        no_thread_limits(),
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
    ):
        return executor.submit(function, *args).result()


def fit(flow, setting, seed):
    """Give the seconds of one fit, the F1 of its flags, and how many threads torch takes."""
    X, y, wrong = setting.make(seed)
    if flow == "default":
        call = make_dynacor_pipeline(random_state=seed).fit_predict, X, y
    else:
        call = run_cleanlab, make_logistic(X.shape[1]), X, encode(y)
    flags, seconds = timed(*call)
    return seconds, percent_f1(wrong, flags), torch.get_num_threads()


def measure(setting, seed, variants):
    """Yield what each flow takes alone and beside busy cores."""
    n_cores = joblib.cpu_count()
    for variant in variants:
        runs = {}
        for name, beside in {"alone": nullcontext(), "busy": busy_cores(n_cores)}.items():
            with beside:
                runs[name] = call_fresh(fit, variant["flow"], setting, seed)
        (alone, f1, n_threads), (busy, *_) = runs["alone"], runs["busy"]
        yield {
            **{"cores": n_cores, "threads": n_threads, "F1": f1},
            **dict(zip(COLUMNS, (alone, busy, busy / alone), strict=True)),
            "seconds": alone + busy,
        }


def print_costs(table):
    """Print the medians over the repeats."""
    first = table.iloc[0]
    print(
        f"\n{first.data}, {first.noise}, {first.rows} x {first.features}, {first.threads} threads "
        f"on {first.cores} cores: medians over {table.seed.nunique()} repeats (lowest-highest); "
        f"at most {WANTED} times as long is wanted of the default\n"
    )
    flows = {
        flow: {**{column: spread(runs[column]) for column in COLUMNS}, "F1, %": runs.F1.median()}
        for flow, runs in table.groupby("flow", sort=False)
    }
    cells = pd.DataFrame.from_dict(flows, orient="index")
    print(cells.to_string(float_format="{:.1f}".format))


def draw(groups):
    """Draw how many times as long each flow takes, every repeat a marker."""
    figure, panels = plt.subplots(
        len(groups), squeeze=False, figsize=(8, 0.8 + 1.4 * len(groups)), layout="constrained"
    )
    for axes, ((data, noise, *shape), table) in zip(panels[:, 0], groups, strict=True):
        for place, (flow, runs) in enumerate(table.groupby("flow", sort=False)):
            color, marker = MARKS[flow]
            ratios = runs["busy / alone"]
            axes.plot(ratios.median(), place, "|", color=color, ms=22)
            axes.plot(ratios, [place] * len(ratios), marker, color=color, alpha=0.7)
        axes.axvline(WANTED, color="0.4", ls="--")
        axes.set_yticks(range(len(FLOWS)), FLOWS)
        axes.set(xlim=0, ylim=(len(FLOWS) - 0.5, -0.5))
        axes.set_title(f"{data}, {noise}, {' x '.join(map(str, shape))}")
        axes.grid(axis="x", alpha=0.3)
    panels[-1, 0].set_xlabel("seconds with all cores busy / seconds alone; |: median; --: wanted")
    return figure


def main():
    """Measure, print the medians, and draw."""
    benchmark = Benchmark("busy", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--rows", type=int, default=20_000, help="of synthetic data (default: %(default)s)")
    add("--features", type=int, default=64, help="of synthetic data (default: %(default)s)")
    benchmark.parser.set_defaults(seeds=5)
    benchmark.parse()
    refuse_jobs(benchmark)
    units = list(find_units(benchmark))
    table = benchmark.run(units, [{"flow": flow} for flow in FLOWS], measure)

    groups = list(table.groupby(list(units[0][0]), sort=False))
    for _, group in groups:
        print_costs(group)
    benchmark.save(draw(groups))


if __name__ == "__main__":
    main()
