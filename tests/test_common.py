"""scikit-learn's own checks on every estimator."""

import pytest
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    check_transformer_get_feature_names_out,
    parametrize_with_checks,
)

from skdynacor import DynaCorDetector, DynamicsCollector, LabelCorruptor
from skdynacor.nets import make_mlp_classifier

ESTIMATORS = [
    LabelCorruptor(),
    DynamicsCollector(make_mlp_classifier(max_epochs=2)),
    DynamicsCollector(),
    DynaCorDetector(),
]

pytestmark = pytest.mark.filterwarnings(
    "ignore:X carries no corrupted copies", "ignore::sklearn.exceptions.SkipTestWarning"
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


@pytest.mark.parametrize("estimator", ESTIMATORS[:3], ids=lambda e: type(e).__name__)
def test_feature_names_out(estimator):
    check_transformer_get_feature_names_out(type(estimator).__name__, estimator)
