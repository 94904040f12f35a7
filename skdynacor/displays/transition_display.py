"""How often classes are mistaken for each other."""

import numpy as np

from ..groundwork.sklearn_private import takes
from ..groundwork.validation import check_array
from .checks import check_labels, read_needed
from .matrix import draw_matrix
from .palette import SEQUENTIAL


class TransitionDisplay:
    """The noise transition matrix: which class is given which label, and how often.

    Colours follow the square root of the probability, so that rare mistakes show, too.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    transition : ndarray of shape (n_classes, n_classes)
        Probability that a row of one class (its row) is given the label of another (its column).
    classes : ndarray of shape (n_classes,), default=None
        The labels; None numbers them.

    Attributes
    ----------
    im_ : matplotlib AxesImage
    text_ : ndarray of shape (n_classes, n_classes) of matplotlib Text, or None
        The probabilities in per cent, left out where they round to 0; None with more than 15
        classes.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    LabelMatrixDisplay : Counts the rows whose label would be replaced.

    Examples
    --------
    >>> from skdynacor.displays import TransitionDisplay
    >>> display = TransitionDisplay.from_predictions([[0.9, 0.1], [0, 1]], classes=["ant", "bee"])
    >>> [text.get_text() for text in display.text_.ravel()]
    ['90', '10', '', '100']
    """

    def __init__(self, transition, *, classes=None):
        self.transition = transition
        self.classes = classes

    @takes(cmap=[str, callable], colorbar=["boolean"])
    def plot(self, ax=None, *, cmap=SEQUENTIAL, colorbar=True):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, the larger the more classes there are.
        cmap : str or matplotlib Colormap, default="Blues"
        colorbar : bool, default=True
            Whether to draw a colour bar.

        Returns
        -------
        self : TransitionDisplay
        """
        self.ax_, self.im_, self.text_ = draw_matrix(
            self,
            100 * self.transition,
            self.classes,
            ax,
            write=lambda percent: f"{percent:.0f}" if percent >= 0.5 else "",
            cmap=cmap,
            vmax=100,
            gamma=0.5,
            colorbar=colorbar,
            labels=("true class", "given label", "rows of the class, %"),
        )
        self.figure_ = self.ax_.figure
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, *, cmap=SEQUENTIAL, colorbar=True, ax=None):
        """Draw the noise transition that a fitted pipeline estimated.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline that ends in a ``TransitionDetector``.
        X : array-like of shape (n_samples, n_features)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        cmap : str or matplotlib Colormap, default="Blues"
        colorbar : bool, default=True
            Whether to draw a colour bar.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, the larger the more classes there are.

        Returns
        -------
        display : TransitionDisplay
        """
        found = read_needed(cls, "transition", estimator, X, y)
        return cls.from_predictions(
            found.transition, classes=found.classes, cmap=cmap, colorbar=colorbar, ax=ax
        )

    @classmethod
    def from_predictions(cls, transition, *, classes=None, cmap=SEQUENTIAL, colorbar=True, ax=None):
        """Draw a noise transition.

        Parameters
        ----------
        transition : array-like of shape (n_classes, n_classes)
            Probability that a row of one class (its row) is given the label of another (its
            column).
        classes : array-like of shape (n_classes,), default=None
            The labels; None numbers them.
        cmap : str or matplotlib Colormap, default="Blues"
        colorbar : bool, default=True
            Whether to draw a colour bar.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, the larger the more classes there are.

        Returns
        -------
        display : TransitionDisplay
        """
        transition = _check_transition(transition)
        if classes is not None:
            classes = check_labels(classes, "classes", len(transition))
        return cls(transition, classes=classes).plot(ax, cmap=cmap, colorbar=colorbar)


def _check_transition(transition):
    transition = check_array(transition, input_name="transition")
    n_rows, n_columns = transition.shape
    if n_rows != n_columns:
        raise ValueError(
            f"transition must have a row and a column for each class; got shape {transition.shape}."
        )
    if not ((transition >= 0).all() and np.allclose(transition.sum(axis=1), 1, atol=1e-3)):
        raise ValueError(
            "Each row of transition must be non-negative and sum to 1: it is the probability of "
            "each label, given the true class of the row. Divide counts by the sums of their rows."
        )
    return transition
