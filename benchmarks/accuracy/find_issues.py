"""``skdynacor.find_label_issues`` beside cleanlab's filters, on the same probabilities.

Each classifier gives five-fold class probabilities; each filter flags by them.
"""

from functools import lru_cache

import cleanlab.filter
import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from skdynacor import find_label_issues

from ..lib.classifiers import FILTERS, make_logistic, make_trees
from ..lib.data import noises
from ..lib.figures import dots
from ..lib.harness import Benchmark
from ..lib.scoring import score, timed

OURS = "skdynacor"
METHODS = (OURS, *FILTERS)
CLASSIFIERS = {
    "logistic": lambda X, seed: make_logistic(X.shape[1]),
    "trees": lambda X, seed: make_trees(seed),
}


def noises_of(path):
    """List the noise settings of a data set; digits have one."""
    return ["symmetric 0.3"] if path == "digits" else noises(path)


def compare(argument, seed, variants):
    """Yield the scores of each filter on each classifier."""
    [setting] = argument
    X, y, wrong = setting.make(seed)
    X = X.reshape(len(X), -1)
    labels = np.unique(y, return_inverse=True)[1]
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)

    @lru_cache
    def pred_probs(classifier):
        made = CLASSIFIERS[classifier](X, seed)
        return cross_val_predict(made, X, labels, cv=folds, method="predict_proba")

    for variant in variants:
        probabilities, method = pred_probs(variant["classifier"]), variant["method"]
        if method == OURS:
            flags, seconds = timed(find_label_issues, labels, probabilities)
        else:
            options = {"filter_by": method, "n_jobs": 1}
            flags, seconds = timed(
                cleanlab.filter.find_label_issues, labels, probabilities, **options
            )
        noise_score = 1 - probabilities[np.arange(len(labels)), labels]
        yield score(wrong, flags, noise_score, seconds)


def main():
    """Measure, print the F1s, and draw."""
    benchmark = Benchmark("find_issues", __doc__, always=["digits"])
    benchmark.parse()
    units = [
        ({"data": setting.data, "noise": setting.noise}, (setting,))
        for setting in benchmark.settings(noises_of)
    ]
    variants = [{"classifier": name, "method": m} for name in CLASSIFIERS for m in METHODS]
    table = benchmark.run(units, variants, compare)
    table["method"] = table.classifier + " " + table.method
    benchmark.report(table, "method")
    benchmark.save(dots(table, "method", "Filters on the same probabilities"))


if __name__ == "__main__":
    main()
