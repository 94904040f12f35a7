"""The list of label issues."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    LabelErrorDetector,
    make_dynacor_pipeline,
)
from skdynacor.baselines import AUM, AverageEncoder, ConfidentLearning, SimiFeatV
from skdynacor.inspection import label_issues
from skdynacor.nets import make_mlp_classifier

COLUMNS = [
    *("position", "index", "given_label", "suggested_label", "suggested_label_probability"),
    *("noise_probability", "flagged", "status", "last_agreed", "neighbor_1", "neighbor_2"),
]


def quick_detector():
    return LabelErrorDetector(LogisticRegression(), random_state=0)


def test_worst_labels_come_first(fitted, noisy_blobs):
    X, y, wrong = noisy_blobs
    issues = label_issues(fitted, X, y)
    assert list(issues) == COLUMNS
    assert sorted(issues.position) == list(range(len(X)))
    assert_array_equal(issues["index"], issues.position)
    assert issues.flagged.is_monotonic_decreasing
    for _, part in issues.groupby("flagged"):
        assert part.noise_probability.is_monotonic_decreasing
    assert_array_equal(issues.given_label, y[issues.position])
    assert_array_equal(issues.flagged, fitted.flags_[issues.position])
    assert_array_equal(issues.suggested_label, fitted.suggested_labels_[issues.position])
    assert issues.last_agreed.isna().all()  # it has no dynamics
    assert wrong[issues.position[:50]].mean() > 0.9


def test_neighbors_have_the_suggested_label_and_are_not_flagged(fitted, noisy_blobs):
    X, y, wrong = noisy_blobs
    issues = label_issues(fitted, X, y, only_flagged=True)
    assert issues.flagged.all()
    assert len(issues) == fitted.flags_.sum()
    for name in ("neighbor_1", "neighbor_2"):
        rows = issues[name].to_numpy(dtype=int)
        assert_array_equal(y[rows], issues.suggested_label)
        assert not fitted.flags_[rows].any()
        assert wrong[rows].mean() < 0.02
    assert (issues.neighbor_1 != issues.neighbor_2).all()


def test_rows_not_flagged_have_no_neighbors(fitted, noisy_blobs):
    issues = label_issues(fitted, *noisy_blobs[:2])
    rest = issues[~issues.flagged]
    assert rest[["neighbor_1", "neighbor_2"]].isna().all(axis=None)
    assert (rest.suggested_label == rest.given_label).all()


def test_last_agreed_is_the_last_epoch_that_was_positive(paper, noisy_blobs, monkeypatch):
    T = paper[1].dynamics_.copy()
    T[:3] = -1
    T[:3, [0, 5]] = [[-1, -1], [1, -1], [1, 1]]
    monkeypatch.setattr(paper[1], "dynamics_", T)
    issues = label_issues(paper, *noisy_blobs[:2]).sort_values("position")
    expected = [max((e + 1 for e in range(T.shape[1]) if row[e] > 0), default=0) for row in T]
    assert expected[:3] == [0, 1, 6]
    assert_array_equal(issues.last_agreed, expected)


def test_pandas_index_is_kept(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    names = [f"patient {row}" for row in range(len(X))]
    of_frame = label_issues(fitted, pd.DataFrame(X, index=names), y)
    of_series = label_issues(fitted, X, pd.Series(y, index=names))
    assert list(of_frame["index"]) == [names[row] for row in of_frame.position]
    assert list(of_series["index"]) == [names[row] for row in of_series.position]


def test_polars_gives_polars(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    frame = pl.DataFrame(X)
    for detector, *args in [
        (fitted, X, pl.Series(y)),
        (quick_detector().fit(frame, y), frame, y),
    ]:
        issues = label_issues(detector, *args)
        assert isinstance(issues, pl.DataFrame)
        assert issues.columns == [name for name in COLUMNS if name != "index"]
        assert issues["neighbor_1"].null_count() == (~detector.flags_).sum()


@pytest.mark.parametrize("kind", [str, object, "category"])
def test_labels_of_text_pass(noisy_blobs, kind):
    X, y, _ = noisy_blobs
    names = np.array(["ant", "bee", "wasp"])[y]
    given = pd.Series(names, dtype=kind) if kind == "category" else names.astype(kind)
    issues = label_issues(quick_detector().fit(X, given), X, given, only_flagged=True)
    assert set(issues.suggested_label) <= set(names)
    assert (issues.given_label != issues.suggested_label).all()


@pytest.mark.parametrize(
    ("make", "estimator"),
    [
        (LabelErrorDetector, RandomForestClassifier(30, random_state=0)),
        (LabelErrorDetector, LogisticRegression()),
        (LabelErrorDetector, make_mlp_classifier(max_epochs=5)),
        (make_dynacor_pipeline, HistGradientBoostingClassifier(max_iter=10, random_state=0)),
        (make_dynacor_pipeline, make_mlp_classifier(max_epochs=5)),
    ],
    ids=lambda each: getattr(each, "__name__", type(each).__name__),
)
def test_any_classifier_gives_neighbors(make, estimator, noisy_blobs):
    X, y, wrong = noisy_blobs
    detector = make(estimator, random_state=0).fit(X, y)
    issues = label_issues(detector, X, y, only_flagged=True)
    assert issues.neighbor_2.notna().all()
    assert not wrong[issues.neighbor_1.to_numpy(dtype=int)].mean() > 0.2
    assert (issues.suggested_label != issues.given_label).all()
    assert issues.suggested_label_probability.between(0, 1).all()


def test_sparse_rows_and_steps_before_pass(noisy_blobs):
    X, y, _ = noisy_blobs
    sparse = csr_array(np.where(np.abs(X) < 1, 0, X))
    detector = LabelErrorDetector(make_mlp_classifier(max_epochs=5), random_state=0).fit(sparse, y)
    assert label_issues(detector, sparse, y, only_flagged=True).neighbor_1.notna().all()
    pipe = make_pipeline(StandardScaler(), quick_detector()).fit(X, y)
    assert label_issues(pipe, X, y, only_flagged=True).neighbor_1.notna().all()


def test_a_detector_of_dynamics_alone_takes_these_or_the_rows(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(random_state=0).fit_transform(X, y)
    T = DynamicsCollector(random_state=0).fit_transform(Xc, y)
    detector = DynaCorDetector(random_state=0).fit(T)
    by_dynamics, by_rows = label_issues(detector, T, y), label_issues(detector, X, y)
    assert_array_equal(by_dynamics.position, by_rows.position)
    assert by_dynamics.last_agreed.notna().all()
    assert by_rows.last_agreed.isna().all()
    assert by_rows.suggested_label.isna().all()  # dynamics hold no class probabilities


@pytest.mark.parametrize("baseline", [AUM, ConfidentLearning, SimiFeatV])
def test_baselines_leave_columns_missing(baseline, noisy_blobs):
    X, y, wrong = noisy_blobs
    detector = baseline().fit(X, y)
    issues = label_issues(detector, X, y)
    assert list(issues) == [*COLUMNS, "noise_score"]
    assert issues.noise_probability.isna().all()
    assert wrong[issues.position[:40]].mean() > 0.9
    suggests = baseline is ConfidentLearning
    assert issues.suggested_label.notna().all() == suggests
    assert issues.neighbor_1.notna().any() == suggests


def test_a_baseline_of_dynamics_works_in_a_pipeline(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(signal="logit_difference", random_state=0)
    pipe = make_pipeline(collector, AverageEncoder(random_state=0)).fit(X, y)
    issues = label_issues(pipe, X, y, only_flagged=True)
    assert list(issues) == COLUMNS
    assert (issues.suggested_label != issues.given_label).all()


def test_unknown_agreement_is_missing(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, signal="confidence", random_state=0).fit(X, y)
    assert label_issues(pipe, X, y).last_agreed.isna().all()


def test_other_data_than_in_fit_are_refused(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    with pytest.raises(ValueError, match="X has 10 rows, but LabelErrorDetector was fitted on 300"):
        label_issues(fitted, X[:10], y[:10])
    with pytest.raises(ValueError, match="y has 10 rows, but LabelErrorDetector was fitted on 300"):
        label_issues(fitted, X, y[:10])
    with pytest.raises(ValueError, match=r"y differs .* in 1 of 300 labels.* row 7: .* Pass the y"):
        label_issues(fitted, X, np.where(np.arange(300) == 7, (y + 1) % 3, y))
    with pytest.raises(ValueError, match=r"did not see: \[5\]"):
        label_issues(fitted, X, np.where(np.arange(300) == 7, 5, y))


def test_what_is_no_fitted_detector_is_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    for detector in (LabelErrorDetector(), make_dynacor_pipeline()):
        with pytest.raises(NotFittedError):
            label_issues(detector, X, y)
    with pytest.raises(TypeError, match=r"must have flags_\. Got LogisticRegression"):
        label_issues(LogisticRegression().fit(X, y), X, y)


def test_nothing_flagged_gives_an_empty_list(fitted, noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(fitted, "flags_", np.zeros(len(y), dtype=bool))
    assert len(label_issues(fitted, X, y, only_flagged=True)) == 0
    assert not label_issues(fitted, X, y).flagged.any()
