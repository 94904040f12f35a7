"""Label errors by class."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.baselines import ConfidentLearning, SimiFeatV
from skdynacor.inspection import label_issues, noise_summary


def test_every_class_is_counted(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    summary = noise_summary(fitted, X, y)
    assert summary.noise_rate.is_monotonic_decreasing
    summary = summary.sort_values("label")
    assert_array_equal(summary.label, [0, 1, 2])
    assert_array_equal(summary.n_rows, np.bincount(y))
    assert_array_equal(summary.n_flagged, np.bincount(y[fitted.flags_]))
    assert_allclose(summary.noise_rate, fitted.class_noise_rates_)
    issues = label_issues(fitted, X, y, only_flagged=True)
    for row in summary.itertuples():
        counts = issues[issues.given_label == row.label].suggested_label.value_counts()
        assert counts[row.most_confused_with] == counts.max() == row.n_confused


def test_polars_gives_polars(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    assert isinstance(noise_summary(fitted, X, pl.Series(y)), pl.DataFrame)


@pytest.mark.parametrize("baseline", [SimiFeatV, ConfidentLearning])
def test_baselines_give_the_share_flagged(baseline, noisy_blobs):
    X, y, _ = noisy_blobs
    summary = noise_summary(baseline().fit(X, y), X, y)
    assert_allclose(summary.noise_rate, summary.n_flagged / summary.n_rows)
    assert summary.most_confused_with.isna().all() == (baseline is SimiFeatV)


@pytest.mark.parametrize("classes", [["a", "b"], [False, True]])
def test_labels_of_any_type_may_be_confused_with_none(classes, noisy_blobs):
    y = np.array(classes)[noisy_blobs[2].astype(int)]
    detector = ConfidentLearning().fit(noisy_blobs[0], y)
    detector.flags_ = np.zeros(300, dtype=bool)
    assert noise_summary(detector, noisy_blobs[0], y).most_confused_with.isna().all()


def test_no_flag_leaves_nothing_confused(fitted, noisy_blobs, monkeypatch):
    monkeypatch.setattr(fitted, "flags_", np.zeros(300, dtype=bool))
    summary = noise_summary(fitted, *noisy_blobs[:2])
    assert summary.most_confused_with.isna().all()
    assert not summary.n_confused.any()
