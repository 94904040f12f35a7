"""Whether the evidence for a suggested label is true.

Of the flagged rows: how often both rows that are shown as evidence truly have the suggested class,
and how often the suggestion is right, of all that are flagged and of those whose label is wrong.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor.baselines import ConfidentLearning
from skdynacor.inspection import label_issues

from ..lib.data import load
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import METHODS
from ..lib.scoring import timed

SHARES = ["wrong", "right suggestions", "right where wrong", "each true", "both true"]


def make_cleanlab(random_state):
    """Make cleanlab's filter on logistic regression, whose evidence is compared by features."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    return ConfidentLearning(classifier, random_state=random_state)


def share(true):
    """Give the share that is true; NaN of nothing."""
    return float(true.mean()) if true.size else np.nan


def look(argument, seed, variants):
    """Yield what of the evidence is true, for each method."""
    [setting] = argument
    X, y, wrong = setting.make(seed)
    y_true = load(setting.path).y_true
    for variant in variants:
        method = variant["method"]
        make = METHODS.get(method, make_cleanlab)
        detector = make(random_state=seed).fit(X, y)
        issues, seconds = timed(label_issues, detector, X, y, only_flagged=True)
        rows, suggested = issues.position.to_numpy(), issues.suggested_label.to_numpy()
        shown = issues[["neighbor_1", "neighbor_2"]].dropna().astype(int)
        true = y_true[shown] == suggested[shown.index][:, None]  # (n_shown, 2)
        right = y_true[rows] == suggested
        yield {
            "flagged": len(issues),
            "wrong": share(wrong[rows]),
            "shown": len(shown) / max(1, len(issues)),
            "both true": share(true.all(axis=1)),
            "each true": share(true),
            "right suggestions": share(right),
            "right where wrong": share(right[wrong[rows]]),
            "seconds": float(seconds),
        }


def main():
    """Measure, print the means, and draw."""
    benchmark = Benchmark("evidence", __doc__)
    benchmark.parse()
    table = benchmark.run(
        benchmark.units(), [{"method": method} for method in (*METHODS, "cleanlab")], look
    )
    groups = table.groupby(["data", "noise", "method"], sort=False)
    means = 100 * groups[SHARES].mean()
    means.insert(0, "flagged", groups.flagged.mean())
    seeds = table.seed.nunique()
    print(f"\nof the flagged rows, in %, mean over {seeds} seeds\n")
    print(means.to_string(float_format="{:.1f}".format))
    overall = 100 * table.groupby("method", sort=False)[[*SHARES, "shown"]].mean()
    print(f"\nover all settings\n\n{overall.to_string(float_format='{:.1f}'.format)}")
    bars = means["both true"].unstack("method", sort=False)
    axes = bars.plot.barh(figsize=(8, 1.5 + 0.5 * len(bars)), xlim=(0, 100))
    axes.invert_yaxis()
    axes.set(
        xlabel="flagged rows whose two neighbours truly have the suggested class, %", ylabel=""
    )
    plt.tight_layout()
    benchmark.save(axes.figure)


if __name__ == "__main__":
    main()
