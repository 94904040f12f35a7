"""Seconds and memory of the default beside cleanlab, by data set, up to many classes.

cleanlab gets five-fold logistic regression, and an out-of-bag forest. Every run has a process of
its own, and one thread. Data with classes in their name are synthetic.
"""

import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from cleanlab.filter import find_label_issues
from threadpoolctl import threadpool_limits

from skdynacor import LabelErrorDetector

from ..lib.classifiers import make_forest, make_logistic, out_of_sample
from ..lib.data import Setting, noises
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.scoring import percent_f1, timed
from ..lib.synthetic import Synthetic, refuse_jobs, shape_of
from .scale import peak


class ManyClasses(NamedTuple):
    """Synthetic rows of many classes."""

    rows: int
    features: int
    classes: int
    noise = "symmetric 0.2"

    @property
    def data(self):
        """The name."""
        return f"{self.classes} classes"

    def make(self, seed):
        """Return X, given labels and the mask of wrong ones."""
        return Synthetic(self.rows, self.features).make(seed, self.classes)


MANY = (
    ManyClasses(22_500, 384, 150),
    ManyClasses(12_000, 64, 1_200),
    ManyClasses(3_051, 384, 1_500),
)


def run_default(X, codes, seed):
    """Find label errors with default settings."""
    return LabelErrorDetector(random_state=seed).fit_predict(X, codes)


def run_logistic(X, codes, seed):
    """Find them as cleanlab's users do."""
    return _filter(make_logistic(X.shape[1]), X, codes, seed)


def run_forest(X, codes, seed):
    """The same with a forest, out of bag."""
    return _filter(make_forest(seed), X, codes, seed)


def _filter(classifier, X, codes, seed):
    return find_label_issues(codes, out_of_sample(classifier, X, codes, seed), n_jobs=1)


FLOWS = {"default": run_default, "logistic": run_logistic, "forest": run_forest}


def measure(setting, seed, variants):
    """Give the F1 and costs of each flow, in fresh processes."""
    X, y, wrong = setting.make(seed)
    with tempfile.TemporaryDirectory() as folder:
        codes = np.unique(y, return_inverse=True)[1]
        np.savez(f"{folder}/data.npz", X=X, codes=codes, wrong=wrong)
        for variant in variants:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
                yield executor.submit(run_saved, folder, variant["method"], seed).result()


@threadpool_limits.wrap(limits=1)
def run_saved(folder, method, seed):
    """Run a flow on the rows of a folder."""
    torch.set_num_threads(1)
    few = Synthetic(300, 8).make(0, 3)
    FLOWS[method](*few[:2], 0)  # imports what a first fit imports
    with np.load(f"{folder}/data.npz") as arrays:
        X, codes, wrong = arrays["X"], arrays["codes"], arrays["wrong"]
    with peak() as above:
        flags, seconds = timed(FLOWS[method], X, codes, seed)
    return {"F1": percent_f1(wrong, flags), "seconds": seconds, "memory MB": max(above)}


def main():
    """Measure, and print the medians over the seeds."""
    benchmark = Benchmark("classes", __doc__)
    args = benchmark.parse()
    refuse_jobs(benchmark)
    with benchmark.refusals():
        settings = [Setting(path, noises(path)[0]) for path in benchmark.paths]
    settings += MANY
    units = []
    for setting in settings:
        shape = shape_of(setting)[:2]
        keys = {"data": setting.data, "noise": setting.noise, "rows": shape[0]}
        units.append(({**keys, "features": shape[1]}, setting))
    table = benchmark.run(units, [{"method": method} for method in FLOWS], measure)

    by = ["data", "rows", "features"]
    medians = table.pivot_table(
        index=by, columns="method", values=["seconds", "memory MB", "F1"], aggfunc="median"
    )
    seconds = medians["seconds"]
    costs = pd.DataFrame(
        {
            "seconds": seconds["default"],
            "/ logistic": seconds["default"] / seconds["logistic"],
            "/ forest": seconds["default"] / seconds["forest"],
            "MB": medians["memory MB"]["default"],
            "MB, logistic": medians["memory MB"]["logistic"],
            **{f"F1, {method}": medians["F1"][method] for method in FLOWS},
        }
    )
    print(f"\nmedians over {args.seeds} seeds, one thread; memory above what the input takes\n")
    print(costs.reset_index().to_string(index=False, float_format="{:.4g}".format))
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    seconds.droplevel([1, 2])[list(FLOWS)].plot.barh(ax=axes, logx=True)
    axes.set_xlabel("seconds on one thread")
    benchmark.save(figure)


if __name__ == "__main__":
    main()
