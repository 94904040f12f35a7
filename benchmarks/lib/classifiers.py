"""The classifiers whose out-of-sample probabilities cleanlab's filters get."""

import warnings

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdynacor.baselines import ConfidentLearning

from .data import fill_gaps

#: What people train on a table and on embeddings, which have more features than this.
WIDEST_TABLE = 100
FILTERS = (
    *("prune_by_noise_rate", "prune_by_class", "both", "confident_learning"),
    "predicted_neq_given",
)


def make_peers(n_features, seed):
    """Name the classifiers; None is the package's own net."""
    is_table = n_features <= WIDEST_TABLE
    peers = {
        "mlp": None,
        "logistic": make_logistic(n_features),
        "neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(10))
        if is_table
        else KNeighborsClassifier(10, metric="cosine"),
    }
    if is_table:
        peers["trees"] = make_trees(seed)
    return {**peers, "forest": make_forest(seed)}


def make_table_peers(n_features, seed):
    """Name the classifiers that people train on small tables."""
    return {
        "logistic": make_logistic(n_features),
        "svm": make_svm(),
        "boosting": HistGradientBoostingClassifier(random_state=seed),
        "trees": make_trees(seed),
        "forest": make_forest(seed),
    }


def make_logistic(n_features):
    """Make a logistic regression, with a stronger penalty where there are many features."""
    C = 1.0 if n_features <= WIDEST_TABLE else 0.01
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=200))


def make_svm():
    """Make a support vector machine with an RBF kernel, and probabilities."""
    # NB: more folds would need more rows of every class.
    calibrated = CalibratedClassifierCV(SVC(), cv=2, ensemble=False)
    return make_pipeline(StandardScaler(), calibrated)


def make_trees(seed):
    """Make extremely randomised trees."""
    return ExtraTreesClassifier(200, min_samples_leaf=2, random_state=seed)


def make_forest(seed):
    """Make a forest with out-of-bag probabilities."""
    return ExtraTreesClassifier(
        200, min_samples_leaf=5, bootstrap=True, oob_score=True, random_state=seed
    )


def out_of_sample(classifier, X, codes, seed):
    """Estimate class probabilities: out-of-bag if the classifier has them, or by five folds."""
    X = fill_gaps(X)
    if not getattr(classifier, "oob_score", False):
        return ConfidentLearning(classifier, random_state=seed).fit(X, codes).probabilities_
    with warnings.catch_warnings(action="ignore"):  # of rows that no tree left out
        classifier.fit(X.astype(np.float32), codes)
    probabilities = classifier.oob_decision_function_
    probabilities[~(probabilities.sum(axis=1) > 0)] = 1 / probabilities.shape[1]
    return probabilities
