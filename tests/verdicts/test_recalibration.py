"""The mathematics of verdicts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from scipy.special import expit

from skdynacor.verdicts.recalibration import (
    _negative_log_posterior,
    find_intervals,
    recalibrate,
)


def simulate(rng, n=2000, intercept=-2.0, slope=1.0, offsets=(0.0, 0.0)):
    """Log-odds that are off by an intercept, codes, and which labels are wrong."""
    log_odds = rng.normal(0, 3, n)
    codes = rng.integers(0, len(offsets), n)
    wrong = rng.random(n) < expit(intercept + slope * log_odds + np.array(offsets)[codes])
    return log_odds, codes, wrong


def test_many_verdicts_find_the_parameters():
    log_odds, codes, wrong = simulate(np.random.default_rng(0), 20_000, offsets=(-0.5, 0.5))
    found = recalibrate(log_odds, codes, wrong, 2, error_rate=0.0)
    assert_allclose(found.parameters[0] + found.parameters[2:], [-2.5, -1.5], atol=0.15)
    assert_allclose(found.parameters[1], 1, atol=0.05)


def test_mistaken_verdicts_are_modelled():
    rng = np.random.default_rng(0)
    log_odds, codes, wrong = simulate(rng, 20_000)
    verdicts = np.where(rng.random(20_000) < 0.1, ~wrong, wrong)
    fits = [recalibrate(log_odds, codes, verdicts, 2, e).parameters for e in (0.0, 0.1)]
    off = [2 + fit[0] + fit[2:].mean() for fit in fits]
    assert abs(off[1]) < 0.15 < abs(off[0])


def test_gradient():
    rng = np.random.default_rng(0)
    design = rng.normal(size=(30, 4))
    verdicts = rng.random(30) < 0.5
    data = design, verdicts, 0.05, np.array([0, 1, 0, 0]), np.array([0.1, 4, 1, 1])
    at = rng.normal(size=4)
    numeric = approx_fprime(at, lambda x: _negative_log_posterior(x, *data)[0])
    assert_allclose(_negative_log_posterior(at, *data)[1], numeric, rtol=1e-4)


def test_one_verdict_changes_little_and_in_its_direction():
    log_odds, codes = np.array([1.0]), np.array([0])
    right, wrong = (recalibrate(log_odds, codes, np.array([v]), 3, 0.05) for v in (0, 1))
    assert right.log_odds(log_odds, codes)[0] < 1 < wrong.log_odds(log_odds, codes)[0]
    assert right.log_odds(np.array([8.0]), np.array([1]))[0] > 0


def test_extreme_log_odds_stay_finite():
    log_odds = np.array([-1e300, 1e300, 0.0])
    found = recalibrate(log_odds, np.zeros(3, int), np.array([1, 0, 1]), 1, 0.0)
    assert np.isfinite(found.log_odds(log_odds, np.zeros(3, int))).all()


def test_offsets_are_those_of_the_classes():
    rng = np.random.default_rng(0)
    alike = recalibrate(*simulate(rng, 800, offsets=[0.0] * 4), 4, 0.05)
    differing = recalibrate(*simulate(rng, 800, offsets=[-2.0, 2.0] * 2), 4, 0.05)
    assert np.ptp(alike.parameters[2:]) < 1
    assert (np.abs(np.diff(differing.parameters[2:])) > 2).all()


def test_probability_and_interval_are_those_of_draws():
    log_odds, codes, wrong = simulate(np.random.default_rng(0), 300)
    some = np.arange(40)
    found = recalibrate(log_odds[some], codes[some], wrong[some], 3, 0.05)
    codes[-1] = 2  # of which there is no verdict
    draws = np.concatenate([found.draw(np.random.default_rng(i)) for i in range(20)])
    drawn = draws[:, :1] + draws[:, 1:2] * log_odds + draws[:, 2:][:, codes]
    assert_allclose(found.standard_error(log_odds, codes), drawn.std(axis=0), rtol=0.05)
    probability = found.probability(log_odds, codes)
    assert_allclose(probability, expit(drawn).mean(axis=0), atol=0.02)
    low, high = found.interval(log_odds, codes)
    assert_allclose([low, high], np.quantile(expit(drawn), [0.025, 0.975], axis=0), atol=0.03)


def test_perhaps_no_label_is_wrong():
    log_odds, codes = np.linspace(-4, 1, 30), np.zeros(30, int)
    none, many = (recalibrate(log_odds, codes, np.arange(30) >= 30 - n, 1, 0.05) for n in (0, 8))
    assert many.all_right < 0.01 < 0.1 < none.all_right
    assert np.isinf(none.draw(np.random.default_rng(0))[:, 0]).mean() == pytest.approx(
        none.all_right, abs=0.01
    )
    assert none.probability(np.array([30.0]), codes[:1])[0] < 1 - none.all_right
    assert not none.interval(log_odds, codes)[0].any()


@pytest.mark.parametrize("n_verdicts", [20, 100])
def test_intervals_cover_the_truth(n_verdicts):
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        log_odds, codes, wrong = simulate(rng, intercept=rng.normal(-2, 1))
        reviewed = np.zeros(2000, bool)
        reviewed[rng.choice(2000, n_verdicts, replace=False)] = True
        found = recalibrate(log_odds[reviewed], codes[reviewed], wrong[reviewed], 2, 0.05)
        rest = ~reviewed
        flags = found.log_odds(log_odds, codes)[rest] > 0
        n_confirmed = int(wrong[reviewed].sum())
        intervals = find_intervals(
            found, log_odds[rest], codes[rest], flags, n_confirmed, 2000, rng
        )
        truth = {
            "noise_rate": wrong.mean(),
            "precision": wrong[rest][flags].mean(),
            "recall": flags[wrong[rest]].mean(),
        }
        covered.append(
            [getattr(intervals, k)[0] <= v <= getattr(intervals, k)[1] for k, v in truth.items()]
        )
    assert (np.mean(covered, axis=0) >= 0.9).all()


def test_more_verdicts_halve_the_interval():
    rng = np.random.default_rng(0)
    log_odds, codes, wrong = simulate(rng, 20_000)

    def width_and_needed(n):
        found = recalibrate(log_odds[:n], codes[:n], wrong[:n], 2, 0.05)
        flags = found.log_odds(log_odds, codes)[n:] > 0
        of = find_intervals(found, log_odds[n:], codes[n:], flags, wrong[:n].sum(), 20_000, rng)
        return of.noise_rate[1] - of.noise_rate[0], of.verdicts_needed

    width, needed = width_and_needed(100)
    assert 100 < needed < 600
    assert width_and_needed(100 + needed)[0] == pytest.approx(width / 2, rel=0.3)


def test_nothing_wrong_is_possible_if_nothing_wrong_was_seen():
    log_odds = np.full(50, -1.0)
    found = recalibrate(log_odds[:20], np.zeros(20, int), np.zeros(20), 1, 0.05)
    nothing_flagged = np.zeros(30, bool)
    intervals = find_intervals(
        found, log_odds[20:], np.zeros(30, int), nothing_flagged, 0, 50, np.random.default_rng(0)
    )
    assert intervals.noise_rate[0] == 0
    assert np.isnan(intervals.precision).all()
