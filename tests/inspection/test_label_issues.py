"""The list of labels in doubt."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import DynamicsCollector, LabelCorruptor, TransitionDetector, make_dynacor_pipeline
from skdynacor.baselines import AUM, AverageEncoder, ConfidentLearning, SimiFeatV
from skdynacor.inspection import label_issues
from skdynacor.nets import make_mlp_classifier

COLUMNS = [
    *("position", "index", "given_label", "suggested_label", "suggested_label_probability"),
    *("noise_probability", "flagged", "last_agreed", "neighbor_1", "neighbor_2"),
]


def test_worst_come_first_with_all_that_is_known(fitted, noisy_blobs):
    X, y, wrong = noisy_blobs
    issues = label_issues(fitted, X, y)
    detector = fitted[-1]
    assert list(issues) == COLUMNS
    assert sorted(issues.position) == list(range(len(X)))
    assert_array_equal(issues["index"], issues.position)
    assert issues.flagged.is_monotonic_decreasing
    for _, part in issues.groupby("flagged"):
        assert part.noise_probability.is_monotonic_decreasing
    assert_array_equal(issues.given_label, y[issues.position])
    assert_array_equal(issues.flagged, detector.flags_[issues.position])
    assert_array_equal(issues.suggested_label, detector.suggested_labels_[issues.position])
    assert wrong[issues.position[:50]].mean() > 0.9


def test_evidence_has_the_suggested_label_and_is_not_in_doubt(fitted, noisy_blobs):
    X, y, wrong = noisy_blobs
    issues = label_issues(fitted, X, y, only_flagged=True)
    assert issues.flagged.all()
    assert len(issues) == fitted[-1].flags_.sum()
    for name in ("neighbor_1", "neighbor_2"):
        rows = issues[name].to_numpy(dtype=int)
        assert_array_equal(y[rows], issues.suggested_label)
        assert not fitted[-1].flags_[rows].any()
        assert wrong[rows].mean() < 0.02
    assert (issues.neighbor_1 != issues.neighbor_2).all()


def test_rows_not_flagged_need_no_evidence(fitted, noisy_blobs):
    issues = label_issues(fitted, *noisy_blobs[:2])
    rest = issues[~issues.flagged]
    assert rest[["neighbor_1", "neighbor_2"]].isna().all(axis=None)
    assert (rest.suggested_label == rest.given_label).all()


def test_last_agreed_is_the_last_epoch_that_was_positive(fitted, noisy_blobs):
    issues = label_issues(fitted, *noisy_blobs[:2]).sort_values("position")
    T = fitted[1].dynamics_
    expected = [max((e + 1 for e in range(T.shape[1]) if row[e] > 0), default=0) for row in T]
    assert_array_equal(issues.last_agreed, expected)
    assert 0 < np.mean(np.array(expected) == 0) < 1


def test_index_of_the_caller_is_kept(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    names = [f"patient {row}" for row in range(len(X))]
    of_frame = label_issues(fitted, pd.DataFrame(X, index=names), y)
    of_series = label_issues(fitted, X, pd.Series(y, index=names))
    assert list(of_frame["index"]) == [names[row] for row in of_frame.position]
    assert list(of_series["index"]) == [names[row] for row in of_series.position]


def test_polars_gives_polars(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    expected = label_issues(fitted, X, y)
    frame = pl.DataFrame(X)
    for pipe, *args in [
        (fitted, X, pl.Series(y)),
        (make_dynacor_pipeline(random_state=0).fit(frame, y), frame, y),
    ]:
        issues = label_issues(pipe, *args)
        assert isinstance(issues, pl.DataFrame)
        assert issues.columns == [name for name in COLUMNS if name != "index"]
        assert issues["neighbor_1"].to_list()[:3] == expected.neighbor_1.to_list()[:3]
        assert issues["neighbor_1"].null_count() == expected.neighbor_1.isna().sum()


def test_labels_of_text_pass(noisy_blobs):
    X, y, _ = noisy_blobs
    names = np.array(["ant", "bee", "wasp"])
    for given in (names[y], names[y].astype(object), pd.Series(names[y], dtype="category")):
        pipe = make_dynacor_pipeline(random_state=0).fit(X, given)
        issues = label_issues(pipe, X, given, only_flagged=True)
        assert set(issues.suggested_label) <= set(names)
        assert (issues.given_label != issues.suggested_label).all()


@pytest.mark.parametrize(
    "classifier",
    [
        RandomForestClassifier(30, bootstrap=True, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        LogisticRegression(warm_start=True, max_iter=20),
        make_mlp_classifier(max_epochs=5),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
@pytest.mark.parametrize("recipe", ["transition", "paper"])
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_any_classifier_gives_evidence(classifier, recipe, noisy_blobs):
    X, y, wrong = noisy_blobs
    pipe = make_dynacor_pipeline(classifier, recipe=recipe, random_state=0).fit(X, y)
    issues = label_issues(pipe, X, y, only_flagged=True)
    assert issues.neighbor_2.notna().all()
    assert not wrong[issues.neighbor_1.to_numpy(dtype=int)].mean() > 0.2
    assert (issues.suggested_label != issues.given_label).all()
    assert issues.suggested_label_probability.between(0, 1).all()


def test_sparse_rows_and_steps_before_pass(noisy_blobs):
    X, y, _ = noisy_blobs
    sparse = csr_array(np.where(np.abs(X) < 1, 0, X))
    pipe = make_dynacor_pipeline(random_state=0).fit(sparse, y)
    assert label_issues(pipe, sparse, y, only_flagged=True).neighbor_1.notna().all()
    pipe = make_pipeline(StandardScaler(), *make_dynacor_pipeline(random_state=0)).fit(X, y)
    assert label_issues(pipe, X, y, only_flagged=True).neighbor_1.notna().all()


def test_a_detector_by_itself_knows_its_trajectories(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(random_state=0).fit_transform(X, y)
    T = DynamicsCollector(held_out=True, random_state=0).fit_transform(Xc, y)
    detector = TransitionDetector(random_state=0).fit(T)
    by_trails, by_rows = label_issues(detector, T, y), label_issues(detector, X, y)
    assert_array_equal(by_trails.position, by_rows.position)
    assert by_rows.last_agreed.isna().all()
    assert by_trails.neighbor_1.isna().all()
    assert by_rows.neighbor_1.notna().sum() == by_rows.flagged.sum()


@pytest.mark.parametrize("baseline", [AUM, ConfidentLearning, SimiFeatV])
def test_baselines_tell_what_they_know(baseline, noisy_blobs):
    X, y, wrong = noisy_blobs
    detector = baseline().fit(X, y)
    issues = label_issues(detector, X, y)
    assert list(issues) == [*COLUMNS, "noise_score"]
    assert issues.noise_probability.isna().all()
    assert wrong[issues.position[:40]].mean() > 0.9
    suggests = baseline is ConfidentLearning
    assert issues.suggested_label.notna().all() == suggests
    assert issues.neighbor_1.notna().any() == suggests


def test_a_baseline_of_trajectories_works_in_a_pipeline(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(signal="logit_difference", held_out=True, random_state=0)
    pipe = make_pipeline(collector, AverageEncoder(random_state=0)).fit(X, y)
    issues = label_issues(pipe, X, y, only_flagged=True)
    assert list(issues) == COLUMNS
    assert (issues.suggested_label != issues.given_label).all()


def test_unknown_agreement_is_missing(noisy_blobs):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(signal="confidence", random_state=0).fit(X, y)
    assert label_issues(pipe, X, y).last_agreed.isna().all()


def test_other_data_than_in_fit_are_refused(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    with pytest.raises(ValueError, match="X has 10 rows, but TransitionDetector was fitted on 300"):
        label_issues(fitted, X[:10], y[:10])
    with pytest.raises(ValueError, match="y has 10 rows, but TransitionDetector was fitted on 300"):
        label_issues(fitted, X, y[:10])
    with pytest.raises(ValueError, match=r"y differs .* in 1 of 300 labels.* row 7: .* Pass the y"):
        label_issues(fitted, X, np.where(np.arange(300) == 7, (y + 1) % 3, y))
    with pytest.raises(ValueError, match="5"):
        label_issues(fitted, X, np.where(np.arange(300) == 7, 5, y))


def test_what_is_no_fitted_detector_is_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    with pytest.raises(NotFittedError):
        label_issues(make_dynacor_pipeline(), X, y)
    with pytest.raises(TypeError, match=r"flags_ once it is fitted. Got LogisticRegression"):
        label_issues(LogisticRegression().fit(X, y), X, y)


def test_nothing_flagged_gives_an_empty_list(fitted, noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(fitted[-1], "flags_", np.zeros(len(y), dtype=bool))
    assert len(label_issues(fitted, X, y, only_flagged=True)) == 0
    assert not label_issues(fitted, X, y).flagged.any()


def test_random_numbers_of_torch_stay_as_they_are(fitted, noisy_blobs):
    before = torch.get_rng_state()
    label_issues(fitted, *noisy_blobs[:2])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("X", [iter([[0.0]]), object(), 3])
def test_what_has_no_rows_is_refused(fitted, noisy_blobs, X):
    with pytest.raises(TypeError, match="Expected sequence or array-like"):
        label_issues(fitted, X, noisy_blobs[1])


@pytest.mark.parametrize(
    "label",
    [{"a": 1}, [0], ("a", 1), np.zeros((), dtype=[("a", int)])[()]],
)
def test_labels_are_single_values(fitted, noisy_blobs, label):
    y = np.empty(300, dtype=getattr(label, "dtype", object))
    for row in range(300):
        y[row] = label
    with pytest.raises(ValueError, match="Each label must be one value"):
        label_issues(fitted, noisy_blobs[0], y)


def test_only_flagged_is_a_boolean(fitted, noisy_blobs):
    with pytest.raises(ValueError, match="'only_flagged' parameter"):
        label_issues(fitted, *noisy_blobs[:2], only_flagged="yes")
