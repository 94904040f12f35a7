"""What detectors do with a person's verdicts."""

import warnings
from numbers import Real

import numpy as np
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from ..utils.random_numbers import make_rng
from ..utils.sklearn_private import Count, Interval, validates_arguments
from ..utils.validation import unchanged_on_error
from ._review_sample import agree, check_verdicts, draw_rows
from .recalibration import find_intervals, recalibrate
from .review_decisions import read_decisions
from .thresholds import find_threshold

_AFTER_VERDICTS = ("precision_interval_", "recall_interval_", "n_remaining_", "verdicts_needed_")


class VerdictsMixin:
    """Recalibrates a fitted detector by verdicts.

    Subclasses call ``_start`` at the end of ``fit``, and set what they know of the labels in
    ``_describe(probability)``.
    """

    def _start(self, probability, log_odds, codes, n_classes, keys):
        """Keep what verdicts need, and describe the labels without any.

        All but ``n_classes`` are (n_samples,); ``keys`` are equal for rows of one group.
        """
        self._without_verdicts, self._log_odds = probability, log_odds
        self._codes, self._n_codes, self._keys = codes, n_classes, keys
        self._recalibrate(np.full(len(log_odds), -1, dtype=np.int8), error_rate=0.0)

    @validates_arguments(n=[Count(1)], random_state=["random_state"])
    def rows_to_review(self, n=20, *, random_state=None):
        """Draw rows for a person to review, for ``recalibrate``.

        Rows are drawn in proportion to √(p (1 − p)) + p/10 + 0.02, where p is the probability that
        the label is wrong: those in doubt first of all, yet all may be drawn. Reviewing only the
        rows that look worst tells less of where to stop.

        Parameters
        ----------
        n : int, default=20
            Number of rows. Of equal rows, or rows of one group, at most one is drawn, and none that
            has a verdict.
        random_state : int, RandomState instance or None, default=None
            Pass an int for reproducible rows.

        Returns
        -------
        positions : ndarray of shape (n,)
            Positions in the data of ``fit``, shuffled.

        Raises
        ------
        ValueError
            If there are fewer than ``n`` such rows.
        """
        check_is_fitted(self)
        return self._draw_rows(n, make_rng(random_state, "rows_to_review"))

    def _count_open_rows(self):
        """Number of rows that ``rows_to_review`` can give."""
        return len(np.unique(self._keys[self.verdicts_ < 0]))

    def _draw_rows(self, n, rng):
        open_rows = self.verdicts_ < 0
        probability = self.noise_probability_
        if self._recalibration is None:  # DynaCor's has another scale
            probability = expit(self._log_odds)
        drawn = draw_rows(probability, self._keys, open_rows, n, rng)
        if len(drawn) < n:
            raise ValueError(
                f"n={n} rows are wanted, but there are only {len(drawn)} without a verdict, of "
                "which no two are equal or of one group."
            )
        return drawn

    @validates_arguments(error_rate=[Interval(Real, 0, 0.5, closed="left")])
    @unchanged_on_error
    def recalibrate(self, verdicts, *, error_rate=0.05):
        """Recalibrate all probabilities by a person's verdicts on some labels.

        Nothing is trained again. Changes the flags, the noise probabilities, the noise rates, and
        the suggested labels; rows with a verdict keep it. Sets ``precision_interval_``,
        ``recall_interval_``, ``n_remaining_`` and ``verdicts_needed_``.

        Parameters
        ----------
        verdicts : array-like of shape (n_samples,) or (n_samples, n_reviewers), or data frame
            For each row of ``fit``: 1 if its label is wrong, 0 if it is right, −1 if it was not
            reviewed. All verdicts count; rows on which reviewers disagree get a probability as
            others do. Or what ``skdynacor.inspection.read_review`` returns. Verdicts of an earlier
            call are replaced, so pass all of them; without any, those are undone.
        error_rate : float in [0, 0.5), default=0.05
            Share of verdicts that may be mistaken.

        Returns
        -------
        self : object
            The detector.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        ValueError
            If there is not one verdict for each row, or one is not 1, 0 or −1.
        """
        check_is_fitted(self)
        n_rows = len(self._log_odds)
        if hasattr(verdicts, "columns"):
            verdicts = read_decisions(verdicts, n_rows)
        self._recalibrate(check_verdicts(verdicts, n_rows, several=True), error_rate)
        return self

    @validates_arguments(error_rate=[Interval(Real, 0, 0.5, closed="left")])
    def log_evidence(self, verdicts, *, error_rate=0.05):
        """Give the log of the marginal likelihood of verdicts, to compare detectors by.

        Parameters
        ----------
        verdicts : array-like of shape (n_samples,)
            As in ``recalibrate``, which need not have been called; at least one 1 or 0.
        error_rate : float in [0, 0.5), default=0.05

        Returns
        -------
        log_evidence : float
            Larger for a detector whose log-odds explain the verdicts better, on any scale.
        """
        check_is_fitted(self)
        verdicts = check_verdicts(verdicts, len(self._log_odds), several=True)
        return self._fit_recalibration(verdicts, error_rate).log_evidence

    def _fit_recalibration(self, verdicts, error_rate):
        rows = np.nonzero(verdicts >= 0)[0]
        return recalibrate(
            self._log_odds[rows],
            self._codes[rows],
            verdicts[verdicts >= 0],
            self._n_codes,
            error_rate,
        )

    def _recalibrate(self, verdicts, error_rate):
        self._check_threshold()
        self._recalibration = None
        if (verdicts >= 0).any():
            self._recalibration = self._fit_recalibration(verdicts, error_rate)
        self.verdicts_ = verdicts = agree(verdicts)
        reviewed = verdicts >= 0
        probability = self._without_verdicts
        flagged_before = reviewed & (probability > 0.5)
        self._reviewed_flags = int(flagged_before.sum()), int(verdicts[flagged_before].sum())
        if self._recalibration is not None:
            probability = self._recalibration.probability(self._log_odds, self._codes)
        self.noise_probability_ = np.where(reviewed, verdicts, probability)
        self.noise_rate_ = float(self.noise_probability_.mean())
        self.threshold_ = self._find_threshold(probability)
        self.flags_ = np.where(reviewed, verdicts == 1, probability > self.threshold_)
        self._find_intervals(reviewed)
        self._describe()

    def _find_threshold(self, probability):
        threshold = find_threshold(probability, self.threshold)
        if threshold == 1 and self.threshold != "f1":
            warnings.warn(
                f"No rows have an expected precision of {self.threshold[1]:g}; none is flagged. "
                f"The largest probability of a wrong label is {probability.max():.2f}.",
                stacklevel=6,
            )
        return threshold

    def _find_intervals(self, reviewed):
        for name in _AFTER_VERDICTS:
            vars(self).pop(name, None)
        if self._recalibration is None:
            return
        rest = ~reviewed
        found = find_intervals(
            self._recalibration,
            self._log_odds[rest],
            self._codes[rest],
            self.flags_[rest],
            int((self.verdicts_ == 1).sum()),
            len(reviewed),
            make_rng(0, "find_intervals"),
        )
        self.noise_rate_interval_ = found.noise_rate
        self.precision_interval_, self.recall_interval_ = found.precision, found.recall
        self.n_remaining_ = float(self.noise_probability_[rest & ~self.flags_].sum())
        self.verdicts_needed_ = found.verdicts_needed

    def _find_status(self, surely_wrong, perhaps_wrong):
        """Tell rows that are "wrong", "in doubt" or "fine", by two readings or by verdicts."""
        if self._recalibration is not None:
            surely_wrong, perhaps_wrong = (
                np.where(self.verdicts_ < 0, bound > 0.5, self.verdicts_ == 1)
                for bound in self._recalibration.interval(self._log_odds, self._codes)
            )
        perhaps_wrong = perhaps_wrong | self.flags_
        return np.select([surely_wrong, perhaps_wrong], ["wrong", "in doubt"], "fine")
