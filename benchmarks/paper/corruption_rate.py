"""Figure 2 of the paper: how many corrupted copies to add (γ).

Next to it an upper bound: a supervised classifier of the same dynamics, trained on which labels are
wrong, with five-fold probabilities and the best of all thresholds.
"""

from functools import lru_cache

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skdynacor import DynaCorDetector

from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.recording import SIGNALS, record
from ..lib.scoring import best_threshold, score, timed

GAMMAS = (0.05, 0.1, 0.2, 0.4, 0.8)
DETECTORS = ["dynacor", "supervised"]


def supervise(T, wrong, seed):
    """Learn which labels are wrong; return out-of-fold probabilities, (n_samples,)."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    classifier = HistGradientBoostingClassifier(random_state=seed)
    return cross_val_predict(classifier, T, wrong, cv=folds, method="predict_proba")[:, 1]


def detect(argument, seed, variants):
    """Yield the scores of the detector and of the supervised classifier, for each γ."""
    setting, cache = argument
    record_at = lru_cache(1)(lambda gamma: record(setting, seed, gamma, cache))
    for variant in variants:
        recording = record_at(variant["gamma"])
        if variant["detector"] == "dynacor":
            yield recording.detect(DynaCorDetector(random_state=seed))
        else:
            T = np.asarray(recording.dynamics[SIGNALS[0]])
            probability, seconds = timed(supervise, T, recording.wrong, seed)
            seconds += recording.seconds
            flags = probability >= best_threshold(recording.wrong, probability)
            yield score(recording.wrong, flags, probability, seconds)


def draw(table):
    """Draw F1 against γ, one panel a setting."""
    settings = list(table.groupby(["data", "noise"], sort=False))
    n_columns = min(4, len(settings))
    n_rows = -(-len(settings) // n_columns)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(3.2 * n_columns, 0.6 + 2.5 * n_rows), squeeze=False, sharex=True
    )
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    for axis, ((data, noise), runs) in zip(axes.flat, settings, strict=False):
        for name, color in zip(DETECTORS, ["C3", "grey"], strict=True):
            f1 = runs[runs.detector == name].groupby("gamma").F1.agg(["mean", "std"]).fillna(0)
            axis.errorbar(
                f1.index, f1["mean"], f1["std"], color=color, marker="o", ms=4, label=name
            )
        axis.set_xscale("log")
        axis.set_xticks(
            sorted(set(runs.gamma)), [f"{gamma:g}" for gamma in sorted(set(runs.gamma))]
        )
        axis.minorticks_off()
        axis.set_title(f"{data}, {noise}", fontsize=9)
    for axis in axes[:, 0]:
        axis.set_ylabel("F1, %")
    figure.supxlabel("γ, copies a row")
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("corruption_rate", __doc__)
    benchmark.parser.add_argument("--gammas", nargs="+", type=float, default=list(GAMMAS))
    args = benchmark.parse()
    variants = [{"gamma": gamma, "detector": name} for gamma in args.gammas for name in DETECTORS]
    table = benchmark.run(benchmark.units(args.cache), variants, detect)
    for name, runs in table.groupby("detector", sort=False):
        print(f"\n\n{name}")
        benchmark.report(runs, "gamma")
    benchmark.save(draw(table))


if __name__ == "__main__":
    main()
