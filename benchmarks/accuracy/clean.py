"""What is flagged where no label is wrong, also if one class is a hundredth of the others' size.

Labels are the right ones, also of data that have human errors. All rows that are flagged are
flagged in error, except for errors that were in these labels, too.
"""

import numpy as np

from ..lib.data import BUNDLED, Setting, load
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import METHODS, fit
from ..lib.scoring import timed

CLASSES = ("as they are", "one of them rare")
#: How many rows of the rare class stay at least.
FEWEST = 5


def thin(y, rng):
    """Positions of all rows, but of the first class only a hundredth of the others' mean size."""
    classes, sizes = np.unique(y, return_counts=True)
    rows = np.flatnonzero(y == classes[0])
    n_rare = min(len(rows), max(FEWEST, round(sizes[1:].mean() / 100)))
    return np.sort(np.r_[rng.choice(rows, n_rare, replace=False), np.flatnonzero(y != classes[0])])


def look(argument, seed, variants):
    """Yield what each method flags."""
    path, classes = argument
    data = load(path)
    X, y = data.X, data.y_true
    if classes == "one of them rare":
        rows = thin(y, np.random.default_rng(seed))
        X, y = X[rows], y[rows]
    for variant in variants:
        detector, seconds = timed(fit, variant["method"], X, y, random_state=seed)
        flags = detector.flags_
        shares = [flags[y == label].mean() for label in np.unique(y)]
        yield {
            "flagged": float(flags.mean()),
            "most of a class": float(max(shares)),
            "of the first class": float(shares[0]),
            "seconds": float(seconds),
        }


def main():
    """Measure, print the means, and draw."""
    benchmark = Benchmark("clean", __doc__, always=BUNDLED)
    benchmark.parse()
    units = [
        ({"data": Setting(path, "").data, "classes": classes}, (path, classes))
        for path in benchmark.paths
        for classes in CLASSES
    ]
    table = benchmark.run(units, [{"method": method} for method in METHODS], look)
    shares = ["flagged", "most of a class", "of the first class"]
    means = table.groupby(["data", "classes", "method"], sort=False)[shares].mean()
    print("\nshare of the rows that is flagged, mean over the seeds, in %\n")
    print((100 * means).to_string(float_format="{:.1f}".format))
    bars = (100 * means.flagged).unstack("method")[list(METHODS)]
    axes = bars.plot.barh(figsize=(8, 1 + 0.5 * len(bars)), color=["C3", "C7"])
    axes.invert_yaxis()
    axes.set(xlabel="rows flagged though no label is wrong, %", ylabel="")
    plt.tight_layout()
    benchmark.save(axes.figure)


if __name__ == "__main__":
    main()
