"""Log-odds on which verdicts act, of noise probabilities that only rank."""

from typing import NamedTuple

import numpy as np
from scipy.special import logit

#: Log-odds rise by this much from the median of the rows that look right to that of the copies.
_RISE = 8.0


class LogOddsScale(NamedTuple):
    """Maps q_noisy to log-odds: its logit on another scale, plus the logit of its rank.

    The logits of Eq. 3 are pressed around 0, most of all where labels are wrong; there the rank
    tells rows apart.
    """

    rows: np.ndarray  # (n_samples,), q_noisy of the rows of fit, ascending
    slope: float
    center: float

    def log_odds(self, q_noisy):
        """Log-odds that labels are wrong, of the shape of ``q_noisy``."""
        return self._uncentered(q_noisy) - self.center

    def _uncentered(self, q_noisy):
        below = np.searchsorted(self.rows, q_noisy) + np.searchsorted(self.rows, q_noisy, "right")
        return self.slope * logit(q_noisy) + logit((below + 1) / (2 * len(self.rows) + 2))


def fit_log_odds_scale(q_noisy, q_of_copies, thresholds):
    """Find the scale; its center is the mean over thresholds, which readings flag rows above.

    Parameters
    ----------
    q_noisy : ndarray of shape (n_samples,)
    q_of_copies : ndarray of shape (n_copies,)
        Without copies, q_noisy of the flagged rows.
    thresholds : list of float
    """
    # NB: of all rows, most may be wrong, and their median be that of the copies.
    right = q_noisy[q_noisy <= 0.5]
    medians = [np.median(logit(each)) if len(each) else 0.0 for each in (right, q_of_copies)]
    distance = medians[1] - medians[0]
    scale = LogOddsScale(np.sort(q_noisy), _RISE / distance if distance > 0 else 1.0, 0.0)
    bounded = np.clip(thresholds, 0.01, 0.99)
    return scale._replace(center=float(scale.log_odds(bounded).mean()))
