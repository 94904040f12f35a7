"""Few rows: the default beside what people fit to them, with right labels and with wrong ones.

The data are bundled with scikit-learn, and those that ``--data`` names. The others are cleanlab's
``prune_by_noise_rate`` on a logistic regression, five-fold, and on the out-of-bag probabilities of
the forest of ``peers``. With right labels alone, the share of the rows that is flagged counts.
"""

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..lib.classifiers import make_forest, out_of_sample
from ..lib.data import RIGHT
from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.methods import fit
from ..lib.scoring import score, timed

DATA = ("iris", "wine", "breast_cancer", "digits300", "moons")
NOISES = (RIGHT, "symmetric 0.1", "symmetric 0.3")
METHODS = ("default", "logistic", "forest")


def compare(setting, seed, variants):
    """Yield the scores of each method."""
    X, y, wrong = setting.make(seed)
    codes = np.unique(y, return_inverse=True)[1]
    peers = {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "forest": make_forest(seed),
    }
    for variant in variants:
        if variant["method"] == "default":
            detector, seconds = timed(fit, "default", X, y, random_state=seed)
            flags, noise_score = detector.flags_, detector.noise_probability_
        else:
            of_classes, seconds = timed(out_of_sample, peers[variant["method"]], X, codes, seed)
            flags = find_label_issues(codes, of_classes, filter_by="prune_by_noise_rate", n_jobs=1)
            noise_score = 1 - of_classes[np.arange(len(codes)), codes]
        yield score(wrong, flags, noise_score, seconds)


def print_summary(table):
    """Print the means over the seeds, and where the default is behind the better of the others."""
    points = (100 * table.flagged).where(table.noise == RIGHT, table.F1)
    means = points.groupby([table.data, table.noise, table.method], sort=False).mean().unstack()
    means = means[list(METHODS)]
    # What is flagged of right labels counts against a method.
    merit = means.mul(np.where(means.index.get_level_values("noise") == RIGHT, -1, 1), axis=0)
    means["difference"] = merit["default"] - merit.drop(columns="default").max(axis=1)
    print(f"\nmean F1 in % over {table.seed.nunique()} seeds; of {RIGHT}, rows flagged in %")
    print("difference: by how much the default is better than the better of the others\n")
    print(means.to_string(float_format="{:.1f}".format))
    print("\nmeans over the data\n")
    print(means.groupby("noise", sort=False).mean().to_string(float_format="{:.1f}".format))
    behind = means.difference[means.difference < -2].sort_values()
    print(f"\nmore than 2 points behind: {len(behind)} of {len(means)} settings")
    for (data, noise), difference in behind.items():
        print(f"  {data} {noise}: {difference:.1f}")


def main():
    """Measure, print the table, and draw."""
    benchmark = Benchmark("small", __doc__, always=DATA)
    benchmark.parser.set_defaults(seeds=10)
    benchmark.parse()
    units = [
        ({"data": setting.data, "noise": setting.noise}, setting)
        for setting in benchmark.settings(lambda path: NOISES)
    ]
    table = benchmark.run(units, [{"method": method} for method in METHODS], compare)
    print_summary(table)
    noisy = table[table.noise != RIGHT]
    benchmark.save(dots(noisy, "method", "Wrong labels found among few rows"))


if __name__ == "__main__":
    main()
