"""Both detectors, recalibrated by verdicts."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from skdynacor import (
    CorruptedArray,
    CorruptedCopies,
    DynaCorDetector,
    LabelErrorDetector,
    make_dynacor_pipeline,
)
from skdynacor.baselines import SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.datasets import make_label_noise
from skdynacor.inspection import label_issues, read_review, write_review
from skdynacor.model_selection import InSample, make_verdicts_scorer

AFTER_VERDICTS = ("precision_interval_", "recall_interval_", "n_remaining_", "verdicts_needed_")


def make_problem(seed=0, n=400, share=0.25):
    """Two classes that overlap, with errors of which data alone say little."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, n)
    X = rng.normal(size=(n, 4)) + 1.2 * y_true[:, None]
    wrong = (rng.random(n) < share) & (y_true == 1)
    return X, np.where(wrong, 1 - y_true, y_true), wrong


@pytest.fixture(scope="module")
def problem():
    return make_problem()


def fit_default(X, y):
    return LabelErrorDetector(RandomForestClassifier(50), random_state=0).fit(X, y)


def make_dynamics(n_wrong=60):
    rng = np.random.default_rng(0)
    right = np.where(rng.random((240, 12)) < 0.9, 1.0, -1.0)
    wrong = np.where(rng.random((n_wrong + 60, 12)) < 0.3, 1.0, -1.0)
    copies = CorruptedCopies(wrong[:60], labels=np.ones(60), sources=np.arange(60))
    return CorruptedArray(np.concatenate([right, wrong[60:]]), copies), np.arange(
        240 + n_wrong
    ) >= 240


@pytest.fixture(params=["default", "paper"])
def fitted(request, problem):
    """A detector, and which labels are wrong."""
    if request.param == "default":
        X, y, wrong = problem
        return fit_default(X, y), wrong
    T, wrong = make_dynamics()
    return DynaCorDetector(random_state=0).fit(T), wrong


def ask(detector, wrong, n=30, seed=0):
    verdicts = np.full(len(wrong), -1)
    rows = detector.rows_to_review(n, random_state=seed)
    verdicts[rows] = wrong[rows]
    return verdicts


def state(detector):
    names = ("flags_", "noise_probability_", "noise_rate_", "noise_rate_interval_", "status_")
    return {name: np.array(getattr(detector, name)) for name in (*names, "threshold_", "verdicts_")}


def assert_equal_states(one, other):
    for name, value in one.items():
        assert_array_equal(value, other[name], err_msg=name)


def test_reviewed_rows_keep_their_verdict(fitted):
    detector, wrong = fitted
    rate_before, probability_before = detector.noise_rate_, detector.noise_probability_
    verdicts = ask(detector, wrong, seed=1)
    assert detector.recalibrate(verdicts) is detector
    reviewed = verdicts >= 0
    assert_array_equal(detector.flags_[reviewed], wrong[reviewed])
    assert_array_equal(detector.noise_probability_[reviewed], wrong[reviewed])
    assert_array_equal(detector.status_[verdicts == 1], "wrong")
    assert_array_equal(detector.status_[verdicts == 0], "fine")
    assert (detector.noise_probability_ != probability_before)[~reviewed].any()
    assert detector.noise_rate_ == pytest.approx(detector.noise_probability_.mean())
    assert detector.noise_rate_ != rate_before
    low, high = detector.noise_rate_interval_
    assert low <= wrong.mean() <= high
    for low, high in (detector.precision_interval_, detector.recall_interval_):
        assert 0 <= low <= high <= 1
    rest = ~reviewed & ~detector.flags_
    assert detector.n_remaining_ == pytest.approx(detector.noise_probability_[rest].sum())
    assert detector.verdicts_needed_ > 0


def test_verdicts_are_replaced_and_undone(fitted):
    detector, wrong = fitted
    before = state(detector)
    first, second = ask(detector, wrong, seed=1), ask(detector, wrong, seed=2)
    only_second = state(pickle.loads(pickle.dumps(detector)).recalibrate(second))
    assert_equal_states(state(detector.recalibrate(first).recalibrate(second)), only_second)
    assert_equal_states(state(detector.recalibrate(np.full(len(wrong), -1))), before)
    assert not any(hasattr(detector, name) for name in AFTER_VERDICTS)


def test_all_reviewers_count(fitted):
    detector, wrong = fitted
    first, second = ask(detector, wrong, seed=1), ask(detector, wrong, seed=2)
    second[np.flatnonzero(first >= 0)[:5]] = 1 - first[first >= 0][:5]
    detector.recalibrate(np.column_stack([first, second]))
    disagree = (first >= 0) & (second >= 0) & (first != second)
    assert disagree.sum() >= 5
    assert_array_equal(detector.verdicts_[disagree], -1)
    agreed = np.maximum(first, second)
    assert_array_equal(detector.verdicts_[~disagree], agreed[~disagree])
    alone = pickle.loads(pickle.dumps(detector)).recalibrate(np.where(disagree, -1, agreed))
    assert (alone.noise_probability_ != detector.noise_probability_).any()


@pytest.mark.parametrize("verdict", [0, 1])
@pytest.mark.parametrize("n", [1, 15, None])
def test_verdicts_that_all_say_the_same(fitted, verdict, n):
    detector, wrong = fitted
    verdicts = np.full(len(wrong), -1)
    verdicts[:n] = verdict
    detector.recalibrate(verdicts)
    assert_array_equal(detector.flags_[:n], bool(verdict))
    if n is None:
        assert detector.noise_rate_interval_ == (verdict, verdict)
        assert detector.n_remaining_ == detector.verdicts_needed_ == 0
        assert np.isnan(detector.precision_interval_).all()


def test_rows_to_review_are_new_ones(fitted):
    detector, wrong = fitted
    verdicts = ask(detector, wrong, 40)
    again = detector.recalibrate(verdicts).rows_to_review(40, random_state=0)
    assert (verdicts[again] < 0).all()
    assert_array_equal(again, detector.rows_to_review(40, random_state=0))


def test_never_two_equal_rows():
    X, y, _ = make_problem(n=60)
    X = np.repeat(X, 3, axis=0)
    detector = fit_default(X, np.repeat(y, 3))
    assert len(set(detector.rows_to_review(60, random_state=0) // 3)) == 60
    with pytest.raises(ValueError, match=r"n=61 rows are wanted, but there are only 60"):
        detector.rows_to_review(61)


def test_verdicts_find_more_and_leave_right_labels_alone():
    f1_before, f1, flagged = [], [], []
    for seed in range(3):
        X, y, wrong = make_problem(seed, 1000)
        detector = fit_default(X, y)
        f1_before.append(f1_score(wrong, detector.flags_))
        detector.set_params(threshold="f1")
        right = detector.verdicts_.copy()
        right[detector.rows_to_review(50, random_state=0)] = 0
        rest = ask(detector, wrong, 50) < 0
        detector.recalibrate(ask(detector, wrong, 50))
        f1.append(f1_score(wrong[rest], detector.flags_[rest]))
        flagged.append(detector.recalibrate(right).flags_.mean())
    assert np.mean(f1) > np.mean(f1_before) + 0.05
    assert max(flagged) < 0.02


def test_new_rows_follow_the_verdicts(problem):
    X, y, wrong = problem
    detector = fit_default(X, y)
    X_new = X + 1e-3
    before = detector.noise_probability(X_new, y)
    detector.recalibrate(ask(detector, wrong))
    assert_allclose(detector.noise_probability(X, y), detector.noise_probability_)
    assert (detector.noise_probability(X_new, y) != before).all()


def test_new_trajectories_follow_the_verdicts():
    T, wrong = make_dynamics()
    detector = DynaCorDetector(random_state=0).fit(T)
    before = detector.predict_proba(T)
    detector.recalibrate(ask(detector, wrong))
    after = detector.predict_proba(T)[:, 1]
    assert (after != before[:, 1]).any()
    rest = detector.verdicts_ < 0
    assert_allclose(after[rest], detector.noise_probability_[rest])
    assert_array_equal(detector.predict(T)[rest], detector.flags_[rest])
    assert_array_equal(detector.decision_function(T) > 0, detector.predict(T))


def test_verdicts_in_fit(problem):
    X, y, wrong = problem
    verdicts = ask(fit_default(X, y), wrong)
    detector = clone(fit_default(X, y)).fit(X, y, verdicts=verdicts)
    assert_equal_states(state(detector), state(fit_default(X, y).recalibrate(verdicts)))
    assert_array_equal(detector.fit_predict(X, y, verdicts=verdicts), detector.flags_)


@pytest.mark.parametrize("library", [pd, pl])
def test_a_review_serves_as_verdicts(problem, tmp_path, library):
    X, y, _ = problem
    y = library.Series(np.array(["cat", "dog"])[y])
    detector = fit_default(X, y)
    issues = label_issues(detector, X, y)
    decisions = ["keep", "suggested", "cat", "dog", "drop", "unsure", ""]
    issues = issues.head(7).to_dict(as_series=False) if library is pl else issues.head(7)
    issues = library.DataFrame(issues)
    issues = (
        issues.with_columns(pl.Series("decision", decisions))
        if library is pl
        else issues.assign(decision=decisions)
    )
    write_review(issues, tmp_path / "review.csv")
    review = read_review(tmp_path / "review.csv", y)
    detector.recalibrate(review)
    given, suggested = list(issues["given_label"]), list(issues["suggested_label"])
    expected = [0, int(suggested[1] != given[1]), int(given[2] != "cat"), int(given[3] != "dog")]
    assert_array_equal(detector.verdicts_[issues["position"].to_numpy()], [*expected, 1, -1, -1])


def test_status_before_verdicts(problem):
    X, y, _ = problem
    detector = fit_default(X, y)
    disagrees = detector.log_probs_.argmax(axis=1) != y
    assert set(detector.status_) <= {"wrong", "in doubt", "fine"}
    assert_array_equal(detector.status_ != "fine", disagrees | detector.flags_)
    assert (detector.flags_[detector.status_ == "wrong"]).all()
    issues = label_issues(detector, X, y)
    assert_array_equal(issues["status"], detector.status_[issues["position"]])


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_surely_wrong_where_labels_follow_from_nothing(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(200, 8)), rng.integers(0, 3, 200)
    assert "wrong" not in LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y).status_


def test_precision_is_a_range_until_there_are_verdicts(problem):
    X, y, wrong = problem
    detector = fit_default(X, y)
    known = detector.learnability_
    assert 0 < known.least_precision < known.expected_precision
    known = detector.recalibrate(ask(detector, wrong)).learnability_
    assert known.least_precision == known.expected_precision


def test_thresholds_are_applied_without_training(problem):
    X, y, wrong = problem
    detector = fit_default(X, y)
    verdicts = ask(detector, wrong, 50)
    numbers = {}
    for threshold in (0.5, 0.9, "f1", ("precision", 0.7)):
        detector.set_params(threshold=threshold).recalibrate(verdicts)
        numbers[threshold] = detector.flags_.sum()
        rest = verdicts < 0
        assert_array_equal(
            detector.flags_[rest], detector.noise_probability_[rest] > detector.threshold_
        )
    assert numbers[0.9] <= numbers[0.5] <= numbers["f1"]
    with pytest.warns(UserWarning, match=r"No rows have an expected precision of 0\.9999"):
        detector.set_params(threshold=("precision", 0.9999)).recalibrate(verdicts)


def test_controls(problem):
    X, y, _ = problem
    sample = fit_default(X, y).rows_to_review(10, controls=4, random_state=0)
    assert len(sample.positions) == 14
    assert (sample.labels != y[sample.positions]).sum() == sample.is_planted.sum() == 2
    with pytest.raises(ValueError, match=r"only .* labels are surely right"):
        fit_default(X, y).rows_to_review(10, controls=400)


def test_copies_say_where_few_errors_are():
    for n_wrong in (0, 12):
        T, wrong = make_dynamics(n_wrong)
        by_centroids = DynaCorDetector(random_state=0).fit(T)
        detector = clone(by_centroids).set_params(threshold="copies").fit(T)
        false = [(each.flags_ & ~wrong).sum() for each in (by_centroids, detector)]
        assert false[1] <= false[0]
        assert detector.noise_rate_ == pytest.approx(wrong.mean(), abs=0.06)
        assert detector.noise_rate_interval_ == by_centroids.noise_rate_interval_
    assert detector.flags_[wrong].mean() > 0.6


def test_copies_are_needed_for_their_threshold():
    T, _ = make_dynamics()
    with (
        pytest.warns(UserWarning, match="no corrupted copies"),
        pytest.raises(ValueError, match='threshold="copies" needs corrupted copies'),
    ):
        DynaCorDetector(threshold="copies").fit(np.asarray(T))


def test_detectors_are_compared_by_verdicts():
    X, y_true = load_digits(n_class=4, return_X_y=True)
    y, wrong = make_label_noise(y_true, "symmetric", 0.2, random_state=0)
    verdicts = np.full(len(y), -1)
    verdicts[:60] = wrong[:60]
    search = GridSearchCV(
        LabelErrorDetector(LogisticRegression(), random_state=0),
        {"estimator__C": [1e-9, 1e-3]},
        cv=InSample(),
        scoring=make_verdicts_scorer(verdicts),
    ).fit(X / 16, y)
    assert search.best_params_ == {"estimator__C": 1e-3}
    pipeline = make_dynacor_pipeline(random_state=0).fit(X, y)
    assert make_verdicts_scorer(verdicts)(pipeline, X, y) < 0


def test_cleaning_takes_verdicts():
    X, y, wrong = make_problem(n=120)
    verdicts = np.full(120, -1)
    verdicts[::2] = wrong[::2]
    detector = LabelErrorDetector(RandomForestClassifier(20), random_state=0)
    classifier = LabelCleaningClassifier(LogisticRegression(), detector, cv=2).fit(X, y, verdicts)
    assert_array_equal(classifier.flags_[::2], wrong[::2])
    with pytest.raises(ValueError, match="SimiFeatV takes no verdicts"):
        LabelCleaningClassifier(LogisticRegression(), SimiFeatV()).fit(X, y, verdicts)


BAD_VERDICTS = {
    "another length": (lambda n: np.zeros(n + 1), "one value for each of the 300 rows"),
    "one number": (lambda n: 1, "one value for each of the 300 rows"),
    "another value": (
        lambda n: np.full(n, 2),
        "1 .wrong., 0 .right. or -1 .not reviewed.; there is 2",
    ),
    "missing": (lambda n: np.full(n, np.nan), "there is nan"),
    "text": (lambda n: ["wrong"] * n, "there is 'wrong'"),
    "no decisions": (
        lambda n: pd.DataFrame({"position": [1]}),
        "has no column decision, given_label",
    ),
    "no such row": (
        lambda n: pd.DataFrame({"position": [n], "given_label": [0], "decision": ["keep"]}),
        "a verdict for row 300, but fit had the rows 0 to 299",
    ),
}


@pytest.mark.parametrize("kind", BAD_VERDICTS)
def test_bad_verdicts_change_nothing(kind):
    detector = DynaCorDetector(random_state=0).fit(make_dynamics()[0])
    before = state(detector)
    make, message = BAD_VERDICTS[kind]
    with pytest.raises(ValueError, match=message):
        detector.recalibrate(make(300))
    assert_equal_states(state(detector), before)


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_bad_numbers_of_rows(fitted, n):
    with pytest.raises(ValueError, match=r"'n' parameter of .*rows_to_review"):
        fitted[0].rows_to_review(n)


@pytest.mark.parametrize("detector", [LabelErrorDetector(), DynaCorDetector()])
def test_verdicts_before_fit(detector):
    for call in (lambda: detector.rows_to_review(), lambda: detector.recalibrate([1, 0])):
        with pytest.raises(NotFittedError):
            call()


def test_a_bad_threshold_is_refused_before_training(problem):
    X, y, wrong = problem
    with pytest.raises(ValueError, match=r'threshold must be .* "f1"'):
        LabelErrorDetector(threshold="best").fit(X, y)
    detector = fit_default(X, y)
    before = state(detector)
    with pytest.raises(ValueError, match="threshold must be"):
        detector.set_params(threshold=2).recalibrate(ask(detector, wrong))
    assert_equal_states(state(detector), before)
    with pytest.raises(ValueError, match="There is no verdict"):
        make_verdicts_scorer(np.full(5, -1))
