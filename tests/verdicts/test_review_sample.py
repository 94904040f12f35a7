"""Rows to review."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.verdicts import ReviewSample
from skdynacor.verdicts._review_sample import add_controls, draw_rows


def test_rows_are_drawn_in_proportion():
    probability = np.array([0.5, 0.0, 0.9] * 100)
    weights = np.sqrt(probability[:3] * (1 - probability[:3])) + probability[:3] / 10 + 0.02
    everything = np.ones(300, bool)
    draws = [
        draw_rows(probability, np.arange(300), everything, 20, np.random.default_rng(seed)) % 3
        for seed in range(300)
    ]
    counts = np.array([np.bincount(draw, minlength=3) for draw in draws])
    expected = 20 * weights / weights.sum()
    np.testing.assert_allclose(counts.mean(axis=0), expected, atol=0.1)
    assert (np.abs(counts - expected) < 1).all()  # of each kind, as many as is expected


def test_all_rows_can_be_drawn():
    probability = np.r_[0.5, np.zeros(9)]  # the first is due more than once
    rows, everything, rng = np.arange(10), np.ones(10, bool), np.random.default_rng(0)
    for n in (5, 10, 20):
        drawn = draw_rows(probability, rows, everything, n, rng)
        assert len(set(drawn)) == len(drawn) == min(n, 10)


def test_never_two_of_one_group_nor_reviewed_ones():
    keys = np.arange(100) // 4
    open_rows = np.arange(100) >= 20
    drawn = draw_rows(np.full(100, 0.5), keys, open_rows, 20, np.random.default_rng(0))
    assert len(drawn) == len(set(keys[drawn])) == 20
    assert drawn.min() >= 20


def test_controls_show_wrong_and_right_labels():
    classes, codes = np.array(["cat", "cow", "dog"]), np.arange(60) % 3
    sample = add_controls(
        np.arange(10), np.arange(20, 60), classes, codes, 6, np.random.default_rng(0)
    )
    given = classes[codes[sample.positions]]
    assert sample.is_control.sum() == 6
    assert_array_equal(sample.labels != given, sample.is_planted)
    assert sample.is_planted.sum() == 3
    assert not sample.is_planted[~sample.is_control].any()


def make_sample():
    return ReviewSample(
        positions=np.array([4, 0, 2, 1]),
        labels=np.array(["a", "b", "a", "b"]),
        is_control=np.array([False, True, True, False]),
        is_planted=np.array([False, True, False, False]),
        n_samples=6,
    )


def test_answers_become_verdicts_but_for_planted_labels():
    assert_array_equal(make_sample().verdicts([1, 1, 0, -1]), [-1, -1, 0, -1, 1, -1])


def test_the_reviewers_errors_are_those_on_controls():
    sample = make_sample()
    assert sample.error_rate([1, 1, 0, 0]) == 0
    assert sample.error_rate([1, 0, 0, 0]) == 0.5
    assert sample.error_rate([1, -1, 1, 0]) == 1
    assert np.isnan(sample.error_rate([1, -1, -1, 0]))


@pytest.mark.parametrize("answers", [[1, 0], [[1], [0], [0], [1]], [2, 0, 0, 0], ["wrong"] * 4])
def test_bad_answers(answers):
    with pytest.raises(ValueError, match="answers must"):
        make_sample().verdicts(answers)
