"""Rows for a person to review."""

from dataclasses import dataclass

import numpy as np

#: Rows whose label is surely right or wrong tell something, too: the latter, whether any label is.
_OF_ALL, _OF_WRONG = 0.02, 0.1


@dataclass(frozen=True, eq=False)
class ReviewSample:
    """Rows to review, with controls among them that tell how often the reviewer errs.

    Parameters
    ----------
    positions : ndarray of shape (n_rows,)
        Positions of the rows in the data of ``fit``, shuffled.
    labels : ndarray of shape (n_rows,)
        The labels to show: the given ones, but for planted controls, which show another class.
    is_control : ndarray of shape (n_rows,), bool
    is_planted : ndarray of shape (n_rows,), bool
        Controls with a wrong label; the other controls are rows whose label is surely right.
    n_samples : int
        Number of rows in ``fit``.
    """

    positions: np.ndarray
    labels: np.ndarray
    is_control: np.ndarray
    is_planted: np.ndarray
    n_samples: int

    def verdicts(self, answers):
        """Turn a reviewer's answers into verdicts for ``recalibrate``.

        Parameters
        ----------
        answers : array-like of shape (n_rows,)
            For each row shown: 1 if ``labels`` is wrong, 0 if it is right, −1 if unsure.

        Returns
        -------
        verdicts : ndarray of shape (n_samples,)
            −1 for rows that were not shown, and for planted controls, whose given label was not.
        """
        answers = self._check(answers)
        verdicts = np.full(self.n_samples, -1)
        shown = ~self.is_planted
        verdicts[self.positions[shown]] = answers[shown]
        return verdicts

    def error_rate(self, answers):
        """Give the share of controls that the reviewer was mistaken about.

        Parameters
        ----------
        answers : array-like of shape (n_rows,)

        Returns
        -------
        error_rate : float
            NaN if no control was answered.
        """
        answers = self._check(answers)
        answered = self.is_control & (answers >= 0)
        if not answered.any():
            return np.nan
        return float(np.mean(answers[answered] != self.is_planted[answered]))

    def _check(self, answers):
        return check_verdicts(answers, len(self.positions), "answers")


def check_verdicts(verdicts, n_rows, name="verdicts", several=False):
    """Check verdicts, (n_rows,) int: 1 wrong, 0 right, −1 not known.

    With ``several``, there may be a column for each reviewer.
    """
    verdicts = np.asarray(verdicts)
    is_table = several and verdicts.ndim == 2 and verdicts.shape[1]
    if verdicts.shape[:1] != (n_rows,) or not (verdicts.ndim == 1 or is_table):
        raise ValueError(
            f"{name} must have one value for each of the {n_rows} rows, 1 (wrong), 0 (right) or -1 "
            f"(not reviewed); got an array of shape {verdicts.shape}."
        )
    unknown = [v for v in dict.fromkeys(verdicts.ravel().tolist()) if v not in (-1, 0, 1)]
    if unknown:
        raise ValueError(
            f"{name} must be 1 (wrong), 0 (right) or -1 (not reviewed); there is "
            f"{', '.join(map(repr, unknown[:3]))}."
        )
    return verdicts.astype(np.int8)


def agree(verdicts):
    """Give the verdict of each row on which the reviewers agree, (n_rows,), else −1."""
    if verdicts.ndim == 1:
        return verdicts
    says = [(verdicts == value).any(axis=1) for value in (0, 1)]
    return np.select([says[0] & ~says[1], says[1] & ~says[0]], [0, 1], -1)


def draw_rows(probability, keys, may_be_drawn, n, rng):
    """Draw rows in proportion to √(p(1 − p)) + p/10 + 0.02, at most one of each key, shuffled.

    By systematic sampling of the rows in the order of p: of rows with similar p, about as many are
    drawn as is expected, so that chance has less part in what their verdicts tell.

    Parameters
    ----------
    probability : ndarray of shape (n_samples,)
        Probability that the label is wrong.
    keys : ndarray of shape (n_samples,)
        Equal for rows of one group.
    may_be_drawn : ndarray of shape (n_samples,), bool
    n : int
        Number of rows; there may not be as many.
    rng : numpy.random.Generator

    Returns
    -------
    positions : ndarray of int
    """
    rest = rng.permutation(np.flatnonzero(may_be_drawn))
    rest = rest[np.unique(keys[rest], return_index=True)[1]]
    rest = rest[np.argsort(probability[rest], kind="stable")]
    drawn = []
    while len(drawn) < n and len(rest):  # once, unless a row is due more often
        p = probability[rest]
        ends = np.cumsum(np.sqrt(p * (1 - p)) + _OF_WRONG * p + _OF_ALL)
        n_due = n - len(drawn)
        due = (np.arange(n_due) + rng.random()) / n_due * ends[-1]
        found = np.unique(np.searchsorted(ends[:-1], due))
        drawn.extend(rest[found])
        rest = np.delete(rest, found)
    return rng.permutation(np.array(drawn, dtype=int))


def add_controls(positions, candidates, classes, codes, n_controls, rng):
    """Put controls among rows to review: half of them planted, with a wrong label.

    Parameters
    ----------
    positions : ndarray of int
    candidates : ndarray of int
        Rows whose label is surely right, of which controls are drawn.
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_samples,)
    n_controls : int
    rng : numpy.random.Generator

    Returns
    -------
    sample : ReviewSample
    """
    controls = rng.choice(candidates, n_controls, replace=False)
    shown = np.r_[positions, controls]
    is_control = np.arange(len(shown)) >= len(positions)
    is_planted = np.arange(len(shown)) >= len(positions) + n_controls // 2
    shift = rng.integers(1, len(classes), len(shown))
    labels = classes[(codes[shown] + np.where(is_planted, shift, 0)) % len(classes)]
    order = rng.permutation(len(shown))
    return ReviewSample(
        shown[order], labels[order], is_control[order], is_planted[order], len(codes)
    )
