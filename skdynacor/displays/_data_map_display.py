"""Rows by mean and standard deviation of their trajectories."""

import numpy as np

from ._checks import check_dynamics, read_needed
from ._drawing import GRAY, RIGHT, WRONG, make_axes


class DataMapDisplay:
    """Map of the rows by mean and standard deviation of their trajectories, by flag.

    Rows at the top are predicted as labelled throughout the training, those at the bottom never. A
    large standard deviation means that the prediction changes [1]_. Rows in the same place share
    one point, whose size grows with their number.

    Parameters
    ----------
    mean : ndarray of shape (n_samples,)
        Mean of each trajectory.
    spread : ndarray of shape (n_samples,)
        Standard deviation of each trajectory.
    flags : ndarray of shape (n_samples,), bool
        True where the label looks wrong.
    stage_name : str, default="epoch"
        Name of a column of the dynamics, for the axes.

    Attributes
    ----------
    points_ : dict of str to matplotlib PathCollection
        Those of ``"not flagged"`` and ``"flagged"`` rows, if there are any.
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    TrajectoryDisplay : Shows the trajectories by epoch.

    References
    ----------
    .. [1] Swayamdipta et al., "Dataset Cartography: Mapping and Diagnosing Datasets with Training
       Dynamics", EMNLP 2020. https://doi.org/10.18653/v1/2020.emnlp-main.746

    Examples
    --------
    >>> from skdynacor.displays import DataMapDisplay
    >>> dynamics = [[1, 1, 1, 1], [-1, 1, -1, 1], [-1, -1, -1, -1]]
    >>> display = DataMapDisplay.from_predictions(dynamics, flags=[False, False, True])
    >>> display.points_["not flagged"].get_offsets().tolist()  # spread, mean
    [[0.0, 1.0], [1.0, 0.0]]
    """

    def __init__(self, mean, spread, flags, *, stage_name="epoch"):
        self.mean = mean
        self.spread = spread
        self.flags = flags
        self.stage_name = stage_name

    def plot(self, ax=None):
        """Draw on ``ax``, or on a new figure if it is None, and return the display."""
        self.ax_ = ax = make_axes(ax, self)
        self.figure_, self.points_ = ax.figure, {}
        # Single precision merges places that differ by rounding alone.
        places = np.column_stack([self.spread, self.mean]).astype(np.float32)
        area = np.clip(5000 / len(places), 9, 30)  # of the point of one row, in square points
        for name, mask, color, marker in [
            ("not flagged", ~self.flags, RIGHT, "o"),
            ("flagged", self.flags, WRONG, "D"),
        ]:
            if mask.any():
                points, n_rows = np.unique(places[mask], axis=0, return_counts=True)
                self.points_[name] = ax.scatter(
                    *points.T,
                    s=area * n_rows**0.4,
                    color=color,
                    marker=marker,
                    alpha=np.clip(20 / np.sqrt(len(points)), 0.03, 0.6),
                    linewidths=0,
                    rasterized=True,  # tens of thousands of points would make a slow PDF
                    label=f"{name} ({mask.sum():,})",
                )
        if self.mean.min() < 0 < self.mean.max():
            ax.axhline(0, color=GRAY, linewidth=0.8, zorder=0)
        ax.set_xlabel(f"standard deviation of the signal over {self.stage_name}s")
        ax.set_ylabel(f"mean of the signal over {self.stage_name}s")
        ax.margins(y=0.15)  # leaves room for the legend
        ax.spines[["top", "right"]].set_visible(False)
        for handle in ax.legend(edgecolor="none", loc="upper right").legend_handles:
            handle.set(alpha=1, sizes=[30])
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None):
        """Draw the map of the trajectories that a fitted pipeline recorded.

        Parameters
        ----------
        estimator : estimator
            A pipeline with a ``DynamicsCollector`` and a detector.
        X, y : array-like
            The rows and labels that it was fitted on.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        findings = read_needed(estimator, X, y, "dynamics")
        return cls.from_predictions(
            findings.dynamics, findings.flags, stage_name=findings.stage_name, ax=ax
        )

    @classmethod
    def from_predictions(cls, dynamics, flags, *, stage_name="epoch", ax=None):
        """Draw the map of trajectories.

        Parameters
        ----------
        dynamics : array-like of shape (n_samples, n_epochs)
            The trajectories.
        flags : array-like of shape (n_samples,), bool
            True where the label looks wrong.
        stage_name : str, default="epoch"
            Name of a column of ``dynamics``, for the axes.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        dynamics, flags = check_dynamics(dynamics, flags)
        mean, spread = dynamics.mean(axis=1, dtype=float), dynamics.std(axis=1, dtype=float)
        return cls(mean, spread, flags, stage_name=stage_name).plot(ax)
