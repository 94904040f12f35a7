"""Histogram of the noise probability."""

import numpy as np

from ._checks import check_mask, check_probability, find_wrong, read_needed
from ._drawing import RIGHT, WRONG, make_axes


class NoiseProbabilityDisplay:
    """Histogram of the probability that labels are wrong, with the threshold of the flags.

    A confident detector has nearly all rows at both ends. Rows in the middle are most worth a
    review. Counts are on a logarithmic scale.

    Parameters
    ----------
    noise_probability : ndarray of shape (n_samples,)
        Probability that the label is wrong.
    wrong : ndarray of shape (n_samples,), bool, default=None
        True where the label is truly wrong. Right and wrong labels are then drawn separately.

    Attributes
    ----------
    bars_ : dict of str to matplotlib StepPatch
        Those of ``"not flagged"`` and ``"flagged"`` rows, or, if ``wrong`` is given, of ``"right"``
        and ``"wrong"`` labels.
    line_ : matplotlib Line2D
        The threshold.
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    NoiseReliabilityDisplay : Shows whether the probabilities are calibrated.

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

    def plot(self, ax=None, *, n_bins=30):
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        n_bins : int, default=30
            Number of bins in [0, 1]; even, so that a bin ends at the threshold.
        """
        if n_bins % 2:
            raise ValueError(f"n_bins must be even, so that a bin ends at 0.5; got {n_bins}.")
        self.ax_ = ax = make_axes(ax, self)
        self.figure_, self.bars_ = ax.figure, {}
        probability, edges = self.noise_probability, np.linspace(0, 1, n_bins + 1)
        if self.wrong is None:
            flags, half = probability > 0.5, n_bins // 2
            right, wrong = {"fill": True, "color": RIGHT}, {"fill": True, "color": WRONG}
            groups = [
                ("not flagged", "not flagged", ~flags, edges[: half + 1], right),
                ("flagged", "flagged", flags, edges[half:], wrong),
            ]
        else:
            right = {"fill": True, "color": RIGHT, "alpha": 0.4}
            wrong = {"color": WRONG, "linewidth": 2}
            groups = [
                ("right", "label is right", ~self.wrong, edges, right),
                ("wrong", "label is wrong", self.wrong, edges, wrong),
            ]
        for name, label, mask, bins, style in groups:
            counts, _ = np.histogram(probability[mask], bins)
            label = f"{label}: {mask.sum():,} rows, {100 * mask.mean():.1f} %"
            self.bars_[name] = ax.stairs(counts, bins, label=label, **style)
        self.line_ = ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.set(xlabel="probability that the label is wrong", ylabel="rows", xlim=(-0.01, 1.01))
        most = max(bars.get_data().values.max() for bars in self.bars_.values())
        ax.set_ylim(0.7, most * (most / 0.7) ** 0.3)  # leaves room for the legend
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(edgecolor="none", loc="upper center")
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, *, y_true=None, **kwargs):
        """Draw the noise probability that a fitted detector gives its rows.

        Parameters
        ----------
        estimator : estimator
            A detector, or a pipeline that ends in one.
        X, y : array-like
            The rows and labels that it was fitted on.
        y_true : array-like of shape (n_samples,), default=None
            The right labels. Right and wrong labels are then drawn separately.
        **kwargs : dict
            Passed on to ``plot``.
        """
        findings = read_needed(estimator, X, y, "noise_probability")
        wrong = None if y_true is None else find_wrong(findings.labels, y_true)
        return cls.from_predictions(findings.noise_probability, wrong=wrong, **kwargs)

    @classmethod
    def from_predictions(cls, noise_probability, *, wrong=None, **kwargs):
        """Draw noise probabilities.

        Parameters
        ----------
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        wrong : array-like of shape (n_samples,), bool, default=None
            True where the label is truly wrong. Right and wrong labels are then drawn separately.
        **kwargs : dict
            Passed on to ``plot``.
        """
        probability = check_probability(noise_probability)
        if wrong is not None:
            wrong = check_mask(wrong, "wrong", probability)
        return cls(probability, wrong=wrong).plot(**kwargs)
