"""Log-odds on which verdicts act."""

import numpy as np
import pytest

from skdynacor.dynacor.detection.log_odds import fit_log_odds_scale


@pytest.mark.parametrize("n_wrong", [20, 600])
def test_the_scale_does_not_depend_on_how_many_are_wrong(n_wrong):
    rng = np.random.default_rng(0)
    right, wrong, copies = (
        mean + 0.02 * rng.normal(size=n) for mean, n in ((0.4, 400), (0.65, n_wrong), (0.65, 40))
    )
    q_noisy = np.concatenate([right, wrong])
    scale = fit_log_odds_scale(q_noisy, copies, [0.5, 0.55])
    of_right, of_wrong = (np.median(scale.log_odds(each)) for each in (right, wrong))
    assert of_right < -3
    assert of_wrong > 2
    assert 7 < of_wrong - of_right < 14
    assert scale.log_odds(np.array([0.5, 0.55])).mean() == pytest.approx(0)
    assert (np.diff(scale.log_odds(np.linspace(0.01, 0.99, 50))) > 0).all()


def test_ranks_spread_what_is_pressed_together():
    q_noisy = np.concatenate([np.full(90, 0.4), np.linspace(0.7, 0.7001, 10)])
    log_odds = fit_log_odds_scale(q_noisy, q_noisy[90:], [0.5]).log_odds(q_noisy)
    assert np.isfinite(log_odds).all()
    assert log_odds[-1] - log_odds[90] > 2
    assert np.ptp(log_odds[:90]) == 0


@pytest.mark.parametrize("q", [0.4, 0.6])
def test_alike_rows_have_finite_log_odds(q):
    scale = fit_log_odds_scale(np.full(9, q), np.array([]), [0.5, 1.0])
    assert np.isfinite(scale.log_odds(np.array([0.1, q, 0.9]))).all()
