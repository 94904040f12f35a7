"""Both recipes beside cleanlab: five filters, each on the probabilities of four classifiers.

Every recipe and filter has one default configuration for all data. Scored are the flags, the
ranking, the noise rate that is estimated, and whether probabilities mean what they say: their Brier
score, and of ten bins of them, how many rows are in it and how many of these are wrong.
"""

from operator import itemgetter

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores as rank
from figures import plt
from harness import Benchmark
from recording import record
from scoring import score, timed
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor.baselines import ConfidentLearning
from skdynacor.pipeline import RECIPES

FILTERS = (
    *("prune_by_noise_rate", "prune_by_class", "both", "confident_learning"),
    "predicted_neq_given",
)
#: Of cleanlab's two, the one that ranks better counts.
RANKS = ("self_confidence", "normalized_margin")
#: What people train on a table and on embeddings, which have more features than this.
WIDEST_TABLE = 100
BINS = np.linspace(0, 1, 11)


def make_peers(n_features, seed):
    """Name the classifiers that cleanlab's filters get probabilities of; None is our own net."""
    is_table = n_features <= WIDEST_TABLE
    peers = {
        "mlp": None,
        "logistic": make_pipeline(
            StandardScaler(), LogisticRegression(C=1.0 if is_table else 0.01, max_iter=200)
        ),
        "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(10))
        if is_table
        else KNeighborsClassifier(10, metric="cosine"),
    }
    if is_table:
        peers["trees"] = ExtraTreesClassifier(200, min_samples_leaf=2, random_state=seed)
    return peers


def compare(argument, seed, variants):
    """Yield the scores of both recipes, and of each filter on each classifier."""
    setting, cache = argument
    X, y, wrong = setting.make(seed)
    codes = np.unique(y, return_inverse=True)[1]
    peers, probabilities = make_peers(X.shape[1], seed), {}
    for variant in variants:
        classifier, _, rule = variant["method"].partition(" ")
        if classifier in RECIPES:
            recipe = RECIPES[classifier]
            recording = record(setting, seed, cache=cache, recipe=classifier)
            detector = recipe.detector(random_state=seed)
            scores = recording.detect(detector, recipe.signal)
            probability, rate = detector.noise_probability_, detector.noise_rate_
        else:
            if classifier not in probabilities:
                learning = ConfidentLearning(peers[classifier], random_state=seed)
                _, seconds = timed(learning.fit, X, y)
                probabilities[classifier] = learning.probabilities_, seconds
            of_classes, seconds = probabilities[classifier]
            flags = find_label_issues(codes, of_classes, filter_by=rule, n_jobs=1)
            scores = max(
                (score(wrong, flags, -rank(codes, of_classes, method=m), seconds) for m in RANKS),
                key=itemgetter("AUROC"),
            )
            probability, rate = 1 - of_classes[np.arange(len(codes)), codes], flags.mean()
        yield {
            **scores,
            "rate error": float(rate - wrong.mean()),
            "Brier": float(np.mean((probability - wrong) ** 2)),
            "rows by probability": _in_bins(probability),
            "wrong by probability": _in_bins(probability[wrong]),
        }


def _in_bins(values):
    return " ".join(map(str, np.histogram(values, BINS)[0].tolist()))


def draw(table):
    """Draw each method's share of wrong labels by the probability that it gave, and the F1s."""
    figure, (curve, dots) = plt.subplots(1, 2, figsize=(12, 6), width_ratios=(2, 3))
    curve.plot([0, 1], [0, 1], color="0.8")
    for method in (*RECIPES, "mlp prune_by_noise_rate"):
        runs = table[table.method == method]
        n_rows, n_wrong = (
            np.sum(
                [[int(n) for n in run.split()] for run in runs[f"{what} by probability"]], axis=0
            )
            for what in ("rows", "wrong")
        )
        label = method.removesuffix(" prune_by_noise_rate")
        centres, some = (BINS[1:] + BINS[:-1]) / 2, n_rows > 0
        curve.plot(centres[some], n_wrong[some] / n_rows[some], "o-", ms=4, label=label)
    curve.set(xlabel="probability given, in ten bins", ylabel="share of wrong labels")
    curve.set(title="Reliability, all settings")
    curve.legend(frameon=False)
    means, _ = best_peers(table)
    places = np.arange(len(means))
    for name, marker in zip((*RECIPES, "best peer"), "os|", strict=True):
        dots.plot(means[name], places, marker, ms=6 if marker != "|" else 14, label=name)
    dots.set_yticks(places, [f"{data}, {noise}" for data, noise in means.index])
    dots.invert_yaxis()
    dots.grid(axis="y", alpha=0.3)
    dots.set(
        xlabel="F1 of the flags, %", title="Beside the best of cleanlab's, chosen by the truth"
    )
    dots.legend(frameon=False, loc="lower left")
    figure.tight_layout()
    return figure


def best_peers(table):
    """Give F1 and AUROC by setting: of both recipes, and of the best peer variant there."""
    tables = []
    for name in ("F1", "AUROC"):
        means = table.pivot_table(name, ["data", "noise"], "method", sort=False)
        peers = means.drop(columns=list(RECIPES))
        means = means[list(RECIPES)].assign(**{"best peer": peers.max(axis=1)})
        tables.append(means.assign(which=peers.idxmax(axis=1)))
    return tables


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("peers", __doc__)
    args = benchmark.parse()
    groups = {}
    for keys, argument in benchmark.units(args.cache):
        X, *_ = argument[0].make(0)
        groups.setdefault(tuple(make_peers(X.shape[1], 0)), []).append((keys, argument))
    tables = []
    for classifiers, units in groups.items():
        peers = [f"{name} {rule}" for name in classifiers for rule in FILTERS]
        variants = [{"method": method} for method in (*RECIPES, *peers)]
        tables.append(benchmark.run(units, variants, compare))
    table = pd.concat(tables)
    print_summary(table)
    benchmark.save(draw(table))


def print_summary(table):
    """Print each setting beside its best peer variant, and the means of all methods."""
    text = "{:.1f}".format
    f1, auroc = best_peers(table)
    print("\nF1 in %, and the best peer variant, chosen with the truth in sight\n")
    print(f1.to_string(float_format=text))
    print(f"\nmeans: {f1.drop(columns='which').mean().map(text).to_dict()}")
    print(f"mean AUROC: {auroc.drop(columns='which').mean().map('{:.3f}'.format).to_dict()}")
    errors = table[table.method.isin(RECIPES)].pivot_table(
        "rate error", ["data", "noise"], "method", sort=False
    )
    print("\nestimated noise rate less the true one\n")
    print(errors.to_string(float_format="{:+.3f}".format))
    # Over all settings: methods that were run on each.
    everywhere = table.groupby("method").filter(
        lambda runs: len(runs) == table.groupby("method").size().max()
    )
    summary = everywhere.groupby("method")[["F1", "AUROC", "Brier", "seconds"]].mean()
    summary["|rate error|"] = everywhere["rate error"].abs().groupby(everywhere.method).mean()
    print("\nmeans over all settings\n")
    print(summary.sort_values("F1", ascending=False).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
