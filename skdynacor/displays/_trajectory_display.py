"""Trajectories of flagged and other rows, by epoch."""

import numpy as np

from ..utils.sklearn_private import StrOptions, validates_arguments
from ._checks import check_dynamics, read_needed
from ._drawing import INJECTED, RIGHT, WRONG, make_axes, share_interval


class TrajectoryDisplay:
    """The trajectories of rows that are not flagged, of flagged ones, and of injected label errors.

    A label that is learnt early and kept is most likely right. If the flags are right, the lines of
    flagged rows and of injected label errors are similar.

    Parameters
    ----------
    dynamics : ndarray of shape (n_samples, n_epochs)
        The trajectories.
    flags : ndarray of shape (n_samples,), bool
        True where the label looks wrong.
    injected : ndarray of shape (n_copies, n_epochs), default=None
        The trajectories of injected label errors.
    kind : {"share", "signal"}, default="share"
        What to draw:

        - ``"share"``: the share of rows that the model predicts as labelled (trajectory above 0),
          with its 95 % interval;
        - ``"signal"``: the median and the quartiles of the trajectories.
    stage_name : str, default="epoch"
        Name of a column of ``dynamics``, for the axes.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        Those of ``"not flagged"``, ``"flagged"`` and ``"injected"`` rows, if there are any.
    bands_ : dict of str to matplotlib PolyCollection
        The intervals or quartiles, by the same keys.
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    DataMapDisplay : Shows rows by mean and standard deviation of their trajectories.

    Examples
    --------
    >>> from skdynacor.displays import TrajectoryDisplay
    >>> dynamics = [[-1, 1, 1], [1, 1, 1], [-1, -1, -1]]
    >>> display = TrajectoryDisplay.from_predictions(dynamics, flags=[False, False, True])
    >>> display.lines_["not flagged"].get_ydata()
    array([0.5, 1. , 1. ])
    """

    def __init__(self, dynamics, flags, *, injected=None, kind="share", stage_name="epoch"):
        self.dynamics = dynamics
        self.flags = flags
        self.injected = injected
        self.kind = kind
        self.stage_name = stage_name

    def plot(self, ax=None):
        """Draw on ``ax``, or on a new figure if it is None, and return the display."""
        self.ax_ = ax = make_axes(ax, self)
        self.figure_, self.lines_, self.bands_ = ax.figure, {}, {}
        stages = np.arange(1, self.dynamics.shape[1] + 1)
        for name, dynamics, color, style in [
            ("not flagged", self.dynamics[~self.flags], RIGHT, "o-"),
            ("flagged", self.dynamics[self.flags], WRONG, "s-"),
            ("injected", [] if self.injected is None else self.injected, INJECTED, "--"),
        ]:
            n_rows = len(dynamics)
            if n_rows == 0:
                continue
            if self.kind == "signal":
                low, middle, high = np.percentile(dynamics, [25, 50, 75], axis=0)
            else:
                n_agreed = (dynamics > 0).sum(axis=0)
                middle, (low, high) = n_agreed / n_rows, share_interval(n_agreed, n_rows)
            band = {"color": color, "alpha": 0.2, "linewidth": 0}
            self.bands_[name] = ax.fill_between(stages, low, high, **band)
            line = {"color": color, "markersize": 4, "label": f"{name} ({n_rows:,})"}
            self.lines_[name] = ax.plot(stages, middle, style, **line)[0]
        if self.kind == "share":
            ax.set(ylabel="share of labels the model agrees with", ylim=(-0.03, 1.03))
        else:
            ax.set_ylabel("signal (median and quartiles)")
        ax.set_xlabel(self.stage_name)
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(edgecolor="none")
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, **kwargs):
        """Draw the trajectories that a fitted pipeline recorded.

        Parameters
        ----------
        estimator : estimator
            A pipeline with a ``DynamicsCollector`` and a detector.
        X, y : array-like
            The rows and labels that it was fitted on.
        **kwargs : dict
            ``kind`` and ``ax``, see ``from_predictions``.
        """
        findings = read_needed(estimator, X, y, "dynamics")
        kwargs = {"injected": findings.copies_dynamics, "stage_name": findings.stage_name, **kwargs}
        return cls.from_predictions(findings.dynamics, findings.flags, **kwargs)

    @classmethod
    @validates_arguments(kind=[StrOptions({"auto", "share", "signal"})])
    def from_predictions(
        cls, dynamics, flags, *, injected=None, kind="auto", stage_name="epoch", ax=None
    ):
        """Draw trajectories by flag.

        Parameters
        ----------
        dynamics : array-like of shape (n_samples, n_epochs)
            The trajectories.
        flags : array-like of shape (n_samples,), bool
            True where the label looks wrong.
        injected : array-like of shape (n_copies, n_epochs), default=None
            The trajectories of injected label errors.
        kind : {"auto", "share", "signal"}, default="auto"
            What to draw, see ``TrajectoryDisplay``. ``"auto"`` draws the share if the dynamics have
            both signs.
        stage_name : str, default="epoch"
            Name of a column of ``dynamics``, for the axes.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        """
        dynamics, flags = check_dynamics(dynamics, flags)
        if injected is not None:
            injected = np.asarray(injected)
        if kind == "auto":
            kind = "share" if dynamics.min() < 0 < dynamics.max() else "signal"
        return cls(dynamics, flags, injected=injected, kind=kind, stage_name=stage_name).plot(ax)
