"""Whether the probability of a wrong label is right."""

import numpy as np
from sklearn.calibration import calibration_curve

from ..groundwork.sklearn_private import Count, takes
from .axes import make_axes
from .checks import check_mask, check_probability, find_wrong, read_needed
from .intervals import share_interval
from .palette import BLUE, GRAY


class NoiseReliabilityDisplay:
    """Reliability diagram of the probability that labels are wrong, where the truth is known.

    Rows are put into bins of equal width by their noise probability. Of a reliable probability, as
    large a share of each bin is wrong: points lie on the diagonal. Above it, more labels are wrong
    than was said. Vertical lines are 95 % intervals; the upper axis says how many rows a bin has.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    share_wrong : ndarray of shape (n_filled_bins,)
        The share of labels that are wrong in truth, of each bin that has rows.
    mean_probability : ndarray of shape (n_filled_bins,)
        The mean noise probability.
    n_rows : ndarray of shape (n_bins,)
        The number of rows of each bin; their widths are equal.

    Attributes
    ----------
    line_ : matplotlib Line2D
        Share of wrong labels against mean probability.
    intervals_ : matplotlib LineCollection
        The 95 % interval of each share.
    ax_ : matplotlib Axes
    count_ax_ : matplotlib SecondaryAxis
        The upper axis, whose tick labels are ``n_rows`` of the bins below.
    figure_ : matplotlib Figure

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same of a classifier's probabilities.

    Examples
    --------
    >>> from skdynacor.displays import NoiseReliabilityDisplay
    >>> display = NoiseReliabilityDisplay.from_predictions(
    ...     wrong=[False, False, True, True, True],
    ...     noise_probability=[0.1, 0.2, 0.3, 0.8, 0.9],
    ...     n_bins=2,
    ... )
    >>> display.line_.get_ydata().round(2), display.n_rows
    (array([0.33, 1.  ]), array([3, 2]))
    """

    def __init__(self, share_wrong, mean_probability, n_rows):
        self.share_wrong = share_wrong
        self.mean_probability = mean_probability
        self.n_rows = n_rows

    def plot(self, ax=None):
        """Draw the reliability.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        self : NoiseReliabilityDisplay
        """
        self.ax_ = ax = make_axes(ax, self, figsize=(5.2, 5))
        self.figure_ = ax.figure
        ax.plot([0, 1], [0, 1], ":", color=GRAY, label="perfectly reliable")
        n_bins, n_rows = len(self.n_rows), self.n_rows[self.n_rows > 0]
        low, high = share_interval((self.share_wrong * n_rows).round(), n_rows)
        self.intervals_ = ax.vlines(self.mean_probability, low, high, color=BLUE, linewidth=1.2)
        self.line_ = ax.plot(
            self.mean_probability,
            self.share_wrong,
            "o",
            color=BLUE,
            markersize=5,
            label="share and 95 % interval",
        )[0]
        self.count_ax_ = ax.secondary_xaxis("top")
        self.count_ax_.set_xticks(
            (np.arange(n_bins) + 0.5) / n_bins,
            [f"{n:,}" if n else "" for n in self.n_rows],
            fontsize=8,
            rotation=0 if n_bins <= 10 else 90,
        )
        self.count_ax_.tick_params(length=0)
        self.count_ax_.set_xlabel("rows of the bin")
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        ax.set_xlabel("mean probability that the label is wrong")
        ax.set_ylabel("share of labels that are wrong in truth")
        ax.legend(frameon=False, loc="upper left")  # a frame would hide points
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, y_true, *, n_bins=10, ax=None):
        """Draw the reliability of the noise probability that a fitted detector gives its rows.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline that ends in a detector, or a detector by itself.
        X : array-like of shape (n_samples, n_features)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        y_true : array-like of shape (n_samples,)
            The right labels.
        n_bins : int, default=10
            Number of bins in [0, 1]; those without rows are left out.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NoiseReliabilityDisplay
        """
        found = read_needed(cls, "noise_probability", estimator, X, y)
        wrong = find_wrong(found.labels, y_true)
        return cls.from_predictions(wrong, found.noise_probability, n_bins=n_bins, ax=ax)

    @classmethod
    @takes(n_bins=[Count(1)])
    def from_predictions(cls, wrong, noise_probability, *, n_bins=10, ax=None):
        """Draw the reliability of noise probabilities.

        Parameters
        ----------
        wrong : array-like of shape (n_samples,), bool
            True where the label is wrong in truth.
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        n_bins : int, default=10
            Number of bins in [0, 1]; those without rows are left out.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NoiseReliabilityDisplay
        """
        probability = check_probability(noise_probability, "noise_probability")
        wrong = check_mask(wrong, "wrong", len(probability))
        share_wrong, mean_probability = calibration_curve(
            wrong, probability, pos_label=True, n_bins=n_bins
        )
        # The bins of calibration_curve, which hold their upper edge.
        edges = np.linspace(0, 1, n_bins + 1)
        n_rows = np.bincount(np.searchsorted(edges[1:-1], probability), minlength=n_bins)
        return cls(share_wrong, mean_probability, n_rows).plot(ax)
