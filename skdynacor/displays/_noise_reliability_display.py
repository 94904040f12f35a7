"""Reliability diagram of the noise probability."""

import numpy as np
from sklearn.calibration import CalibrationDisplay, calibration_curve

from ._checks import check_mask, check_probability, find_wrong, read_needed
from ._drawing import RIGHT, make_axes, share_interval


class NoiseReliabilityDisplay:
    """Reliability diagram of the probability that labels are wrong, where the truth is known.

    Rows are binned by their noise probability. The points of a calibrated probability lie on the
    diagonal; above it, more labels are wrong than estimated. Vertical lines are 95 % intervals. The
    upper axis has the number of rows of each bin.

    Parameters
    ----------
    share_wrong : ndarray of shape (n_filled_bins,)
        The share of labels that are truly wrong, of each bin that has rows.
    mean_probability : ndarray of shape (n_filled_bins,)
        The mean noise probability.
    n_rows : ndarray of shape (n_bins,)
        The number of rows of each bin.

    Attributes
    ----------
    line_ : matplotlib Line2D
        Share of wrong labels against mean probability.
    intervals_ : matplotlib LineCollection
        The 95 % interval of each share.
    ax_ : matplotlib Axes
    count_ax_ : matplotlib SecondaryAxis
        The upper axis, with ``n_rows`` as tick labels.
    figure_ : matplotlib Figure

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same for a classifier's probabilities.

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
        """Draw on ``ax``, or on a new figure if it is None, and return the display."""
        self.ax_ = ax = make_axes(ax, self, figsize=(5.2, 5))
        self.figure_ = ax.figure
        curve = CalibrationDisplay(self.share_wrong, self.mean_probability, None)
        style = {"marker": "o", "markersize": 5, "linestyle": "", "color": RIGHT}
        self.line_ = curve.plot(ax=ax, name="share and 95 % interval", **style).line_
        n_bins, n_rows = len(self.n_rows), self.n_rows[self.n_rows > 0]
        low, high = share_interval((self.share_wrong * n_rows).round(), n_rows)
        self.intervals_ = ax.vlines(self.mean_probability, low, high, color=RIGHT, linewidth=1.2)
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
        ax.set_ylabel("share of labels that are truly wrong")
        ax.legend(frameon=False, loc="upper left")  # a frame would hide points
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, y_true, **kwargs):
        """Draw the reliability of the noise probability that a fitted detector gives its rows.

        Parameters
        ----------
        estimator : estimator
            A detector, or a pipeline that ends in one.
        X, y : array-like
            The rows and labels that it was fitted on.
        y_true : array-like of shape (n_samples,)
            The right labels.
        **kwargs : dict
            ``n_bins`` and ``ax``, see ``from_predictions``.
        """
        findings = read_needed(estimator, X, y, "noise_probability")
        wrong = find_wrong(findings.labels, y_true)
        return cls.from_predictions(wrong, findings.noise_probability, **kwargs)

    @classmethod
    def from_predictions(cls, wrong, noise_probability, *, n_bins=10, ax=None):
        """Draw the reliability of noise probabilities.

        Parameters
        ----------
        wrong : array-like of shape (n_samples,), bool
            True where the label is truly wrong.
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        n_bins : int, default=10
            Number of bins in [0, 1]; those without rows are left out.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        probability = check_probability(noise_probability)
        wrong = check_mask(wrong, "wrong", probability)
        curve = calibration_curve(wrong, probability, pos_label=True, n_bins=n_bins)
        # The bins of calibration_curve include their upper edge.
        bins = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], probability)
        return cls(*curve, np.bincount(bins, minlength=n_bins)).plot(ax)
