import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import f1_score

from skdynacor import (
    Beliefs,
    CorruptedArray,
    CorruptedCopies,
    DynaCorDetector,
    TransitionDetector,
    make_dynacor_pipeline,
)
from skdynacor.datasets import make_label_noise
from skdynacor.noise_model.noise_model import NoiseModel

NAMES = np.array(["ant", "bee", "cow"])


def looks_like(classes, rng):
    """Logits that mostly tell the class."""
    return 5 * np.eye(3)[classes] + rng.normal(0, 1.5, (len(classes), 3))


@pytest.fixture(scope="module")
def problem():
    """Trajectories with beliefs; ants are called bees, bees cows and cows ants, one in four."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 1500)
    wrong = rng.random(1500) < 0.25
    labels = np.where(wrong, (classes + 1) % 3, classes)
    logits = looks_like(classes, rng)
    sources = rng.choice(1500, 300, replace=False)
    planted = (labels[sources] + rng.integers(1, 3, 300)) % 3
    copies = CorruptedCopies(
        rng.normal(size=(300, 6)),
        NAMES[planted],
        sources,
        Beliefs(looks_like(classes[sources], rng), planted, NAMES),
    )
    T = CorruptedArray(rng.normal(size=(1500, 6)), copies, Beliefs(logits, labels, NAMES))
    return T, classes, labels, wrong


@pytest.fixture(scope="module")
def fitted(problem):
    return TransitionDetector(random_state=0).fit(problem[0])


def test_it_finds_wrong_labels(problem, fitted):
    *_, wrong = problem
    assert fitted.flags_.dtype == bool
    assert f1_score(wrong, fitted.flags_) > 0.95
    assert fitted.noise_rate_ == pytest.approx(wrong.mean(), abs=0.03)
    assert fitted.noise_rate_ == pytest.approx(fitted.noise_probability_.mean())


def test_it_finds_which_classes_are_mistaken_for_which(problem, fitted):
    _, _, labels, wrong = problem
    expected = [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]]
    assert_allclose(fitted.transition_, expected, atol=0.05)
    assert_array_equal(fitted.classes_, NAMES)
    rates = [wrong[labels == label].mean() for label in range(3)]
    assert_allclose(fitted.class_noise_rates_, rates, atol=0.05)
    weights = np.bincount(labels) / len(labels)
    assert fitted.class_noise_rates_ @ weights == pytest.approx(fitted.noise_rate_)


def test_it_suggests_the_right_label(problem, fitted):
    _, classes, labels, _ = problem
    flags, suggested = fitted.flags_, fitted.suggested_labels_
    assert_array_equal(suggested[~flags], NAMES[labels][~flags])
    assert (suggested[flags] != NAMES[labels][flags]).all()
    assert np.mean(suggested == NAMES[classes]) > 0.97
    probability = fitted.suggested_label_probability_
    assert np.mean(suggested == NAMES[classes]) == pytest.approx(probability.mean(), abs=0.03)
    wrong = fitted.noise_probability_
    assert_allclose(probability[~flags], 1 - wrong[~flags])
    assert (probability[flags] <= wrong[flags]).all()


def test_the_planted_labels_found_are_the_recall(problem, fitted):
    *_, wrong = problem
    recall = fitted.flags_[wrong].mean()
    assert fitted.found_copies_ == pytest.approx(recall, abs=0.05)
    expected = fitted.found_copies_ - fitted.flags_.mean()
    assert fitted.score(problem[0]) == pytest.approx(expected)
    some = np.arange(1500) < 100
    weighted = fitted.score(problem[0], sample_weight=some)
    assert weighted == pytest.approx(fitted.found_copies_ - fitted.flags_[:100].mean())


def test_methods_agree_with_one_another(problem, fitted):
    T, *_ = problem
    assert_array_equal(fitted.predict(T), fitted.flags_)
    assert_array_equal(clone(fitted).fit_predict(T), fitted.flags_)
    proba = fitted.predict_proba(T)
    assert_array_equal(proba[:, 1], fitted.noise_probability_)
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(fitted.decision_function(T) > 0, fitted.flags_)
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(twin.predict_proba(T), proba)


def test_without_copies_there_is_nothing_to_check_by(problem):
    T, *_ = problem
    detector = TransitionDetector(random_state=0).fit(CorruptedArray(np.array(T), None, T.beliefs))
    assert detector.found_copies_ is None
    assert detector.score(CorruptedArray(np.array(T), None, T.beliefs)) == 0


def test_without_beliefs_it_warns_and_takes_trajectories(problem):
    *_, wrong = problem
    rng = np.random.default_rng(3)
    margins = np.where(wrong, -3.0, 4.0)[:, None] + rng.normal(0, 2, (1500, 6))
    with pytest.warns(UserWarning, match="carries no beliefs"):
        detector = TransitionDetector(random_state=0).fit(margins)
    assert f1_score(wrong, detector.flags_) > 0.95
    assert_array_equal(detector.predict(margins), detector.flags_)
    for name in ("classes_", "transition_", "learnt_", "class_noise_rates_", "suggested_labels_"):
        assert getattr(detector, name) is None


def test_beliefs_that_got_lost_are_missed(problem, fitted):
    T, *_ = problem
    with pytest.raises(ValueError, match=r"carried the beliefs .* has lost them"):
        fitted.predict(T[:50])
    with pytest.warns(UserWarning, match="carries no beliefs"):
        plain = TransitionDetector().fit(np.array(T))
    with pytest.raises(ValueError, match=r"carried no beliefs .* this X has"):
        plain.predict(T)


@pytest.mark.parametrize("separable", [False, True])
def test_separable_beliefs_are_read_with_the_mixture(problem, separable):
    T, _, _, wrong = problem
    beliefs = Beliefs(T.beliefs.logits, T.beliefs.labels, NAMES, separable)
    detector = TransitionDetector(random_state=0).fit(CorruptedArray(np.array(T), None, beliefs))
    model = NoiseModel(separable).fit(beliefs.logits, beliefs.labels)
    assert (model.mixture is not None) is separable
    expected = model.log_odds(beliefs.logits, beliefs.labels)
    assert_allclose(detector.decision_function(CorruptedArray(T, None, beliefs)), expected)
    assert f1_score(wrong, detector.flags_) > 0.95


def test_the_trajectories_themselves_do_not_matter(problem, fitted):
    T, *_ = problem
    other = CorruptedArray(np.zeros((1500, 6)), T.corrupted, T.beliefs)
    detector = TransitionDetector(random_state=0).fit(other)
    assert_array_equal(detector.noise_probability_, fitted.noise_probability_)


# --- the whole pipeline ------------------------------------------------------------------------


def test_clean_separable_data_are_left_alone():
    X, y = make_blobs(1000, centers=5, n_features=8, random_state=1)
    for seed in range(3):
        flags = make_dynacor_pipeline(random_state=seed).fit_predict(X, y)
        assert flags.mean() <= 0.02


@pytest.mark.parametrize("rate", [0, 0.1])
def test_a_rare_class_is_not_flagged_wholesale(rate):
    X, y_true = make_blobs([2000, 20], centers=[[0] * 6, [4] * 6], cluster_std=1.0, random_state=0)
    y, wrong = make_label_noise(y_true, "symmetric", rate, random_state=0) if rate else (y_true, 0)
    flags = make_dynacor_pipeline(random_state=0).fit_predict(X, y)
    right_and_rare = (y_true == 1) & (y == 1)
    assert flags[right_and_rare].mean() <= 0.2
    if rate:
        assert f1_score(wrong, flags) > 0.9
    else:
        assert flags.mean() <= 0.02


def test_a_class_of_five_rows_among_many_is_left_alone():
    X, y = make_blobs([5, *[180] * 9], centers=None, n_features=16, random_state=2)
    for seed in range(2):
        pipe = make_dynacor_pipeline(random_state=seed).fit(X, y)
        assert pipe[-1].flags_[y == 0].mean() <= 0.4
        assert pipe[-1].flags_.mean() <= 0.02


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric"])
def test_it_knows_how_many_labels_are_wrong(kind):
    X, y_true = make_blobs(1200, centers=4, n_features=6, cluster_std=2, random_state=3)
    y, wrong = make_label_noise(y_true, kind, 0.3, random_state=5)
    pipe = make_dynacor_pipeline(random_state=0).fit(X, y)
    assert pipe[-1].noise_rate_ == pytest.approx(wrong.mean(), abs=0.05)
    moved = np.mean(y_true[wrong] == pipe[-1].suggested_labels_[wrong])
    assert moved > 0.9
    assert pipe[-1].found_copies_ == pytest.approx(pipe[-1].flags_[wrong].mean(), abs=0.1)


def test_suggestions_are_of_the_labels_own_kind(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, random_state=0).fit(X, NAMES[y])
    assert set(pipe[-1].suggested_labels_) <= set(NAMES)
    assert_array_equal(pipe[-1].classes_, NAMES)


def test_held_out_rows_are_judged_for_their_labels(noisy_blobs):
    rows = np.random.default_rng(0).permutation(300)
    X, y, wrong = (each[rows] for each in noisy_blobs)
    pipe = make_dynacor_pipeline(random_state=0).fit(X[:200], y[:200])
    T = pipe[1].transform(X[200:], labels=y[200:])
    assert f1_score(wrong[200:], pipe[-1].predict(T)) > 0.9
    assert_array_equal(T.beliefs.labels, y[200:])


def test_both_detectors_take_the_same_recording(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, recipe="paper", random_state=0)
    T = pipe[:-1].fit_transform(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TransitionDetector(random_state=0).fit(T)
        DynaCorDetector(random_state=0).fit(T)
