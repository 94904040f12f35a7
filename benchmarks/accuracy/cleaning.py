"""What cleaning the labels is worth to a classifier.

Accuracy on rows held out, whose labels are right, of three classifiers: trained on the noisy
labels, on the right ones (the most that cleaning can reach), on labels cleaned by each strategy, by
cleanlab's ``CleanLearning``, and on the rows whose labels are right, as if these were known (the
most that dropping can reach). Data without noise are among the settings.
"""

import warnings
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from cleanlab.classification import CleanLearning
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor.cleaning import LabelCleaningClassifier

from ..lib.data import fill_gaps, load, noises
from ..lib.figures import plt
from ..lib.harness import Benchmark
from ..lib.scoring import timed

STRATEGIES = ("drop", "relabel", "reweight")

NO_NOISE = "none 0"
#: Of more features, boosting gets as many principal components: it tries all at each split.
MOST_COLUMNS = 32


def make_boosting(X, seed):
    """Make what boosts trees quickly enough to be trained a dozen times.

    Without a penalty on leaves, wrong labels among 77 classes let it diverge.
    """
    boosting = HistGradientBoostingClassifier(max_iter=30, l2_regularization=1.0, random_state=seed)
    few = PCA(MOST_COLUMNS, random_state=seed) if X.shape[1] > MOST_COLUMNS else "passthrough"
    return make_pipeline(few, boosting)


def make_logistic(X, seed):
    """Make a linear classifier."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))


def make_net(X, seed):
    """Make scikit-learn's net, and train it for 20 epochs."""
    net = MLPClassifier(
        (256,), batch_size=100, learning_rate_init=0.005, max_iter=20, random_state=seed
    )
    return make_pipeline(StandardScaler(), net)


CLASSIFIERS = {"logistic": make_logistic, "boosting": make_boosting, "net": make_net}
WAYS = ("noisy", *STRATEGIES, "cleanlab", "known", "right")
#: Shares of a smaller gap than this, in points of accuracy, say nothing.
LEAST_GAP = 1.0
#: Data of fewer rows are summed up apart.
MANY_ROWS = 5000


def compare(argument, seed, variants):
    """Yield the accuracy of each classifier, trained in each way."""
    [setting] = argument
    data = load(setting.path)
    X, y_true = data.X, data.y_true
    y = y_true if setting.noise == NO_NOISE else setting.make(seed)[1]
    rows, test = train_test_split(
        np.arange(len(y)), test_size=0.25, stratify=y_true, random_state=seed
    )
    X = fill_gaps(X.reshape(len(X), -1).astype(np.float32))
    with TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the net stops after 20 epochs
        warnings.filterwarnings("ignore", "Got `batch_size`")  # of fewer rows than that
        warnings.filterwarnings("ignore", "Persisting input arguments")  # of a busy machine
        for variant in variants:
            way = variant["labels"]
            classifier = CLASSIFIERS[variant["classifier"]](X, seed)
            labels = y_true if way == "right" else y
            train = rows[y[rows] == y_true[rows]] if way == "known" else rows
            if way == "cleanlab":
                model = CleanLearning(classifier, seed=seed, find_label_issues_kwargs={"n_jobs": 1})
            elif way in STRATEGIES:
                model = LabelCleaningClassifier(
                    classifier, strategy=way, memory=memory, random_state=seed
                )
            else:
                model = classifier
            classes, codes = np.unique(labels, return_inverse=True)  # cleanlab takes codes only
            fitted, seconds = timed(model.fit, X[train], codes[train])
            predicted = classes[np.asarray(fitted.predict(X[test]))]
            yield {
                "accuracy": float(100 * (predicted == y_true[test]).mean()),
                "seconds": float(seconds),
            }


def settings_of(path):
    """List the noise settings of a data set, and that its labels are right."""
    return [*noises(path), NO_NOISE]


def summarize(table, n_rows):
    """Print how much of the gap is closed; return the figure.

    Parameters
    ----------
    table : DataFrame
    n_rows : dict of str to int
        Of each data set.
    """
    keys = ["data", "noise", "classifier"]
    accuracy = table.groupby([*keys, "labels"], sort=False).accuracy.mean().unstack("labels")
    accuracy = accuracy[list(WAYS)]
    print(f"\naccuracy in %, mean over up to {table.seed.nunique()} seeds\n")
    print(accuracy.to_string(float_format="{:.1f}".format))
    print("\nand over the classifiers\n")
    means = accuracy.groupby(["data", "noise"], sort=False).mean()
    print(means.to_string(float_format="{:.1f}".format))

    gap = accuracy["right"] - accuracy["noisy"]
    gain = accuracy[[*STRATEGIES, "cleanlab", "known"]].sub(accuracy["noisy"], axis=0)
    counts = gap >= LEAST_GAP
    shares = 100 * gain.div(gap, axis=0)
    many = accuracy.index.get_level_values("data").map(n_rows) >= MANY_ROWS
    classifier = accuracy.index.get_level_values("classifier")
    parts = {
        "all": np.ones(len(gap), dtype=bool),
        f"{MANY_ROWS:,} rows and more": many,
        "fewer rows": ~many,
        **{name: classifier == name for name in classifier.unique()},
    }
    closed = pd.DataFrame({name: shares[counts & part].mean() for name, part in parts.items()}).T
    closed.insert(0, "settings", {name: (counts & part).sum() for name, part in parts.items()})
    closed.loc["ahead of cleanlab, % of all"] = (
        100 * gain[counts].gt(gain["cleanlab"][counts], axis=0).mean()
    )
    print(f"\nshare of the gap closed, in %, where it is {LEAST_GAP} point or more\n")
    print(closed.to_string(float_format="{:.0f}".format))
    print("\nsettings of all that lose more than 0.5 points, and the worst change\n")
    losses = {
        name: (gain[part] < -0.5).sum().astype(str) + gain[part].min().map(" ({:.1f})".format)
        for name, part in parts.items()
    }
    losses = pd.DataFrame(losses).T.drop(columns="known")
    losses.insert(0, "settings", {name: part.sum() for name, part in parts.items()})
    print(losses.to_string())

    by_classifier = closed.loc[[*classifier.unique(), "all"]].drop(columns="settings")
    axes = by_classifier.T.plot.barh(figsize=(8, 4))
    axes.invert_yaxis()
    axes.set(xlabel="share of the gap between noisy and right labels that is closed, %", ylabel="")
    plt.tight_layout()
    return axes.figure


def main():
    """Measure, print how much of the gap is closed, and draw."""
    benchmark = Benchmark("cleaning", __doc__)
    benchmark.parse()
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting,))
        for setting in benchmark.settings(settings_of)
    ]
    variants = [{"classifier": name, "labels": way} for name in CLASSIFIERS for way in WAYS]
    n_rows = {setting.data: len(load(setting.path).X) for _, (setting,) in units}
    benchmark.save(summarize(benchmark.run(units, variants, compare), n_rows))


if __name__ == "__main__":
    main()
