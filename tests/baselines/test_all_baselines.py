"""All baselines."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import PredefinedSplit

from skdynacor import DynamicsCollector
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)
from skdynacor.nets import make_mlp_classifier

NET = make_mlp_classifier(max_epochs=15, batch_size=32)
TRANSDUCTIVE = [
    AUM(NET, random_state=1),
    CORES(make_mlp_classifier(max_epochs=40, batch_size=32), random_state=0),
    ConfidentLearning(NET, random_state=0),
    SimiFeatV(),
    SimiFeatR(),
]

by_name = pytest.mark.parametrize("baseline", TRANSDUCTIVE, ids=lambda b: type(b).__name__)


@pytest.fixture(scope="module")
def average_encoder(noisy_blobs):
    X, y, _ = noisy_blobs
    T = DynamicsCollector(NET, signal="logit_difference", random_state=0).fit_transform(X, y)
    return T, AverageEncoder(random_state=0).fit(T)


@by_name
def test_it_finds_wrong_labels(noisy_blobs, baseline):
    X, y, wrong = noisy_blobs
    detector = clone(baseline)
    flags = detector.fit_predict(X, y)
    assert flags.dtype == bool
    assert_array_equal(flags, detector.flags_)
    # AUM's threshold from so few moved rows is a rough one.
    assert f1_score(wrong, flags) > (0.6 if isinstance(baseline, AUM) else 0.8)
    assert roc_auc_score(wrong, detector.noise_score_) > 0.95
    assert detector.noise_rate_ == pytest.approx(flags.mean())


@by_name
def test_any_labels_and_lists(noisy_blobs, baseline):
    X, y, _ = noisy_blobs
    detector = clone(baseline)
    expected = clone(baseline).fit(X, y)
    names = np.array(["ant", "bee", "cow"])[y].tolist()
    assert_array_equal(detector.fit_predict(X.tolist(), names), expected.flags_)
    assert_array_equal(detector.noise_score_, expected.noise_score_)
    assert_array_equal(detector.classes_, ["ant", "bee", "cow"])


@by_name
def test_bad_input_is_refused_and_leaves_nothing(noisy_blobs, baseline):
    X, y, _ = noisy_blobs
    detector = clone(baseline)
    before = dict(vars(detector))
    bad = X.copy()
    bad[3, 1] = np.nan
    for rows, labels, message in [
        (bad, y, "contains NaN"),
        (X, y[1:], "inconsistent"),
        (X, np.zeros(len(X)), "one class only"),
        (X[:4], y[:4], "minimum of 5"),
        (X, None, "requires y to be passed"),
    ]:
        with pytest.raises(ValueError, match=message):
            detector.fit(rows, labels)
        assert vars(detector) == before


def test_average_encoder_finds_wrong_labels(noisy_blobs, average_encoder):
    T, detector = average_encoder
    _, _, wrong = noisy_blobs
    assert f1_score(wrong, detector.flags_) > 0.85
    assert_array_equal(detector.predict(T), detector.flags_)
    assert_array_equal(clone(detector).fit_predict(T), detector.flags_)
    assert_array_equal(detector.predict_proba(T)[:, 1], detector.noise_probability_)
    assert detector.noise_rate_ == pytest.approx(detector.flags_.mean())


def test_average_encoder_takes_the_lower_mean_for_noise(average_encoder):
    T, detector = average_encoder
    means = T.mean(axis=1)
    assert means[detector.flags_].mean() < means[~detector.flags_].mean()
    assert detector.predict(np.full((1, T.shape[1]), means.min()))[0]


def test_average_encoder_flags_nothing_where_all_rows_are_alike():
    assert not AverageEncoder().fit_predict(np.ones((10, 3))).any()


def test_the_probabilities_of_confident_learning_reach_cleanlab(noisy_blobs):
    """The flags are those of cleanlab called directly, whatever the filter and the folds."""
    from cleanlab.filter import find_label_issues

    X, y, _ = noisy_blobs
    folds = np.arange(len(X)) % 4
    for filter_by in ("prune_by_noise_rate", "confident_learning"):
        detector = ConfidentLearning(
            LogisticRegression(), cv=PredefinedSplit(folds), filter_by=filter_by
        ).fit(X, y)
        probabilities = np.empty((len(X), 3))
        for fold in range(4):
            out = folds == fold
            probabilities[out] = LogisticRegression().fit(X[~out], y[~out]).predict_proba(X[out])
        assert_array_equal(detector.probabilities_, probabilities)
        expected = find_label_issues(y, probabilities, filter_by=filter_by)
        assert_array_equal(detector.flags_, expected)
        assert_array_equal(detector.noise_score_, 1 - probabilities[np.arange(len(X)), y])
        assert expected.any()


def test_confident_learning_allows_a_fold_without_a_class(noisy_blobs):
    X, y, _ = noisy_blobs
    y = np.where(np.arange(len(y)) < 3, 9, y)  # a class of three rows, in one fold
    folds = np.where(y == 9, 0, np.arange(len(y)) % 3)
    detector = ConfidentLearning(LogisticRegression(), cv=PredefinedSplit(folds)).fit(X, y)
    assert_array_equal(detector.classes_, [0, 1, 2, 9])
    assert not detector.probabilities_[folds == 0, 3].any()
    assert (detector.probabilities_[folds != 0, 3] > 0).all()
    np.testing.assert_allclose(detector.probabilities_.sum(axis=1), 1, rtol=1e-6)


def test_confident_learning_needs_every_row_in_a_fold(noisy_blobs):
    X, y, _ = noisy_blobs
    folds = np.arange(len(X)) % 3 - 1  # a third stays out of all test folds
    with pytest.raises(ValueError, match="100 of 300 rows in no test fold"):
        ConfidentLearning(LogisticRegression(), cv=PredefinedSplit(folds)).fit(X, y)


def test_a_missing_cleanlab_is_named(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    detector = ConfidentLearning()
    with pytest.raises(ImportError, match=r"pip install 'skdynacor\[baselines\]'"):
        detector.fit(X, y)
    assert not hasattr(detector, "n_features_in_")
