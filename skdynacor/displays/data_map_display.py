"""Each row by the mean and the spread of its trail."""

import numpy as np

from .axes import make_axes, open_frame
from .checks import check_mask, check_trails, read_needed
from .palette import GRAY, RIGHT, WRONG

# How the area of a point grows where more rows have the same place.
_GROWTH = 0.4


class DataMapDisplay:
    """Map of the rows by the mean and the spread of their trails, flagged ones marked.

    Rows at the top are agreed with all along, rows at the bottom never; a wide spread means that
    the model changed its mind [1]_. Rows in the same place share a point, the larger the more they
    are.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    mean : ndarray of shape (n_samples,)
        Mean of each trail.
    spread : ndarray of shape (n_samples,)
        Its standard deviation.
    flags : ndarray of shape (n_samples,), bool
        True where the label is judged wrong.
    stage_name : str, default="epoch"
        What the trails run over.

    Attributes
    ----------
    points_ : dict of str to matplotlib PathCollection
        Of ``"not flagged"`` and ``"flagged"`` rows, as far as there are such.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    TrajectoryDisplay : Shows the trails by epoch.

    References
    ----------
    .. [1] Swayamdipta et al., "Dataset Cartography: Mapping and Diagnosing Datasets with Training
       Dynamics", EMNLP 2020. https://doi.org/10.18653/v1/2020.emnlp-main.746

    Examples
    --------
    >>> from skdynacor.displays import DataMapDisplay
    >>> T = [[1, 1, 1, 1], [-1, 1, -1, 1], [-1, -1, -1, -1]]
    >>> display = DataMapDisplay.from_predictions(T, flags=[False, False, True])
    >>> display.points_["not flagged"].get_offsets().tolist()  # spread, mean
    [[0.0, 1.0], [1.0, 0.0]]
    """

    def __init__(self, mean, spread, flags, *, stage_name="epoch"):
        self.mean = mean
        self.spread = spread
        self.flags = flags
        self.stage_name = stage_name

    def plot(self, ax=None):
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        self : DataMapDisplay
        """
        self.ax_ = ax = make_axes(ax, self)
        self.figure_, self.points_ = ax.figure, {}
        places = np.column_stack([self.spread, self.mean])
        area = np.clip(5000 / len(places), 9, 30)  # of the point of one row, in square points
        for name, mask, color, marker in [
            ("not flagged", ~self.flags, RIGHT, "o"),
            ("flagged", self.flags, WRONG, "D"),
        ]:
            if mask.any():
                # Single precision, so that sums in another order fall in the same place.
                points, n_rows = np.unique(
                    places[mask].astype(np.float32), axis=0, return_counts=True
                )
                self.points_[name] = ax.scatter(
                    *points.T,
                    s=area * n_rows**_GROWTH,
                    color=color,
                    marker=marker,
                    alpha=np.clip(20 / np.sqrt(len(points)), 0.03, 0.6),
                    linewidths=0,
                    rasterized=True,  # tens of thousands of points would make a slow PDF
                    label=f"{name} ({mask.sum():,})",
                )
        if self.mean.min() < 0 < self.mean.max():
            ax.axhline(0, color=GRAY, linewidth=0.8, zorder=0)
        ax.set_xlabel(f"spread of the signal over {self.stage_name}s (standard deviation)")
        ax.set_ylabel(f"mean of the signal over {self.stage_name}s")
        low, high = ax.get_ylim()
        ax.set_ylim(top=high + 0.15 * (high - low))  # leaves room for the legend
        open_frame(ax)
        for handle in ax.legend(edgecolor="none", loc="upper right").legend_handles:
            handle.set(alpha=1, sizes=[30])
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None):
        """Draw the map of the trails that a fitted pipeline recorded.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline with a ``DynamicsCollector`` and a detector.
        X : array-like of shape (n_samples, n_features)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : DataMapDisplay
        """
        found = read_needed(cls, "dynamics", estimator, X, y)
        return cls.from_predictions(found.dynamics, found.flags, stage_name=found.stage_name, ax=ax)

    @classmethod
    def from_predictions(cls, dynamics, flags, *, stage_name="epoch", ax=None):
        """Draw the map of trails.

        Parameters
        ----------
        dynamics : array-like of shape (n_samples, n_epochs)
            The trails.
        flags : array-like of shape (n_samples,), bool
            True where the label is judged wrong.
        stage_name : str, default="epoch"
            What the columns of ``dynamics`` are.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : DataMapDisplay
        """
        dynamics = check_trails(dynamics)
        flags = check_mask(flags, "flags", len(dynamics))
        mean = dynamics.mean(axis=1, dtype=np.float64)
        spread = dynamics.std(axis=1, dtype=np.float64)
        return cls(mean, spread, flags, stage_name=stage_name).plot(ax)
