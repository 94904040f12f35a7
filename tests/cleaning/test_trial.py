"""Cross-validation of cleaning."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.cleaning import _label_cleaning_classifier as label_cleaning_classifier
from skdynacor.cleaning._trial import AccuracyGain, gain_in_accuracy, make_trial_folds


class FlagsByRule(BaseEstimator):
    """A detector that flags by a rule, and counts its fits."""

    def __init__(self, rule):
        self.rule = rule

    def fit_predict(self, X, y):
        self.rule.n_rows.append(len(y))
        return self.rule(X, y)


class Rule:
    """A rule that clones share."""

    def __init__(self, flag):
        self.flag, self.n_rows = flag, []

    def __call__(self, X, y):
        return self.flag(X[:, 0], y)

    def __deepcopy__(self, memo):
        return self


#: Flags a quarter of the rows: those of one class near the other, which then takes their region.
HARMFUL = Rule(lambda x, y: (y == 1) & (x < 0.5))
HELPFUL = Rule(lambda x, y: y != (x > 0))


@pytest.fixture
def line():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 400)
    wrong = rng.random(400) < 0.2
    return x[:, None], (x > 0) ^ wrong


def fit(rule, line, **params):
    rule.n_rows.clear()
    tree = DecisionTreeClassifier(random_state=0)
    return LabelCleaningClassifier(tree, FlagsByRule(rule), **params).fit(*line)


def test_labels_are_kept_where_cleaning_harms(line):
    X, _ = line
    right = X, X[:, 0] > 0
    tried, untried = fit(HARMFUL, right, cv=5), fit(HARMFUL, right)
    assert untried.is_cleaned_
    assert untried.gain_ is None
    assert not tried.is_cleaned_
    assert tried.gain_.mean == pytest.approx(-0.125, abs=0.04)
    assert_array_equal(tried.flags_, untried.flags_)
    assert_array_equal(tried.predict(X), right[1])
    assert (untried.predict(X) != right[1]).mean() > 0.08


def test_labels_are_cleaned_where_it_helps(line):
    tried = fit(HELPFUL, line, cv=StratifiedKFold(4))
    assert tried.is_cleaned_
    assert tried.gain_.mean > 2 * tried.gain_.error > 0
    assert HELPFUL.n_rows == [400, 300, 300, 300, 300]  # detection runs in each fold
    assert_array_equal(tried.predict(line[0]), line[0][:, 0] > 0)


def test_a_fold_in_which_all_of_a_class_is_flagged_counts_as_no_gain(line):
    X, y = line
    first = X[0, 0]
    rule = Rule(
        lambda x, y: y & (first not in x)
    )  # all of a class, in the fold without the first row
    tried = fit(rule, (X, y), cv=KFold(2))
    assert tried.is_cleaned_
    assert tried.gain_ == AccuracyGain(0, 0)


def test_only_the_default_detector_is_cross_validated_by_default(line, monkeypatch):
    fit(HELPFUL, line)
    assert HELPFUL.n_rows == [400]
    HELPFUL.n_rows.clear()
    monkeypatch.setattr(
        label_cleaning_classifier, "LabelErrorDetector", lambda random_state: FlagsByRule(HELPFUL)
    )
    classifier = LabelCleaningClassifier(DecisionTreeClassifier(), random_state=0).fit(*line)
    assert HELPFUL.n_rows == [400, *[320] * 5]
    assert classifier.gain_.mean > 0


@pytest.mark.parametrize("n_rows", [49, 2000])
def test_no_cross_validation_with_very_few_or_many_rows(n_rows):
    assert make_trial_folds("auto", np.arange(n_rows) % 2, 0) is None
    assert make_trial_folds(None, np.arange(100) % 2, 0) is None


def test_folds_are_no_more_than_the_smallest_class_has_rows():
    y = np.arange(100) % 2
    assert len(make_trial_folds("auto", y, 0)) == 5
    y[:] = 0
    y[:3] = 1
    assert len(make_trial_folds("auto", y, 0)) == 3
    y[1:3] = 0
    assert make_trial_folds("auto", y, 0) is None


def test_gain_is_the_difference_of_accuracies():
    class Constant:
        def __init__(self, label):
            self.label = label

        def predict(self, X):
            return np.full(len(X), self.label)

    y = np.array([0, 0, 0, 1] * 4)
    X = np.zeros((16, 1))
    gain = gain_in_accuracy(
        lambda *_: Constant(0), lambda *_: Constant(1), X, y, None, KFold(4).split(X)
    )
    assert gain.mean == -0.5
    assert gain.error == pytest.approx(np.sqrt(0.75 / 16))
