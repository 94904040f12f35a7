"""Seconds of a net in five folds, by the number of workers of a Dask cluster on this machine.

0 workers stand for no cluster. Each worker has two threads, since joblib does without a cluster of
one, but trains one net at a time. All have imported what they need before.
"""

from contextlib import ExitStack

import dask
import torch
from distributed import Client, LocalCluster
from joblib import parallel_config

from skdynacor import OutOfSampleEnsemble
from skdynacor.nets import make_mlp_classifier

from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.scoring import timed
from ..lib.synthetic import Synthetic, refuse_jobs

WORKERS = (0, 1, 2)
#: Dask has workers give memory back at once, which makes the steps of a net half as slow again.
KEEP_MEMORY = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}


def fit(X, y, seed):
    """Cross-fit the net."""
    torch.set_num_threads(1)
    estimators = [("net", make_mlp_classifier())]
    OutOfSampleEnsemble(estimators, cv=5, random_state=seed).fit(X, y)


def measure(synthetic, seed, variants):
    """Give the seconds with each number of workers."""
    X, y, _ = synthetic.make(seed)
    few = X[:300], y[:300], seed  # a first fit imports much
    fit(*few)
    for variant in variants:
        with ExitStack() as stack:
            if n_workers := variant["workers"]:
                stack.enter_context(dask.config.set(KEEP_MEMORY))
                options = {"threads_per_worker": 2, "dashboard_address": ":0"}
                cluster = stack.enter_context(LocalCluster(n_workers=n_workers, **options))
                stack.enter_context(Client(cluster)).run(fit, *few)
                stack.enter_context(parallel_config("dask"))
            yield {"seconds": timed(fit, X, y, seed)[1]}


def main():
    """Measure, and print the medians over the seeds."""
    benchmark = Benchmark("workers", __doc__, data="synthetic")
    add = benchmark.parser.add_argument
    add("--rows", type=int, default=20_000, help="(default: %(default)s)")
    add("--features", type=int, default=200, help="(default: %(default)s)")
    args = benchmark.parse()
    refuse_jobs(benchmark)
    synthetic = Synthetic(args.rows, args.features)
    keys = {"data": synthetic.data, "noise": synthetic.noise, **synthetic._asdict()}
    table = benchmark.run([(keys, synthetic)], [{"workers": n} for n in WORKERS], measure)

    seconds = table.groupby("workers").seconds.median()
    print(f"\nmedians over {args.seeds} seeds\n")
    print(seconds.to_string(float_format="{:.3g}".format))
    figure, axes = plt.subplots(figsize=(4, 3), layout="constrained")
    seconds.plot.bar(ax=axes, ylabel="seconds")
    benchmark.save(figure)


if __name__ == "__main__":
    main()
