"""Both methods beside cleanlab: five filters, each on the probabilities of five classifiers.

Every method and filter has one default configuration for all data. Scored are the flags, the
ranking, the estimated noise rate, and the calibration of the probabilities: their Brier score, and
the numbers of rows and of wrong labels in each of ten bins.
"""

from operator import itemgetter

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores as rank

from skdynacor import DynaCorDetector

from ..lib.classifiers import FILTERS, WIDEST_TABLE, make_peers, out_of_sample
from ..lib.data import load
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import METHODS, fit
from ..lib.recording import record
from ..lib.scoring import score, timed

#: Of cleanlab's two, the one that ranks better counts.
RANKS = ("self_confidence", "normalized_margin")
#: Constants of the default are chosen on these data and measured on the others, and the other way
#: round.
FIRST_HALF = ("banking77", "letter", "noisyag", "phoneme", "vowel")
BINS = np.linspace(0, 1, 11)


def compare(argument, seed, variants):
    """Yield the scores of both methods, and of each filter on each classifier."""
    setting, cache = argument
    X, y, wrong = setting.make(seed)
    codes = np.unique(y, return_inverse=True)[1]
    peers, probabilities = make_peers(X.shape[1], seed), {}
    for variant in variants:
        classifier, _, rule = variant["method"].partition(" ")
        if classifier in METHODS:
            if classifier == "paper":  # whose training may be cached
                detector = DynaCorDetector(random_state=seed)
                scores = record(setting, seed, cache=cache).detect(detector)
            else:
                detector, seconds = timed(fit, classifier, X, y, random_state=seed)
                scores = score(wrong, detector.flags_, detector.noise_probability_, seconds)
            probability, rate = detector.noise_probability_, detector.noise_rate_
        else:
            if classifier not in probabilities:
                probabilities[classifier] = timed(out_of_sample, peers[classifier], X, codes, seed)
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
    means = beside_peers(table, "F1")
    size = 12, max(6, 1.5 + 0.25 * len(means))
    figure, (curve, dots) = plt.subplots(1, 2, figsize=size, width_ratios=(2, 3))
    curve.plot([0, 1], [0, 1], color="0.8")
    for method in (*METHODS, "mlp prune_by_noise_rate"):
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
    places = np.arange(len(means))
    for name, marker in zip((*METHODS, "best peer"), "os|", strict=True):
        dots.plot(means[name], places, marker, ms=6 if marker != "|" else 14, label=name)
    dots.set_yticks(places, [f"{data}, {noise}" for data, noise in means.index])
    dots.invert_yaxis()
    dots.grid(axis="y", alpha=0.3)
    dots.set(
        xlabel="F1 of the flags, %",
        title="Beside cleanlab's best, chosen by the right labels",
    )
    dots.legend(frameon=False, loc="lower left")
    figure.tight_layout()
    return figure


def beside_peers(table, column, ours=tuple(METHODS)):
    """Give means by setting: of our methods, of the best peer variant there, and how far it is."""
    means = table.pivot_table(column, ["data", "noise"], "method", sort=False)
    peers = means.drop(columns=list(ours))
    best, which = peers.max(axis=1), peers.idxmax(axis=1)
    means = means[list(ours)].assign(**{"best peer": best, "which": which})
    return means.assign(difference=means["default"] - best)


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("peers", __doc__)
    benchmark.parser.set_defaults(seeds=5)
    args = benchmark.parse()
    groups = {}
    for keys, argument in benchmark.units(args.cache):
        n_features = load(argument[0].path).X.shape[1]
        groups.setdefault(n_features <= WIDEST_TABLE, []).append((keys, argument, n_features))
    tables = []
    for is_table, units in groups.items():
        classifiers = make_peers(units[0][2], seed=0)
        peers = [f"{name} {rule}" for name in classifiers for rule in FILTERS]
        variants = [{"method": method} for method in (*METHODS, *peers)]
        runs = benchmark.run([unit[:2] for unit in units], variants, compare)
        tables.append(runs.assign(is_table=is_table))
    table = pd.concat(tables)
    print_summary(table)
    benchmark.save(draw(table))


def print_summary(table):
    """Print each setting beside its best peer variant, means of groups, and all methods."""
    f1, auroc = beside_peers(table, "F1"), beside_peers(table, "AUROC")
    ours = table[table.method == "default"].groupby(["data", "noise"], sort=False)
    rates = ours[["noise rate", "rate error"]].mean()
    settings = f1.assign(
        rate=rates["noise rate"].map("{:.2f}".format),
        estimated=rates.sum(axis=1).map("{:.2f}".format),
        AUROC=auroc["default"].map("{:.3f}".format),
        **{"best AUROC": auroc["best peer"].map("{:.3f}".format)},
    )
    print("\nF1 in %, and the best peer variant, chosen by the right labels\n")
    print(settings.to_string(float_format="{:.1f}".format))

    print("\nmeans of F1; the single peer is the one variant that is best over all settings\n")
    print(group_means(table).to_string(float_format="{:.1f}".format))

    behind = f1[f1.difference < -2].sort_values("difference")
    print(f"\nmore than 2 points below the best peer variant: {len(behind)} of {len(f1)} settings")
    for (data, noise), row in behind.iterrows():
        print(f"  {data} {noise}: {row.difference:.1f} ({row.which})")

    means = auroc.drop(columns="which").mean().map("{:.3f}".format)
    print(f"\nmean AUROC: {means.to_dict()}")
    # Methods that were run on every setting.
    methods = table.groupby("method").filter(lambda runs: len(runs) == ours.size().sum())
    summary = methods.groupby("method")[["F1", "AUROC", "Brier", "seconds"]].mean()
    added = methods[~methods.noise.str.startswith("human")]
    summary["|rate error|, noise added"] = added["rate error"].abs().groupby(added.method).mean()
    print("\nmeans over all settings\n")
    print(summary.sort_values("F1", ascending=False).to_string(float_format="{:.3f}".format))


def group_means(table):
    """Give mean F1 by groups of settings; single peers are those run on all settings of a group."""
    f1 = beside_peers(table, "F1")
    peers = table.pivot_table("F1", ["data", "noise"], "method", sort=False)
    peers = peers.drop(columns=list(METHODS))
    single = peers.dropna(axis=1).mean().idxmax()
    data = f1.index.get_level_values("data")
    is_table, is_first = data.isin(table.data[table.is_table]), data.isin(FIRST_HALF)
    groups = {
        "all": np.ones(len(f1), dtype=bool),
        **{"tables": is_table, "embeddings": ~is_table},
        **{"first half": is_first, "second half": ~is_first},
    }
    rows = {}
    for name, chosen in groups.items():
        if chosen.any():
            singles = peers[chosen].dropna(axis=1).mean()
            rows[name] = {
                "settings": chosen.sum(),
                **f1.loc[chosen, list(METHODS)].mean(),
                f"single peer: {single}": singles[single],
                "best single of the group": f"{singles.max():.1f} {singles.idxmax()}",
                **f1.loc[chosen, ["best peer", "difference"]].mean(),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    main()
