"""scikit-learn's own checks on every estimator."""

import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    check_transformer_get_feature_names_out,
    parametrize_with_checks,
)

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    LabelErrorDetector,
    OutOfSampleEnsemble,
)
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import DivideMixClassifier

QUICK_NET = make_mlp_classifier(max_epochs=2)
TWO = [("net", QUICK_NET), ("forest", ExtraTreesClassifier(10, bootstrap=True))]
LINEAR_DETECTOR = LabelErrorDetector(LogisticRegression(), cv=2, random_state=0)
TRANSFORMERS = [
    LabelCorruptor(),
    DynamicsCollector(QUICK_NET),
    DynamicsCollector(),
    DynamicsCollector(GradientBoostingClassifier(n_estimators=3)),
    OutOfSampleEnsemble(TWO, cv=2),
    OutOfSampleEnsemble([("linear", LogisticRegression())], cv=2),
    OutOfSampleEnsemble(),
]
ESTIMATORS = [
    *TRANSFORMERS,
    LabelErrorDetector(estimators=TWO, cv=2),
    LINEAR_DETECTOR,
    LabelErrorDetector(),
    DynaCorDetector(),
    AverageEncoder(),
    AUM(QUICK_NET),
    CORES(QUICK_NET),
    ConfidentLearning(QUICK_NET, cv=2),
    ConfidentLearning(LogisticRegression(), cv=2),
    SimiFeatV(),
    SimiFeatR(),
    LabelCleaningClassifier(LogisticRegression(), cv=None),
    LabelCleaningClassifier(LogisticRegression(), LINEAR_DETECTOR, strategy="reweight"),
    DivideMixClassifier(make_mlp_classifier(max_epochs=8, batch_size=16), warm_up=4),
    DivideMixClassifier(QUICK_NET, warm_up=1, detector=DynaCorDetector()),
]

pytestmark = pytest.mark.filterwarnings(
    "ignore:X carries no corrupted copies",
    "ignore:All labels of class",
    "ignore:Using the fractional value max_samples",  # of ten rows
    "ignore::sklearn.exceptions.SkipTestWarning",
)


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_checks_that_the_runner_leaves_out(estimator, check):
    check(type(estimator).__name__, estimator)


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=lambda e: type(e).__name__)
def test_feature_names_out(estimator):
    check_transformer_get_feature_names_out(type(estimator).__name__, estimator)
