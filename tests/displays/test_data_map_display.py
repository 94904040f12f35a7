import numpy as np
from numpy.testing import assert_allclose

from skdynacor.displays import DataMapDisplay


def test_points_are_spreads_and_means():
    T = np.array([[1.0, 3], [0, 0], [-4, -2]])
    display = DataMapDisplay.from_predictions(T, [False, False, True])
    assert_allclose(display.points_["not flagged"].get_offsets(), [[0, 0], [1, 2]])
    assert_allclose(display.points_["flagged"].get_offsets(), [[1, -3]])


def test_rows_in_one_place_share_a_point_that_grows():
    T = np.repeat([[1.0, 1], [1, -1]], [100, 1], axis=0)
    display = DataMapDisplay.from_predictions(T, [False] * 101)
    assert list(display.points_) == ["not flagged"]
    points = display.points_["not flagged"]
    assert points.get_offsets().tolist() == [[0, 1], [1, 0]]
    many, one = points.get_sizes()
    assert many > 3 * one


def test_twenty_thousand_points_stay_light():
    T = np.random.default_rng(0).normal(size=(20_000, 10))
    points = DataMapDisplay.from_predictions(T, T[:, 0] > 1).points_["not flagged"]
    assert points.get_rasterized()
    assert points.get_alpha() < 0.2


def test_a_pipeline_shows_its_trajectories(fitted, digits):
    X, y, _ = digits
    pipe = fitted["paper"]
    display = DataMapDisplay.from_estimator(pipe, X, y)
    assert_allclose(display.mean, pipe[-2].dynamics_.mean(axis=1), rtol=1e-5, atol=1e-6)
    assert display.mean[~pipe[-1].flags_].mean() > 0 > display.mean[pipe[-1].flags_].mean()
