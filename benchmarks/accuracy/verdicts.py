"""A person's verdicts on some labels, on data whose errors are real, and on their right labels.

The default is fitted once. Then a simulated person reviews 10 to 100 rows of ``rows_to_review`` and
errs in none or a tenth of the verdicts. All figures are means of 30 draws of rows, over the rows
that were not reviewed; of right labels, the share that is flagged counts. After 20 verdicts, two
others have the same: of cleanlab's filters on the classifiers of ``peers``, the one with the best
F1 on the reviewed rows (of equal ones, the one under whose probabilities the verdicts are
likeliest); and Platt scaling of the forest's log-odds, with the threshold 0.5, or the one that is
best on the reviewed rows.
"""

from functools import lru_cache

import joblib
import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, precision_score, recall_score

from ..lib.classifiers import FILTERS, WIDEST_TABLE, make_peers, out_of_sample
from ..lib.data import RIGHT, load, noises_and_right
from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.methods import fit
from ..lib.scoring import best_threshold, percent_f1, timed
from ..lib.targets import print_targets

NUMBERS, N_DRAWS = (10, 20, 50, 100), 30
#: The others are compared after so many verdicts.
COMPARED = 20
#: Share of verdicts that are mistaken.
MISTAKES = (0.0, 0.1)
RECALIBRATED = {"recalibrated 0.5": 0.5, "recalibrated f1": "f1"}
OTHERS = ("peer by verdicts", "Platt 0.5", "Platt f1")
COVERED = ("noise rate", "precision", "recall")
#: Of probabilities, so that log-odds are finite.
LEAST = 1e-3


def name_peers(n_features):
    """Name the peer variants for so many features."""
    return [f"{name} {rule}" for name in make_peers(n_features, 0) for rule in FILTERS]


def make_variants(n_features):
    """List what is measured: a method, a number of verdicts, and the share of mistaken ones."""
    of = [(name, n, mistakes) for name in RECALIBRATED for n in NUMBERS for mistakes in MISTAKES]
    of += [("default", n, 0.0) for n in NUMBERS]
    of += [(name, COMPARED, mistakes) for name in OTHERS for mistakes in MISTAKES]
    of += [(name, COMPARED, 0.0) for name in name_peers(n_features)]
    return [dict(zip(("method", "verdicts", "mistakes"), each, strict=True)) for each in of]


class Peers:
    """Cleanlab's filters on classifiers, and what verdicts make of them."""

    def __init__(self, X, codes, seed, cache):
        self.X, self.codes, self.seed = X, codes, seed
        self.classifiers = make_peers(X.shape[1], seed)
        self.names = name_peers(X.shape[1])
        timed_once = joblib.Memory(cache, verbose=0).cache(timed)
        self.probabilities = lru_cache(lambda name: self._out_of_sample(timed_once, name)[0])
        self.flags = lru_cache(self._find_flags)

    def _out_of_sample(self, timed, name):
        return timed(out_of_sample, self.classifiers[name], self.X, self.codes, self.seed)

    def _find_flags(self, name):
        classifier, _, rule = name.partition(" ")
        probabilities = self.probabilities(classifier)
        return find_label_issues(self.codes, probabilities, filter_by=rule, n_jobs=1)

    def noise_probability(self, classifier):
        """Give one minus the probability of the given label, (n_samples,)."""
        of_given = self.probabilities(classifier)[np.arange(len(self.codes)), self.codes]
        return np.clip(1 - of_given, LEAST, 1 - LEAST)

    def by_verdicts(self, reviewed, answers):
        """Give the flags of the variant that is best on the reviewed rows."""

        def merit(name):
            probability = self.noise_probability(name.partition(" ")[0])[reviewed]
            likelihood = -log_loss(answers, probability, labels=[False, True])
            return percent_f1(answers, self.flags(name)[reviewed]), likelihood

        return self.flags(max(self.names, key=merit))

    def by_platt_scaling(self, reviewed, answers, threshold):
        """Give the flags of the forest's probabilities, scaled by verdicts."""
        if answers.all() or not answers.any():  # there is nothing to fit
            return np.full(len(self.codes), answers.all())
        log_odds = logit(self.noise_probability("forest"))[:, None]
        scaling = LogisticRegression().fit(log_odds[reviewed], answers)
        probability = scaling.predict_proba(log_odds)[:, 1]
        if threshold == "f1":
            return probability >= best_threshold(answers, probability[reviewed])
        return probability > threshold


def compare(argument, seed, variants):
    """Yield the scores of each method."""
    setting, cache = argument
    X, y, wrong = setting.make(seed)
    codes = np.unique(y, return_inverse=True)[1]
    detector, seconds = timed(fit, "default", X, y, random_state=seed)
    default = detector.flags_
    rows = {
        n: [detector.rows_to_review(n, random_state=draw) for draw in range(N_DRAWS)]
        for n in NUMBERS
    }
    peers = Peers(X, codes, seed, cache)

    def flag(method, reviewed, answers):
        if method in RECALIBRATED:
            verdicts = np.full(len(y), -1)
            verdicts[reviewed] = answers
            detector.set_params(threshold=RECALIBRATED[method]).recalibrate(verdicts)
            return detector.flags_
        if method == "default":
            return default
        if method == "peer by verdicts":
            return peers.by_verdicts(reviewed, answers)
        if method.startswith("Platt"):
            threshold = "f1" if method == "Platt f1" else 0.5
            return peers.by_platt_scaling(reviewed, answers, threshold)
        return peers.flags(method)

    for variant in variants:
        method, n, mistakes = variant["method"], variant["verdicts"], variant["mistakes"]
        scores = []
        for draw, reviewed in enumerate(rows[n]):
            mistaken = np.random.default_rng((seed, draw)).random(n) < mistakes
            flags = flag(method, reviewed, wrong[reviewed] ^ mistaken)
            truth = score_rest(wrong, flags, reviewed)
            covered = dict.fromkeys(COVERED, np.nan)
            if method in RECALIBRATED:
                covered = find_covered(detector, {**truth, "noise rate": wrong.mean()})
            covered = {f"{name} covered": share for name, share in covered.items()}
            scores.append({**truth, **covered})
        scores = pd.DataFrame(scores)
        yield {
            "noise rate": float(wrong.mean()),
            **scores.mean().to_dict(),
            "most flagged": float(scores.flagged.max()),
            "seconds": seconds,
        }


def score_rest(wrong, flags, reviewed):
    """Score the flags of rows that were not reviewed; what there is none of is NaN."""
    wrong, flags = np.delete(wrong, reviewed), np.delete(flags, reviewed)
    return {
        "F1": percent_f1(wrong, flags),
        "precision": float(precision_score(wrong, flags, zero_division=np.nan)),
        "recall": float(recall_score(wrong, flags, zero_division=np.nan)),
        "flagged": float(flags.mean()),
    }


def find_covered(detector, truth):
    """Tell whether the intervals of a recalibrated detector hold the truth, 1 or 0, or NaN."""
    found = {}
    for name in COVERED:
        low, high = getattr(detector, f"{name.replace(' ', '_')}_interval_")
        is_known = not np.isnan(truth[name])
        found[name] = float(low <= truth[name] <= high) if is_known else np.nan
    return found


def best_single(table):
    """Name the one peer variant that is best over all settings with errors."""
    peers = table[table.noise.ne(RIGHT) & table.method.str.contains("|".join(FILTERS))]
    f1 = peers.pivot_table("F1", ["data", "noise"], "method", sort=False)
    return f1.dropna(axis=1).mean().idxmax()


def after_compared(table, mistakes=0.0):
    """Give F1 after the verdicts at which all are compared; of right labels, those flagged, in %.

    Methods that do not see verdicts are as they are without mistakes.
    """
    single = best_single(table)
    names = ["default", *RECALIBRATED, *OTHERS, single]
    blind = table.method.isin(["default", single])
    chosen = table[(table.verdicts == COMPARED) & (blind | table.mistakes.eq(mistakes))]
    points = (100 * chosen.flagged).where(chosen.noise == RIGHT, chosen.F1)
    means = points.groupby([chosen.data, chosen.noise, chosen.method], sort=False).mean()
    return means.unstack()[names]


def targets(table):
    """Yield each target's text, figure and bound, and whether it is a lower one."""
    means = after_compared(table)
    is_right = means.index.get_level_values("noise") == RIGHT
    noisy, right = means[~is_right], means[is_right]["recalibrated f1"]
    f1 = noisy["recalibrated f1"]
    yield "mean F1, target by the best single peer", f1.mean(), noisy.iloc[:, -1].mean() + 7, True
    yield "F1 over that of the default, least", (f1 - noisy["default"]).min(), -2.0, True
    yield "right labels flagged in %, mean", right.mean(), 1.0, False
    yield "right labels flagged in %, most", right.max(), 2.5, False
    runs = table[
        (table.method == "recalibrated f1") & table.verdicts.eq(COMPARED) & table.mistakes.eq(0)
    ]
    for name in COVERED:
        yield f"{name}: share of intervals that hold it", runs[f"{name} covered"].mean(), 0.9, True


def print_summary(table):
    """Print the comparison, the means by number of verdicts, what intervals cover, and targets."""
    formats = {"float_format": "{:.1f}".format}
    means = after_compared(table)
    print(f"\nF1 in % after {COMPARED} verdicts; of {RIGHT}, rows flagged in %\n")
    print(means.to_string(**formats))
    is_right = means.index.get_level_values("noise") == RIGHT
    kinds = np.where(is_right, "right labels", "real errors")
    for mistakes in MISTAKES:
        print(f"\nmeans, {mistakes:.0%} of the verdicts mistaken\n")
        print(after_compared(table, mistakes).groupby(kinds).mean().to_string(**formats))

    groups = ["method", "mistakes", "verdicts"]
    ours = table[table.method.isin([*RECALIBRATED, "default"])]
    noisy, right = ours[ours.noise != RIGHT], ours[ours.noise == RIGHT]
    by_number = noisy.groupby(groups)[["F1", "precision", "recall", "flagged"]].mean()
    by_number[["precision", "recall", "flagged"]] *= 100
    by_number["right labels flagged"] = 100 * right.groupby(groups).flagged.mean()
    by_setting = right.groupby([*groups, "data"]).flagged.mean()
    by_number["most"] = 100 * by_setting.groupby(groups).max()
    print("\nmeans by number of verdicts, in %; most: of any data\n")
    print(by_number.to_string(**formats))

    columns = [f"{name} covered" for name in COVERED]
    recalibrated = ours[ours.method != "default"]
    labels = np.where(recalibrated.noise == RIGHT, "right labels", "real errors")
    covered = recalibrated.groupby([labels, *groups])[columns].mean()
    print("\nshare of 95 % intervals that hold the truth\n")
    print(covered.to_string(float_format="{:.2f}".format))
    print(f'\nafter {COMPARED} verdicts, threshold="f1"\n')
    print_targets(targets(table))


def main():
    """Measure, print the tables, and draw."""
    benchmark = Benchmark("verdicts", __doc__)
    args = benchmark.parse()
    benchmark.paths = [path for path in benchmark.paths if load(path).given]
    if not benchmark.paths:
        benchmark.parser.error("--data must name files with real errors, y_given or y_given_<name>")
    groups = {}
    for setting in benchmark.settings(noises_and_right):
        unit = {"data": setting.data, "noise": setting.noise}, (setting, args.cache)
        n_features = load(setting.path).X.shape[1]
        groups.setdefault(n_features <= WIDEST_TABLE, []).append((unit, n_features))
    table = pd.concat(
        benchmark.run([unit for unit, _ in units], make_variants(units[0][1]), compare)
        for units in groups.values()
    ).reset_index(drop=True)
    print_summary(table)
    shown = ["default", "recalibrated f1", *OTHERS, best_single(table)]
    compared = table[table.verdicts.eq(COMPARED) & table.mistakes.eq(0) & table.noise.ne(RIGHT)]
    compared = compared[compared.method.isin(shown)]
    benchmark.save(dots(compared, "method", f"F1 after {COMPARED} verdicts, real errors"))


if __name__ == "__main__":
    main()
