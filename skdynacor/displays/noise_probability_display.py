"""How surely labels are judged."""

from numbers import Integral

import numpy as np

from ..groundwork.sklearn_private import takes
from .axes import make_axes, open_frame
from .checks import check_mask, check_probability, find_wrong, read_needed
from .palette import RIGHT, WRONG

#: Rows beyond it are flagged.
THRESHOLD = 0.5


class NoiseProbabilityDisplay:
    """Histogram of the probability that labels are wrong, with the threshold of the flags.

    A detector that is sure has nearly all rows at both ends; rows in the middle are those that a
    person should look at. Counts are on a logarithmic scale, so that few rows show beside many.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    noise_probability : ndarray of shape (n_samples,)
        Probability that the label is wrong.
    wrong : ndarray of shape (n_samples,), bool, default=None
        True where the label is wrong in truth; then right and wrong labels are drawn each.

    Attributes
    ----------
    bars_ : dict of str to matplotlib StepPatch
        Of ``"not flagged"`` and ``"flagged"`` rows; if ``wrong`` is given, of ``"right"`` and
        ``"wrong"`` labels.
    line_ : matplotlib Line2D
        The threshold.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    NoiseReliabilityDisplay : Shows whether the probabilities are right.

    Examples
    --------
    >>> from skdynacor.displays import NoiseProbabilityDisplay
    >>> display = NoiseProbabilityDisplay.from_predictions([0.01, 0.02, 0.4, 0.99], n_bins=4)
    >>> display.bars_["not flagged"].get_data().values
    array([2, 1])
    >>> display.bars_["flagged"].get_data().values
    array([0, 1])
    """

    def __init__(self, noise_probability, *, wrong=None):
        self.noise_probability = noise_probability
        self.wrong = wrong

    @takes(n_bins=[Integral])
    def plot(self, ax=None, *, n_bins=30):
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        n_bins : int, default=30
            Number of bins in [0, 1]; an even one, so that none lies across the threshold.

        Returns
        -------
        self : NoiseProbabilityDisplay
        """
        if n_bins < 2 or n_bins % 2:
            raise ValueError(f"n_bins must be even, so that a bin ends at 0.5; got {n_bins}.")
        self.ax_ = ax = make_axes(ax, self)
        self.figure_, self.bars_ = ax.figure, {}
        edges = np.linspace(0, 1, n_bins + 1)
        for name, label, rows, bins, style in self._groups(edges):
            counts, _ = np.histogram(rows, bins)
            share = len(rows) / len(self.noise_probability)
            label = f"{label}: {len(rows):,} rows, {100 * share:.1f} %"
            self.bars_[name] = ax.stairs(counts, bins, label=label, **style)
        self.line_ = ax.axvline(THRESHOLD, color="black", linestyle="--", linewidth=1)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.set(xlabel="probability that the label is wrong", ylabel="rows", xlim=(-0.01, 1.01))
        most = max(bars.get_data().values.max() for bars in self.bars_.values())
        ax.set_ylim(0.7, most * (most / 0.7) ** 0.3)  # leaves room for the legend
        open_frame(ax)
        ax.legend(edgecolor="none", loc="upper center")
        return self

    def _groups(self, edges):
        probability, middle = self.noise_probability, len(edges) // 2
        if self.wrong is not None:
            right = {"fill": True, "color": RIGHT, "alpha": 0.4}
            wrong = {"color": WRONG, "linewidth": 2}
            return [
                ("right", "label is right", probability[~self.wrong], edges, right),
                ("wrong", "label is wrong", probability[self.wrong], edges, wrong),
            ]
        flags = probability > THRESHOLD
        right, wrong = ({"fill": True, "color": color} for color in (RIGHT, WRONG))
        return [
            ("not flagged", "not flagged", probability[~flags], edges[: middle + 1], right),
            ("flagged", "flagged", probability[flags], edges[middle:], wrong),
        ]

    @classmethod
    def from_estimator(cls, estimator, X, y, *, y_true=None, n_bins=30, ax=None):
        """Draw the noise probability that a fitted detector gives its rows.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline that ends in a detector, or a detector by itself.
        X : array-like of shape (n_samples, n_features)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        y_true : array-like of shape (n_samples,), default=None
            The right labels, if you have them; then right and wrong labels are drawn each.
        n_bins : int, default=30
            Number of bins in [0, 1]; an even one, so that none lies across the threshold.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NoiseProbabilityDisplay
        """
        found = read_needed(cls, "noise_probability", estimator, X, y)
        wrong = None if y_true is None else find_wrong(found.labels, y_true)
        return cls.from_predictions(found.noise_probability, wrong=wrong, n_bins=n_bins, ax=ax)

    @classmethod
    def from_predictions(cls, noise_probability, *, wrong=None, n_bins=30, ax=None):
        """Draw noise probabilities.

        Parameters
        ----------
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        wrong : array-like of shape (n_samples,), bool, default=None
            True where the label is wrong in truth; then right and wrong labels are drawn each.
        n_bins : int, default=30
            Number of bins in [0, 1]; an even one, so that none lies across the threshold.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : NoiseProbabilityDisplay
        """
        probability = check_probability(noise_probability, "noise_probability")
        if wrong is not None:
            wrong = check_mask(wrong, "wrong", len(probability))
        return cls(probability, wrong=wrong).plot(ax, n_bins=n_bins)
