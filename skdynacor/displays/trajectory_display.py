"""How right and wrong labels are learnt, by epoch."""

import numpy as np

from ..groundwork.sklearn_private import StrOptions, takes
from .axes import make_axes, open_frame
from .checks import check_mask, check_trails, read_needed
from .intervals import share_interval
from .palette import PLANTED, RIGHT, WRONG

KINDS = ("auto", "share", "signal")


class TrajectoryDisplay:
    """The trails of rows that are not flagged, of those that are, and of planted wrong labels.

    A label that is learnt early and kept is most likely right. Lines of flagged rows and of planted
    labels that run alike say that what was flagged is learnt as wrong labels are.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    dynamics : ndarray of shape (n_samples, n_epochs)
        The trails.
    flags : ndarray of shape (n_samples,), bool
        True where the label is judged wrong.
    planted : ndarray of shape (n_copies, n_epochs), default=None
        The trails of labels that are known to be wrong.
    kind : {"share", "signal"}, default="share"
        What to draw:

        - ``"share"``: the share of rows whose label the model agrees with, which is where the trail
          is above 0, and the share's 95 % interval, which few rows leave wide;
        - ``"signal"``: the median of the trails, and their quartiles.
    stage_name : str, default="epoch"
        What the columns of ``dynamics`` are.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        Of ``"not flagged"``, ``"flagged"`` and ``"planted"``, as far as there are such rows.
    bands_ : dict of str to matplotlib PolyCollection
        Likewise.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    DataMapDisplay : Shows each row by mean and spread of its trail.

    Examples
    --------
    >>> from skdynacor.displays import TrajectoryDisplay
    >>> T = [[-1, 1, 1], [1, 1, 1], [-1, -1, -1]]
    >>> display = TrajectoryDisplay.from_predictions(T, flags=[False, False, True])
    >>> display.lines_["not flagged"].get_ydata()
    array([0.5, 1. , 1. ])
    """

    def __init__(self, dynamics, flags, *, planted=None, kind="share", stage_name="epoch"):
        self.dynamics = dynamics
        self.flags = flags
        self.planted = planted
        self.kind = kind
        self.stage_name = stage_name

    def plot(self, ax=None):
        """Draw the trails.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        self : TrajectoryDisplay
        """
        self.ax_ = ax = make_axes(ax, self)
        self.figure_ = ax.figure
        self.lines_, self.bands_ = {}, {}
        stages = np.arange(1, self.dynamics.shape[1] + 1)
        for name, trails, color, style in self._groups():
            middle, low, high = _summarise(trails, self.kind)
            self.bands_[name] = ax.fill_between(
                stages, low, high, color=color, alpha=0.2, linewidth=0
            )
            self.lines_[name] = ax.plot(
                stages, middle, style, color=color, markersize=4, label=f"{name} ({len(trails):,})"
            )[0]
        if self.kind == "share":
            ax.set(ylabel="share of labels the model agrees with", ylim=(-0.03, 1.03))
        else:
            ax.set_ylabel("signal (median and quartiles)")
        ax.set_xlabel(self.stage_name)
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        open_frame(ax)
        ax.legend(edgecolor="none")
        return self

    def _groups(self):
        groups = [
            ("not flagged", self.dynamics[~self.flags], RIGHT, "o-"),
            ("flagged", self.dynamics[self.flags], WRONG, "s-"),
        ]
        if self.planted is not None:
            groups.append(("planted", self.planted, PLANTED, "--"))
        return [group for group in groups if len(group[1])]

    @classmethod
    @takes(kind=[StrOptions(set(KINDS))])
    def from_estimator(cls, estimator, X, y, *, kind="auto", ax=None):
        """Draw the trails that a fitted pipeline recorded.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline with a ``DynamicsCollector`` and a detector.
        X : array-like of shape (n_samples, n_features)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        kind : {"auto", "share", "signal"}, default="auto"
            What to draw, see ``TrajectoryDisplay``. ``"auto"`` draws the share where the sign of
            the signal tells agreement.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrajectoryDisplay
        """
        found = read_needed(cls, "dynamics", estimator, X, y)
        if kind == "auto":
            kind = "share" if found.agreement else "signal"
        return cls.from_predictions(
            found.dynamics,
            found.flags,
            planted=found.planted_dynamics,
            kind=kind,
            stage_name=found.stage_name,
            ax=ax,
        )

    @classmethod
    @takes(kind=[StrOptions(set(KINDS))])
    def from_predictions(
        cls, dynamics, flags, *, planted=None, kind="auto", stage_name="epoch", ax=None
    ):
        """Draw trails and flags.

        Parameters
        ----------
        dynamics : array-like of shape (n_samples, n_epochs)
            The trails.
        flags : array-like of shape (n_samples,), bool
            True where the label is judged wrong.
        planted : array-like of shape (n_copies, n_epochs), default=None
            The trails of labels that are known to be wrong.
        kind : {"auto", "share", "signal"}, default="auto"
            What to draw, see ``TrajectoryDisplay``. ``"auto"`` draws the share where trails have
            both signs.
        stage_name : str, default="epoch"
            What the columns of ``dynamics`` are.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrajectoryDisplay
        """
        dynamics = check_trails(dynamics)
        flags = check_mask(flags, "flags", len(dynamics))
        if planted is not None and len(planted):
            planted = check_trails(planted, "planted")
            if planted.shape[1] != dynamics.shape[1]:
                raise ValueError(
                    f"planted must have as many columns as dynamics, {dynamics.shape[1]}; "
                    f"got shape {planted.shape}."
                )
        else:
            planted = None
        if kind == "auto":
            kind = "share" if dynamics.min() < 0 < dynamics.max() else "signal"
        return cls(dynamics, flags, planted=planted, kind=kind, stage_name=stage_name).plot(ax)


def _summarise(trails, kind):
    """Give what the line and the lower and upper edge of the band show, (n_epochs,) each."""
    if kind == "signal":
        low, middle, high = np.percentile(trails, [25, 50, 75], axis=0)
        return middle, low, high
    n_agreed = (trails > 0).sum(axis=0)
    return n_agreed / len(trails), *share_interval(n_agreed, len(trails))
