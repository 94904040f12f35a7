"""Tables as people have them: what the default finds there, beside what it should find.

Rows are repeated, the rare class is oversampled, features have long tails or are far from zero,
frauds are recorded as legitimate, labels follow from nothing, and texts have errors that people
made (``--news``). Each line has a figure, its target, and whether it is met. Beside the default
stands cleanlab's ``prune_by_noise_rate`` on the out-of-bag forest of ``peers``, for texts on
logistic regression.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer

from ..cost.sparse import run_cleanlab
from ..lib.classifiers import make_forest, out_of_sample
from ..lib.harness import Benchmark
from ..lib.methods import fit
from ..lib.scoring import score, timed
from ..lib.targets import print_targets

#: Among 8,000 rows.
FRAUDS = (40, 160, 800)
#: Of a fifth of them, recorded as legitimate, as many should be found.
LEAST_FOUND = {40: 6, 160: 28, 800: 150}
#: Rows, features and classes whose labels follow from nothing.
RANDOM = ((500, 8, 5), (200, 8, 3), (500, 20, 4))
#: Rows.
NEWS = (4000, 4500)


def make_plain(rng, n_rows, n_features, n_wrong):
    """Make normal features, two classes that two of them tell apart, and wrong labels."""
    X = rng.normal(size=(n_rows, n_features))
    wrong = np.zeros(n_rows, dtype=bool)
    wrong[rng.choice(n_rows, n_wrong, replace=False)] = True
    return X, (X[:, 0] + X[:, 1] > 0) ^ wrong, wrong


def make_repeated(rng, times):
    """Repeat every row, with its label, of which 12 % are wrong."""
    X, y, wrong = make_plain(rng, 1000, 6, 120)
    return np.tile(X, (times, 1)), np.tile(y, times), np.tile(wrong, times)


def make_transformed(rng, transform):
    """Transform all features."""
    X, y, wrong = make_plain(rng, 1500, 8, 100)
    return transform(X), y, wrong


def make_rare_class(rng, oversample):
    """Make overlapping classes, one a tenth of the rows, of whose labels 5 % are wrong.

    Oversampled, rows that are given the rare class are repeated at random until both are as large.
    """
    rare = np.arange(1500) < 150
    X = rng.normal(size=(1500, 6)) + rare[:, None]
    wrong = np.zeros(1500, dtype=bool)
    wrong[rng.choice(1500, 75, replace=False)] = True
    y, rows = rare ^ wrong, np.arange(1500)
    if oversample:
        more = rng.choice(np.flatnonzero(y), (~y).sum() - y.sum())
        rows = np.concatenate([rows, more])
    return X[rows], y[rows], wrong[rows]


def make_frauds(rng, n_frauds, hide):
    """Make frauds among 8,000 rows; hidden, a fifth of them is recorded as legitimate."""
    X = rng.normal(size=(8000, 12))
    X[:n_frauds] += 1.6
    wrong = np.zeros(8000, dtype=bool)
    if hide:
        wrong[rng.choice(n_frauds, n_frauds // 5, replace=False)] = True
    return X, (np.arange(8000) < n_frauds) ^ wrong, wrong


def make_random(rng, shape):
    """Make labels that follow from nothing; none counts as wrong."""
    n_rows, n_features, n_classes = shape
    X, y = rng.normal(size=(n_rows, n_features)), rng.integers(0, n_classes, n_rows)
    return X, y, np.zeros(n_rows, dtype=bool)


def make_news(rng, n_rows, path):
    """Draw texts, weighted by TF-IDF, with the topics that people gave them."""
    news = pd.read_csv(path).sample(n_rows, random_state=int(rng.integers(2**31)))
    wrong = (news.topic != news.true_topic).to_numpy()
    return TfidfVectorizer().fit_transform(news.text), news.topic.to_numpy(), wrong


CASES = {
    "rows once": partial(make_repeated, times=1),
    "rows twice": partial(make_repeated, times=2),
    "rare class": partial(make_rare_class, oversample=False),
    "rare class oversampled": partial(make_rare_class, oversample=True),
    "plain features": partial(make_transformed, transform=np.asarray),
    "skewed features": partial(make_transformed, transform=lambda X: np.exp(3 * X)),
    "features far from zero": partial(make_transformed, transform=lambda X: X + 1.7e9),
    **{f"{n} frauds hidden": partial(make_frauds, n_frauds=n, hide=True) for n in FRAUDS},
    **{f"{n} frauds": partial(make_frauds, n_frauds=n, hide=False) for n in FRAUDS},
    **{f"random labels {shape}": partial(make_random, shape=shape) for shape in RANDOM},
}


def run_default(X, codes, seed):
    """Give flags and scores of the default."""
    detector = fit("default", X, codes, random_state=seed)
    return detector.flags_, detector.noise_probability_


def run_forest(X, codes, seed):
    """Give flags and scores of cleanlab's filter on a forest."""
    of_classes = out_of_sample(make_forest(seed), X, codes, seed)
    flags = find_label_issues(codes, of_classes, n_jobs=1)
    return flags, 1 - of_classes[np.arange(len(codes)), codes]


METHODS = {"default": run_default, "forest": run_forest, "logistic": run_cleanlab}


def compare(make, seed, variants):
    """Yield what each method finds."""
    X, y, wrong = make(np.random.default_rng(seed))
    codes = np.unique(y, return_inverse=True)[1]
    for variant in variants:
        (flags, noise_score), seconds = timed(METHODS[variant["method"]], X, codes, seed)
        yield {
            **score(wrong, flags, noise_score, seconds),
            "wrong": int(wrong.sum()),
            "found": int((flags & wrong).sum()),
            "false": int((flags & ~wrong).sum()),
        }


def targets(mean, has_news):
    """Yield a line's text, figure and target, and whether the figure is to be at least as high.

    Parameters
    ----------
    mean : callable
        ``mean(case, column, method="default")`` gives a mean over the seeds.
    has_news : bool
    """

    def recall(case, method="default"):
        return mean(case, "found", method) / mean(case, "wrong", method)

    yield "each row twice: recall", recall("rows twice"), 0.9 * recall("rows once"), True
    before = recall("rare class")
    yield "rare class oversampled: recall", recall("rare class oversampled"), 0.9 * before, True
    plain, skewed = mean("plain features", "AUROC"), mean("skewed features", "AUROC")
    by_forest = mean("skewed features", "AUROC", "forest")
    yield "features exp(3 z): AUROC, target by z", skewed, plain - 0.02, True
    yield "features exp(3 z): AUROC, target by the forest", skewed, by_forest - 0.01, True
    yield "features 1.7e9 + z: AUROC", mean("features far from zero", "AUROC"), plain - 0.01, True
    for n in FRAUDS:
        hidden = f"{n} frauds hidden"
        found, wrong = mean(hidden, "found"), n // 5
        yield f"{n} frauds of 8,000, {wrong} hidden: found", found, LEAST_FOUND[n], True
        yield (
            f"{n} frauds of 8,000, {wrong} hidden: false",
            mean(hidden, "false"),
            found / 10,
            False,
        )
        yield f"{n} frauds of 8,000, none hidden: flagged", mean(f"{n} frauds", "false"), 8, False
    for shape in RANDOM:
        case = f"random labels {shape}"
        yield f"{case}: share flagged", mean(case, "flagged"), 0.05, False
    if has_news:
        few, many = (f"news {n_rows}" for n_rows in NEWS)
        for case in (few, many):
            by_logistic = recall(case, "logistic")
            yield f"{case} rows: recall, target by cleanlab", recall(case), by_logistic / 2, True
        yield f"{many} rows: recall, target by {few}", recall(many), recall(few) - 0.08, True


def print_summary(table, has_news):
    """Print a line for every target."""
    means = table.groupby(["case", "method"]).mean(numeric_only=True)
    print(f"\nthe default, means over {table.seed.nunique()} seeds\n")
    print_targets(
        targets(lambda case, column, method="default": means.loc[(case, method), column], has_news)
    )


def main():
    """Measure, and print the figures and their targets."""
    benchmark = Benchmark("field", __doc__, data="made")
    benchmark.parser.add_argument(
        "--news", type=Path, help="a .csv file with the columns text, topic and true_topic"
    )
    args = benchmark.parse()
    tables = [benchmark.run(units(CASES), variants("forest"), compare)]
    if args.news:
        cases = {f"news {n}": partial(make_news, n_rows=n, path=args.news) for n in NEWS}
        tables.append(benchmark.run(units(cases), variants("logistic"), compare))
    table = pd.concat(tables)
    columns = ["wrong", "found", "false", "F1", "AUROC", "seconds"]
    means = table.groupby(["case", "method"], sort=False)[columns].mean()
    print(means.to_string(float_format="{:.3g}".format))
    print_summary(table, bool(args.news))
    print(f"\nEvery run is in {args.out / 'field.csv'}.")


def units(cases):
    """List cases as units of ``Benchmark.run``."""
    return [({"case": name}, make) for name, make in cases.items()]


def variants(peer):
    """List the default and what stands beside it."""
    return [{"method": "default"}, {"method": peer}]


if __name__ == "__main__":
    main()
