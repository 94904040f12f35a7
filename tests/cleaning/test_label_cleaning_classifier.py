"""Training on cleaned labels."""

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.baselines import ConfidentLearning, SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier


class Flags(BaseEstimator):
    """A peer that returns given flags, and counts its fits."""

    fits = []

    def __init__(self, flags=None):
        self.flags = flags

    def fit_predict(self, X, y):
        self.fits.append(len(y))
        return np.zeros(len(y), bool) if self.flags is None else np.asarray(self.flags)


class Recorded(LogisticRegression):
    """A classifier that keeps what it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.given_ = X, np.asarray(y), sample_weight
        return super().fit(X, y, sample_weight)


DETECTOR = LabelErrorDetector(LogisticRegression(), random_state=0)


@pytest.fixture(scope="module")
def detected(noisy_blobs):
    X, y, _ = noisy_blobs
    return clone(DETECTOR).fit(X, y)


def cleaned(strategy, noisy_blobs, **params):
    X, y, _ = noisy_blobs
    params = {"estimator": Recorded(), "detector": DETECTOR, "strategy": strategy} | params
    return LabelCleaningClassifier(**params).fit(X, y)


def test_the_default_detector_is_label_error_detector(noisy_blobs):
    X, y, wrong = noisy_blobs
    classifier = LabelCleaningClassifier(LogisticRegression(), cv=None, random_state=0).fit(X, y)
    assert isinstance(classifier.detector_, LabelErrorDetector)
    assert classifier.detector_.random_state == 0
    assert (classifier.flags_ == wrong).mean() > 0.95


def test_drop_leaves_flagged_rows_out(noisy_blobs, detected):
    X, y, _ = noisy_blobs
    classifier = cleaned("drop", noisy_blobs)
    rows, labels, weights = classifier.estimator_.given_
    assert_array_equal(classifier.flags_, detected.flags_)
    assert_array_equal(classifier.noise_probability_, detected.noise_probability_)
    assert_array_equal(rows, X[~detected.flags_])
    assert_array_equal(labels, y[~detected.flags_])
    assert weights is None


def test_relabel_takes_probable_suggestions_and_drops_the_others(noisy_blobs, detected):
    X, _, _ = noisy_blobs
    above = float(np.median(detected.suggested_label_probability_[detected.flags_]))
    rows, labels, _ = cleaned("relabel", noisy_blobs, relabel_above=above).estimator_.given_
    sure = detected.flags_ & (detected.suggested_label_probability_ >= above)
    kept = sure | ~detected.flags_
    assert 0 < (~kept).sum() < detected.flags_.sum()
    assert_array_equal(rows, X[kept])
    assert_array_equal(labels, detected.suggested_labels_[kept])


def test_reweight_weighs_by_the_probability_of_a_right_label(noisy_blobs, detected):
    X, y, _ = noisy_blobs
    rows, labels, weights = cleaned("reweight", noisy_blobs).estimator_.given_
    trust = 1 - detected.noise_probability_
    kept = trust > 0
    assert_array_equal(rows, X[kept])
    assert_array_equal(labels, y[kept])
    assert_allclose(weights, trust[kept])


@pytest.mark.parametrize("strategy", ["drop", "relabel", "reweight"])
def test_cleaning_unlearns_wrong_labels(strategy, noisy_blobs):
    X, y, wrong = noisy_blobs
    right = ~wrong
    tree = DecisionTreeClassifier(min_weight_fraction_leaf=0.003, random_state=0)
    before = tree.fit(X, y).score(X[right], y[right])
    classifier = cleaned(strategy, noisy_blobs, estimator=tree)
    noisy = tree.predict(X[wrong]) == y[wrong]
    now = classifier.predict(X[wrong]) == y[wrong]
    assert now.mean() < noisy.mean() - 0.5  # wrong labels are no longer learnt
    assert classifier.score(X[right], y[right]) > before - 0.05


def test_weights_reach_the_last_step_of_a_pipeline(noisy_blobs):
    estimator = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), Recorded()))
    classifier = cleaned("reweight", noisy_blobs, estimator=estimator)
    _, _, weights = classifier.estimator_[-1][-1].given_
    trust = 1 - classifier.noise_probability_
    assert_allclose(weights, trust[trust > 0])


def test_weights_need_an_estimator_that_takes_them(noisy_blobs):
    X, y, _ = noisy_blobs
    classifier = LabelCleaningClassifier(KNeighborsClassifier(), Flags(), strategy="reweight")
    Flags.fits.clear()
    with pytest.raises(ValueError, match="that of KNeighborsClassifier does not"):
        classifier.fit(X, y)
    assert Flags.fits == []  # before anything is trained
    assert not hasattr(classifier, "flags_")


def test_estimator_gets_unchanged_rows(noisy_blobs):
    X, y, _ = noisy_blobs
    frame = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.where(X[:, 0] > 4, "big", "small"))
    frame.loc[::7, "a"] = np.nan
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    estimator = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=10))
    detector = make_pipeline(encode, LabelErrorDetector(estimator[-1], random_state=0))
    classifier = LabelCleaningClassifier(estimator, detector).fit(frame, y)
    assert list(classifier.feature_names_in_) == [*"abcd", "kind"]
    assert classifier.n_features_in_ == 5
    assert classifier.predict_proba(frame).shape == (300, 3)
    sparse = csr_array(X)
    assert cleaned("drop", (sparse, y, None)).predict(sparse).shape == (300,)


@pytest.mark.parametrize("strategy", ["drop", "relabel", "reweight"])
def test_labels_of_text_pass(strategy, noisy_blobs):
    X, y, wrong = noisy_blobs
    names = np.array(["ant", "bee", "wasp"])
    classifier = cleaned(strategy, (X, names[y], wrong))
    assert set(classifier.predict(X)) == set(names)
    assert_array_equal(classifier.classes_, names)


def test_only_methods_of_the_estimator_are_there(noisy_blobs):
    X, y, _ = noisy_blobs
    margin = LabelCleaningClassifier(LinearSVC(), Flags()).fit(X, y)
    assert margin.decision_function(X).shape == (300, 3)
    assert not hasattr(margin, "predict_proba")
    neighbors = LabelCleaningClassifier(KNeighborsClassifier(), Flags()).fit(X, y)
    assert not hasattr(neighbors, "decision_function")
    assert_allclose(neighbors.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize(
    "detector", [ConfidentLearning(LogisticRegression(), random_state=0), SimiFeatV()]
)
def test_baselines_clean_too(detector, noisy_blobs):
    X, y, _ = noisy_blobs
    classifier = LabelCleaningClassifier(Recorded(), detector).fit(X, y)
    assert_array_equal(classifier.flags_, clone(detector).fit_predict(X, y))
    assert_array_equal(classifier.noise_probability_, classifier.flags_)
    with pytest.raises(ValueError, match="The detector suggests no labels with a probability"):
        LabelCleaningClassifier(Recorded(), detector, strategy="relabel").fit(X, y)


def test_detection_runs_once_per_fold_if_it_is_cached(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    search = GridSearchCV(
        LabelCleaningClassifier(LogisticRegression(), Flags(), memory=joblib.Memory(tmp_path)),
        {"strategy": ["drop", "reweight"], "estimator__C": [0.1, 1.0]},
        cv=3,
    )
    Flags.fits.clear()
    search.fit(X, y)
    assert Flags.fits == [200, 200, 200, 300]
    assert cross_val_score(search.best_estimator_, X, y, cv=3).shape == (3,)


def test_the_pipeline_of_the_paper_cleans_and_is_searched(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, random_state=0)
    search = GridSearchCV(
        LabelCleaningClassifier(LogisticRegression(), pipe),
        {"detector__labelcorruptor__gamma": [0.1, 0.3]},
        cv=2,
        error_score="raise",
    ).fit(X, y)
    detector = search.best_estimator_.detector_
    assert detector[0].gamma == search.best_params_["detector__labelcorruptor__gamma"]
    assert_array_equal(search.best_estimator_.flags_, detector[-1].flags_)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (np.zeros(299, bool), r"one bool per row, of shape \(300,\); it returned bool .*\(299,\)"),
        (np.full(300, -1), "one bool per row"),
        (np.zeros((300, 2), bool), r"\(300, 2\)"),
    ],
)
def test_impossible_flags_leave_nothing_fitted(flags, message, noisy_blobs):
    X, y, _ = noisy_blobs
    classifier = LabelCleaningClassifier(LogisticRegression(), Flags(flags))
    with pytest.raises(ValueError, match=message):
        classifier.fit(X, y)
    assert vars(classifier).keys() == classifier.get_params(deep=False).keys()


def test_a_class_of_which_all_labels_are_flagged_stays(noisy_blobs):
    X, y, _ = noisy_blobs
    classifier = LabelCleaningClassifier(Recorded(), Flags(y == 1))
    with pytest.warns(UserWarning, match="All labels of class 1 look wrong") as warned:
        classifier.fit(X, y)
    assert warned[0].filename == __file__
    assert classifier.flags_.sum() == (y == 1).sum()
    assert_array_equal(classifier.estimator_.given_[1], y)


def test_similar_labels_are_pointed_out_once(noisy_blobs):
    X, y, _ = noisy_blobs
    labels = np.array(["ant", "Ant", "bee"])[y]
    with pytest.warns(UserWarning, match="case or blanks: 'Ant' .* and 'ant'") as warned:
        LabelCleaningClassifier(LogisticRegression(), DETECTOR, cv=3).fit(X, labels)
    assert len(warned) == 1


@pytest.mark.parametrize("detector", [LogisticRegression(), make_pipeline(StandardScaler()), 3])
def test_a_detector_must_detect(detector, noisy_blobs):
    X, y, _ = noisy_blobs
    with pytest.raises(TypeError, match="detector must have fit_predict"):
        LabelCleaningClassifier(LogisticRegression(), detector).fit(X, y)
