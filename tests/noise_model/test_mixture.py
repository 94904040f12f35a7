"""Two groups of rows, by how little they agree with their labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.noise_model.mixture import average_with, fit_mixture, mixture_log_odds


@pytest.fixture(scope="module")
def two_groups():
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(-6, 1, 900), rng.normal(4, 3, 300)])


def test_the_mixture_finds_the_upper_group(two_groups):
    odds = mixture_log_odds(fit_mixture(two_groups, 0), two_groups)
    upper = np.arange(1200) >= 900
    assert np.mean((odds > 0) == upper) > 0.97


@pytest.mark.parametrize("widths", [(1, 3), (3, 1), (0.1, 8), (8, 0.1)])
def test_more_doubt_never_turns_to_less_in_the_tails(widths):
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(m, w, 400) for m, w in zip((-5, 5), widths, strict=True)])
    mixture = fit_mixture(values, 0)
    low, high = 10 * np.sinh(np.sort(mixture.means_[:, 0]))
    ends = mixture_log_odds(mixture, np.array([-1e3, low, high, 1e3]))
    assert ends[0] - 1e-12 <= ends[1] < 0 < ends[2] <= ends[3] + 1e-12  # but for rounding
    assert np.abs(ends).max() <= 20


def test_one_group_with_heavy_tails_is_no_mixture():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(-1.5, 1, 4000), rng.normal(-2, 4, 800)])
    assert fit_mixture(values, 0) is None


def test_sure_rows_and_surer_ones_are_no_mixture():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(-130, 9, 500), rng.normal(-25, 5, 1000)])
    assert fit_mixture(values, 0) is None
    some_wrong = np.concatenate([values, rng.normal(8, 3, 300)])
    odds = mixture_log_odds(fit_mixture(some_wrong, 0), some_wrong)
    assert_array_equal(odds + some_wrong > 0, np.arange(1800) >= 1500)


def test_one_value_is_no_mixture():
    assert fit_mixture(np.full(10, 3.0), 0) is None


def test_log_odds_are_averaged_with_a_mixture_or_stay(two_groups):
    mixture = fit_mixture(two_groups, 0)
    expected = (two_groups + mixture_log_odds(mixture, two_groups)) / 2
    assert_allclose(average_with(mixture, two_groups), expected)
    assert average_with(None, two_groups) is two_groups
