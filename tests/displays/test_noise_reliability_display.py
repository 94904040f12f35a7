import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.displays import NoiseReliabilityDisplay


def test_points_are_shares_of_bins():
    display = NoiseReliabilityDisplay.from_predictions(
        wrong=[0, 0, 1, 1, 1], noise_probability=[0.1, 0.25, 0.3, 0.8, 1.0], n_bins=4
    )
    assert_allclose(display.line_.get_xdata(), [0.175, 0.3, 0.9])
    assert_allclose(display.line_.get_ydata(), [0, 1, 1])
    assert_array_equal(display.n_rows, [2, 1, 0, 2])
    assert [label.get_text() for label in display.count_ax_.get_xticklabels()] == [
        *("2", "1", "", "2")
    ]
    assert_allclose(display.count_ax_.get_xticks(), [0.125, 0.375, 0.625, 0.875])


def test_intervals_hold_the_truth_19_times_in_20():
    rng = np.random.default_rng(0)
    probability = rng.random(20_000)
    display = NoiseReliabilityDisplay.from_predictions(
        rng.random(20_000) < probability, probability, n_bins=100
    )
    spans = np.array([line[:, 1] for line in display.intervals_.get_segments()])  # (100, 2)
    true = display.mean_probability
    assert 0.88 < ((spans[:, 0] < true) & (true < spans[:, 1])).mean() <= 0.99


def test_y_true_marks_wrong_labels(fitted, digits):
    X, y, y_true = digits
    display = NoiseReliabilityDisplay.from_estimator(fitted["default"], X, y, y_true, n_bins=2)
    assert display.n_rows.sum() == len(y)
    n_wrong = display.share_wrong @ display.n_rows
    assert n_wrong == pytest.approx((y != y_true).sum())
