"""Recalibrate the log-odds of label errors by verdicts: P(wrong) = σ(a + b log-odds + c_given).

Parameters are (a, b, c_1, ..., c_n_classes), with normal priors around the identity. Or no label is
wrong at all. A verdict is mistaken with a probability e: it says "wrong" with probability
e + (1 − 2e) P(wrong).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit

#: Standard deviations of the priors on a, on b around 1, and on c.
_PRIOR_OF_INTERCEPT, _PRIOR_OF_SLOPE, _PRIOR_OF_CLASSES = 2.0, 0.35, 1.0
#: Prior probability that no label is wrong.
_PRIOR_OF_ALL_RIGHT = 0.1
#: Beyond it, log-odds say nothing more.
_LARGEST_LOG_ODDS = 30.0
#: Rows on which intervals are computed, flagged or not, and draws of the parameters.
_MOST_ROWS, _N_DRAWS = 4_000, 400
_LEVEL = 0.95
#: Standard errors on either side, for 95 %.
_TWO_SIDED = 1.96


class Recalibration(NamedTuple):
    """The posterior of the parameters, by Laplace's approximation."""

    parameters: np.ndarray  # (2 + n_classes,)
    covariance: np.ndarray  # (2 + n_known, 2 + n_known), of a, b and the classes with verdicts
    known: np.ndarray  # (n_known,), these classes
    all_right: float  # probability that no label is wrong
    log_evidence: float  # log of the marginal likelihood of the verdicts
    information: np.ndarray  # (2 + n_known, 2 + n_known), of all verdicts without the priors
    n_verdicts: int

    def probability(self, log_odds, codes):
        """Mean of P(wrong) over the posterior, (n_samples,), by MacKay's approximation."""
        error = self.standard_error(log_odds, codes)
        log_odds = self.log_odds(log_odds, codes) / np.sqrt(1 + np.pi * error**2 / 8)
        return (1 - self.all_right) * expit(log_odds)

    def interval(self, log_odds, codes):
        """Give the 95 % interval of P(wrong), two of (n_samples,)."""
        error = _TWO_SIDED * self.standard_error(log_odds, codes)
        log_odds = self.log_odds(log_odds, codes)
        low = np.zeros(len(error)) if self.all_right > (1 - _LEVEL) / 2 else expit(log_odds - error)
        return low, expit(log_odds + error)

    def log_odds(self, log_odds, codes):
        """Likeliest recalibrated log-odds if some labels are wrong, (n_samples,)."""
        intercept, slope, *_ = self.parameters
        return intercept + slope * _bounded(log_odds) + self.parameters[2:][codes]

    def standard_error(self, log_odds, codes):
        """Standard error of ``log_odds``, (n_samples,)."""
        log_odds, of_class = _bounded(log_odds), self.column_of(codes)
        has = of_class > 0
        variances, cov = np.where(has, 0.0, _PRIOR_OF_CLASSES**2), self.covariance
        variances += cov[0, 0] + 2 * log_odds * cov[0, 1] + log_odds**2 * cov[1, 1]
        variances += has * (
            cov[of_class, of_class] + 2 * (cov[0, of_class] + log_odds * cov[1, of_class])
        )
        return np.sqrt(variances)

    def draw(self, rng):
        """Draw parameters from the posterior, (n_draws, 2 + n_classes); −∞ if no label is wrong."""
        n_classes = len(self.parameters) - 2
        draws = rng.normal(0, _PRIOR_OF_CLASSES, (_N_DRAWS, 2 + n_classes))
        which = np.r_[0, 1, 2 + self.known]
        root = np.linalg.cholesky(self.covariance)
        draws[:, which] = (
            self.parameters[which] + rng.standard_normal((_N_DRAWS, len(which))) @ root.T
        )
        draws[: round(self.all_right * _N_DRAWS), 0] = -np.inf
        return draws

    def column_of(self, codes):
        """Give the row of each class in ``covariance``, 0 for those without verdicts."""
        columns = np.zeros(len(self.parameters) - 2, dtype=int)
        columns[self.known] = 2 + np.arange(len(self.known))
        return columns[codes]


def recalibrate(log_odds, codes, verdicts, n_classes, error_rate):
    """Estimate the parameters.

    Parameters
    ----------
    log_odds : ndarray of shape (n_verdicts,)
    codes : ndarray of shape (n_verdicts,)
        The given labels, numbered.
    verdicts : ndarray of shape (n_verdicts,)
        1 if the label is wrong, 0 if it is right.
    n_classes : int
    error_rate : float in [0, 0.5)
        Share of mistaken verdicts.

    Returns
    -------
    recalibration : Recalibration
    """
    known, numbers = np.unique(codes, return_inverse=True)
    design = np.zeros((len(codes), 2 + len(known)))
    design[:, 0], design[:, 1] = 1, _bounded(log_odds)
    design[np.arange(len(codes)), 2 + numbers] = 1
    center = np.zeros(design.shape[1])
    center[1] = 1
    spread = np.full(design.shape[1], _PRIOR_OF_CLASSES)
    spread[:2] = _PRIOR_OF_INTERCEPT, _PRIOR_OF_SLOPE
    found = minimize(
        _negative_log_posterior,
        center,
        (design, verdicts, error_rate, center, spread**-2),
        method="L-BFGS-B",
        jac=True,
    )
    information = _fisher_information(found.x, design, error_rate)
    precision = information + np.diag(spread**-2)
    # Laplace's approximation; the determinant of the prior is in ``spread``.
    log_det = np.linalg.slogdet(precision)[1] + 2 * np.log(spread).sum()
    some_wrong = np.log1p(-_PRIOR_OF_ALL_RIGHT) - found.fun - log_det / 2
    said = _say_wrong(np.zeros(len(codes)), error_rate)
    all_right = np.log(_PRIOR_OF_ALL_RIGHT) + _log_likelihood(said, verdicts)
    parameters = np.zeros(2 + n_classes)
    parameters[np.r_[0, 1, 2 + known]] = found.x
    return Recalibration(
        parameters,
        np.linalg.inv(precision),
        known,
        float(expit(all_right - some_wrong)),
        float(np.logaddexp(all_right, some_wrong)),
        information,
        len(codes),
    )


def _say_wrong(wrong, error_rate):
    """Probability that a reviewer says "wrong"."""
    return np.clip(error_rate + (1 - 2 * error_rate) * wrong, 1e-12, 1 - 1e-12)


def _log_likelihood(said, verdicts):
    return float(np.log(np.where(verdicts == 1, said, 1 - said)).sum())


def _negative_log_posterior(parameters, design, verdicts, error_rate, center, precision):
    """Value and gradient, without constants of the prior."""
    wrong = expit(design @ parameters)
    said = _say_wrong(wrong, error_rate)
    slope = (1 - 2 * error_rate) * wrong * (1 - wrong)
    gradient = design.T @ (slope * (verdicts - said) / (said * (1 - said)))
    away = parameters - center
    value = precision @ away**2 / 2 - _log_likelihood(said, verdicts)
    return value, precision * away - gradient


def _fisher_information(parameters, design, error_rate):
    wrong = expit(design @ parameters)
    said = _say_wrong(wrong, error_rate)
    weights = ((1 - 2 * error_rate) * wrong * (1 - wrong)) ** 2 / (said * (1 - said))
    return (design.T * weights) @ design


class Intervals(NamedTuple):
    """95 % intervals; NaN where there is nothing to count."""

    noise_rate: tuple
    precision: tuple
    recall: tuple
    verdicts_needed: int


def find_intervals(recalibration, log_odds, codes, flags, n_confirmed, n_rows, rng):
    """Find intervals of the noise rate, and of precision and recall of the flags.

    Parameters
    ----------
    recalibration : Recalibration
    log_odds, codes, flags : ndarray of shape (n_unreviewed,)
        Of the rows without a verdict.
    n_confirmed : int
        Number of rows whose label is wrong by verdict.
    n_rows : int
        Number of rows, with or without a verdict.
    rng : numpy.random.Generator

    Returns
    -------
    intervals : Intervals
        Precision and recall are those among the rows without a verdict.
    """
    draws = recalibration.draw(rng)
    found, missed = (
        _draw_number_of_wrong(draws, *_thin(log_odds[rows], codes[rows]), rng)
        for rows in (flags, ~flags)
    )
    n_wrong = found + missed
    nothing = np.full(len(draws), np.nan)
    recall = np.divide(found, n_wrong, where=n_wrong > 0, out=nothing.copy())
    precision = np.minimum(found / flags.sum(), 1) if flags.any() else nothing
    some_are_wrong = np.isfinite(draws[:, 0])  # otherwise the confirmed ones are mistakes, too
    rate = _interval((n_confirmed * some_are_wrong + n_wrong) / n_rows)
    needed = _verdicts_needed(recalibration, log_odds, codes)
    return Intervals(rate, _interval(precision), _interval(recall), needed)


def _thin(log_odds, codes):
    """Take some rows, evenly spread over the log-odds, and for how many each of them stands."""
    order = np.argsort(log_odds)
    if len(order) > _MOST_ROWS:
        order = order[np.linspace(0, len(order) - 1, _MOST_ROWS).round().astype(int)]
    return log_odds[order], codes[order], len(log_odds) / max(len(order), 1)


def _draw_number_of_wrong(draws, log_odds, codes, n_each, rng):
    """Draw how many labels are wrong, for each draw of the parameters, (n_draws,)."""
    wrong = expit(draws[:, :1] + draws[:, 1:2] * _bounded(log_odds) + draws[:, 2:][:, codes])
    spread = np.sqrt(n_each * (wrong * (1 - wrong)).sum(axis=1))
    return np.maximum(n_each * wrong.sum(axis=1) + spread * rng.standard_normal(len(draws)), 0)


def _interval(values):
    if np.isnan(values).all():
        return np.nan, np.nan
    tail = (1 - _LEVEL) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(min(high, 1))


def _verdicts_needed(recalibration, log_odds, codes):
    """Number of further verdicts until the standard error of the noise rate is half as large."""
    n_rows = len(log_odds)
    log_odds, codes, _ = _thin(log_odds, codes)
    probability = expit(recalibration.log_odds(log_odds, codes))
    slope = probability * (1 - probability)
    of_class = recalibration.column_of(codes)
    columns = len(recalibration.covariance)
    gradient = np.bincount(of_class, slope, columns)
    gradient[0], gradient[1] = slope.sum(), slope @ _bounded(log_odds)
    prior = np.linalg.inv(recalibration.covariance) - recalibration.information

    def variance(times):
        return gradient @ np.linalg.solve(prior + times * recalibration.information, gradient)

    goal = variance(1.0) / 4
    most = 1 + n_rows / recalibration.n_verdicts
    if not goal or variance(most) > goal:
        return n_rows
    times = brentq(lambda times: variance(times) - goal, 1.0, most)
    return int(np.ceil((times - 1) * recalibration.n_verdicts))


def _bounded(log_odds):
    return np.clip(log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
