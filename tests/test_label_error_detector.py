"""The default detector."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import LabelErrorDetector, OutOfSampleEnsemble
from skdynacor.datasets import make_label_noise
from skdynacor.model_selection import InSample
from skdynacor.nets import make_mlp_classifier
from skdynacor.noise_model.noise_model import NoiseModel

FOREST = RandomForestClassifier(30)


@pytest.fixture(scope="module")
def digits():
    X, y_true = load_digits(return_X_y=True)
    y, wrong = make_label_noise(y_true, "symmetric", 0.2, random_state=0)
    return X, y, wrong, y_true


@pytest.fixture(scope="module")
def fitted(digits):
    X, y, *_ = digits
    return LabelErrorDetector(random_state=0).fit(X, y)


def test_label_errors_are_found_and_corrected(digits, fitted):
    _, y, wrong, y_true = digits
    assert f1_score(wrong, fitted.flags_) > 0.93
    found = wrong & fitted.flags_
    assert (fitted.suggested_labels_ == y_true)[found].mean() > 0.93
    assert_array_equal(fitted.suggested_labels_[~fitted.flags_], y[~fitted.flags_])
    assert fitted.noise_rate_ == pytest.approx(0.2, abs=0.03)
    assert_allclose(fitted.class_noise_rates_, 0.2, atol=0.12)
    assert fitted.injected_recall_ == pytest.approx(fitted.flags_[wrong].mean(), abs=0.06)


def test_attributes_agree_with_each_other(digits, fitted):
    _, y, *_ = digits
    probability = fitted.noise_probability_
    assert_array_equal(fitted.flags_, probability > 0.5)
    assert fitted.noise_rate_ == pytest.approx(probability.mean())
    assert_allclose([probability[y == c].mean() for c in range(10)], fitted.class_noise_rates_)
    assert_allclose(fitted.transition_matrix_.sum(axis=1), 1)
    right = ~fitted.flags_
    assert_allclose(fitted.suggested_label_probability_[right], 1 - probability[right])
    assert (fitted.suggested_label_probability_[fitted.flags_] <= probability[~right]).all()
    assert fitted.log_probs_.shape == (len(y), 10)
    assert set(fitted.weights_) == {
        *("net", "logistic_regression", "svm", "extra_trees", "random_forest")
    }
    low, high = fitted.noise_rate_interval_
    assert 0 <= low <= fitted.noise_rate_ <= high <= 1
    assert fitted.n_features_in_ == 64


def test_it_is_an_ensemble_and_a_noise_model(digits, fitted):
    X, y, *_ = digits
    ensemble = OutOfSampleEnsemble(random_state=0)
    log_probs = ensemble.fit_transform(X, y)
    assert_array_equal(log_probs, fitted.log_probs_)
    model = NoiseModel().fit(log_probs, y)
    assert_allclose(expit(model.log_odds(log_probs, y)), fitted.noise_probability_, atol=1e-6)


def test_every_fitted_attribute_is_in_the_docstring(fitted):
    names = [name for name in vars(fitted) if name.endswith("_") and not name.startswith("_")]
    assert len(names) > 10
    for name in names:
        assert f"\n    {name} :" in LabelErrorDetector.__doc__


def test_labelled_rows_that_were_not_in_fit(digits):
    X, y, wrong, y_true = digits
    detector = LabelErrorDetector(random_state=0).fit(X[:1200], y[:1200])
    new = slice(1200, None)
    probability = detector.noise_probability(X[new], y[new])
    assert f1_score(wrong[new], probability > 0.5) > 0.9
    assert (detector.noise_probability(X[new], y_true[new]) < 0.5).mean() > 0.95
    assert_allclose(detector.noise_probability(X[:1200], y[:1200]), detector.noise_probability_)
    with pytest.raises(ValueError, match="classes that fit did not see: \\[10\\]"):
        detector.noise_probability(X[:2], [1, 10])
    with pytest.raises(ValueError, match="3 labels for 2 rows"):
        detector.noise_probability(X[:2], [1, 2, 3])


@pytest.mark.parametrize(
    "params",
    [
        {"estimator": make_pipeline(StandardScaler(), LogisticRegression())},
        {"estimator": make_mlp_classifier(max_epochs=5)},
        {"estimators": [("forest", FOREST), ("bayes", GaussianNB())]},
        {"estimator": FOREST, "cv": StratifiedKFold(3)},
    ],
    ids=["logistic", "net", "several", "cv"],
)
def test_any_classifier_will_do(digits, params):
    X, y, wrong, _ = (each[:900] for each in digits)
    detector = LabelErrorDetector(**params, random_state=0)
    assert f1_score(wrong, detector.fit_predict(X, y)) > 0.7
    assert list(detector.weights_) == [n for n, _ in params.get("estimators", [("estimator", 0)])]


def test_names_of_classes_come_back(digits):
    X, y, *_ = digits
    names = np.array([f"digit {label}" for label in range(10)])
    detector = LabelErrorDetector(FOREST, random_state=0).fit(X, names[y])
    assert_array_equal(detector.classes_, names)
    assert set(detector.suggested_labels_) == set(names)


def test_a_row_and_its_copies_are_scored_by_other_rows(digits):
    X, y, wrong, _ = (each[:400] for each in digits)
    detector = LabelErrorDetector(FOREST, random_state=0)
    once = f1_score(wrong, detector.fit_predict(X, y))
    twice = detector.fit_predict(np.concatenate([X, X]), np.concatenate([y, y]))
    assert detector.duplicated_share_ == 1
    assert f1_score(np.concatenate([wrong, wrong]), twice) > once - 0.05


def test_copies_of_a_rare_class_are_kept_apart():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [900, 100])
    X = rng.normal(size=(1000, 5)) + 1.5 * y[:, None]
    wrong = rng.random(1000) < 0.1
    given = np.where(wrong, 1 - y, y)
    rows = np.flatnonzero(given == 1)
    rows = np.r_[np.arange(1000), rng.choice(rows, 800 - len(rows))]  # random oversampling
    detector = LabelErrorDetector(random_state=0)
    before = detector.fit_predict(X, given)[wrong].mean()
    after = detector.fit_predict(X[rows], given[rows])[wrong[rows]].mean()
    assert before > 0.6
    assert after > 0.9 * before


def test_rows_whose_copies_have_another_label_are_not_sure():
    X = np.random.default_rng(0).normal(size=(100, 3)).repeat(2, axis=0)
    detector = LabelErrorDetector(random_state=0).fit(X, np.tile([0, 1], 100))
    assert not detector.flags_.any()
    assert not detector.learnability_.is_enough


def test_hidden_rows_of_a_rare_class_are_found():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [160, 7840])
    X = rng.normal(size=(8000, 12)) + 1.6 * y[:, None]
    given = y.copy()
    given[:32] = 0
    flags = LabelErrorDetector(random_state=0).fit_predict(X, given)
    assert flags[:32].sum() >= 18
    assert flags[32:].sum() <= 3
    assert LabelErrorDetector(random_state=0).fit_predict(X, y).sum() <= 3


@pytest.mark.parametrize("shape", [(500, 8, 5), (200, 8, 3), (500, 20, 4)])
def test_labels_that_follow_from_nothing(shape):
    n_rows, n_features, n_classes = shape
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(n_rows, n_features)), rng.integers(0, n_classes, n_rows)
    detector = LabelErrorDetector(random_state=0).fit(X, y)
    assert detector.flags_.mean() < 0.05
    assert "flags are guesses" in str(detector.learnability_)


def test_neither_long_tails_nor_an_offset_of_the_features_matter():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 8))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    wrong = rng.random(800) < 0.08
    given = np.where(wrong, 1 - y, y)
    auc = [
        roc_auc_score(wrong, LabelErrorDetector(random_state=0).fit(rows, given).noise_probability_)
        for rows in (X, np.exp(3 * X), 1.7e9 + X)
    ]
    assert auc[0] > 0.97
    assert min(auc[1:]) > auc[0] - 0.02


def test_groups_reach_the_folds(digits):
    X, y, wrong, _ = (each[:400] for each in digits)
    rng = np.random.default_rng(0)
    near = np.concatenate([X, X + rng.normal(0, 0.01, X.shape)])  # near-duplicates
    y, wrong = np.concatenate([y, y]), np.concatenate([wrong, wrong])
    detector = LabelErrorDetector(FOREST, random_state=0)
    without = f1_score(wrong, detector.fit_predict(near, y))
    groups = np.tile(np.arange(400), 2)
    assert f1_score(wrong, detector.fit_predict(near, y, groups=groups)) > without + 0.2


def test_nested_parameters_are_set_and_searched(digits):
    X, y, *_ = (each[:200] for each in digits)
    pipe = Pipeline([("detector", LabelErrorDetector(random_state=0))])
    pipe.set_params(detector__net__lr=0.02, detector__extra_trees__n_estimators=5)
    assert dict(pipe[-1].estimators)["net"].lr == 0.02
    assert clone(pipe)[-1].get_params()["net__lr"] == 0.02
    pipe.set_params(detector__net__max_epochs=2, detector__random_forest__n_estimators=5)
    search = GridSearchCV(
        pipe,
        {"detector__net__lr": [0.01, 0.1]},
        cv=InSample(),
        scoring=lambda pipe, X, y: pipe[-1].injected_recall_,
    ).fit(X, y)
    assert search.best_params_["detector__net__lr"] in (0.01, 0.1)
    assert 0 <= search.best_score_ <= 1


def test_memory_trains_once(digits, tmp_path, monkeypatch):
    X, y, *_ = (each[:200] for each in digits)
    detector = LabelErrorDetector(FOREST, memory=str(tmp_path), random_state=0).fit(X, y)
    monkeypatch.setattr(OutOfSampleEnsemble, "fit_transform", None)
    again = clone(detector).fit(X, y)
    assert_array_equal(again.noise_probability_, detector.noise_probability_)
    with pytest.raises(TypeError):
        clone(detector).set_params(random_state=1).fit(X, y)


def test_a_saved_detector_scores_as_before(digits, fitted):
    X, y, *_ = (each[:50] for each in digits)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.noise_probability(X, y), fitted.noise_probability(X, y))
    assert_allclose(
        again.noise_probability(X + 0.01, y), fitted.noise_probability(X + 0.01, y), atol=1e-5
    )


def test_right_labels_are_hardly_flagged(digits):
    X, _, _, y_true = digits
    assert LabelErrorDetector(random_state=0).fit_predict(X, y_true).mean() < 0.01


def test_it_has_no_methods_without_labels(fitted):
    for name in ("predict", "score", "transform", "decision_function", "predict_proba"):
        assert not hasattr(fitted, name)


@pytest.mark.parametrize(
    "params", [{"estimator": LogisticRegression}, {"estimators": [("a", LogisticRegression)]}]
)
def test_a_class_in_place_of_an_instance_is_refused(digits, params):
    X, y, *_ = (each[:50] for each in digits)
    with pytest.raises(ValueError, match=r"is the class LogisticRegression; pass an instance"):
        LabelErrorDetector(**params).fit(X, y)


def test_names_of_features_are_those_of_the_last_fit(digits):
    X, y, *_ = (each[:100] for each in digits)
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    detector = LabelErrorDetector(FOREST, random_state=0).fit(frame, y)
    assert detector.feature_names_in_[0] == "pixel 0"
    assert not hasattr(detector.fit(X, y), "feature_names_in_")


def test_labels_that_differ_in_case_or_blanks_only_are_pointed_out():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.array(["sun", "Sun", "sun ", "rain"])[np.arange(60) % 4]
    message = r"case or blanks: 'Sun' \(15 rows\) and 'sun' \(15 rows\) and 'sun ' \(15 rows\)\. If"
    with pytest.warns(UserWarning, match=message) as warned:
        LabelErrorDetector(GaussianNB()).fit(X, y)
    assert "y.str.strip().str.lower()" in str(warned[0].message)
    assert warned[0].filename == __file__
    repaired = pd.Series(y).str.strip().str.lower()
    assert list(LabelErrorDetector(GaussianNB()).fit(X, repaired).classes_) == ["rain", "sun"]


def test_the_first_similar_labels_are_named():
    X = np.random.default_rng(0).normal(size=(200, 2))
    y = np.array([*"abcdefghij", *"ABCDEFGHIJ"])[np.arange(200) % 20]
    with pytest.warns(UserWarning, match=r"'E' \(10 rows\) and 'e' \(10 rows\); and 5 more\."):
        LabelErrorDetector(GaussianNB()).fit(X, y)
