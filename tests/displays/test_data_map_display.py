import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdynacor.displays import DataMapDisplay


def test_points_are_spreads_and_means():
    T = np.array([[1.0, 3], [0, 0], [-4, -2]])
    display = DataMapDisplay.from_predictions(T, [False, False, True])
    assert_allclose(display.points_["not flagged"].get_offsets(), [[0, 0], [1, 2]])
    assert_allclose(display.points_["flagged"].get_offsets(), [[1, -3]])


def test_rows_in_one_place_share_a_point_that_grows():
    T = np.repeat([[1.0, 1], [1, -1]], [100, 1], axis=0)
    points = DataMapDisplay.from_predictions(T, [False] * 101).points_["not flagged"]
    assert points.get_offsets().tolist() == [[0, 1], [1, 0]]
    many, one = points.get_sizes()
    assert many > 3 * one


def test_only_groups_that_have_rows_are_drawn():
    display = DataMapDisplay.from_predictions(np.ones((3, 2)), [True] * 3)
    assert list(display.points_) == ["flagged"]


def test_twenty_thousand_rows_take_no_time_and_stay_light():
    rng = np.random.default_rng(0)
    T = rng.normal(size=(20_000, 10))
    start = time.process_time()
    display = DataMapDisplay.from_predictions(T, T[:, 0] > 1)
    display.figure_.canvas.draw()
    assert time.process_time() - start < 5
    points = display.points_["not flagged"]
    assert points.get_rasterized()
    assert points.get_alpha() < 0.2


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_a_pipeline_shows_its_trails(fitted, digits, recipe):
    X, y, _ = digits
    pipe = fitted[recipe]
    display = DataMapDisplay.from_estimator(pipe, X, y)
    assert_allclose(display.mean, pipe[-2].dynamics_.mean(axis=1), rtol=1e-5, atol=1e-6)
    assert display.mean[~pipe[-1].flags_].mean() > 0 > display.mean[pipe[-1].flags_].mean()
