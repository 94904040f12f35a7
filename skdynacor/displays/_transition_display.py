"""The noise transition matrix."""

import numpy as np

from ..utils.validation import check_array
from ._checks import read_needed
from ._drawing import draw_matrix


class TransitionDisplay:
    """The noise transition matrix: how often each class is labelled as each other.

    Colours follow the square root of the probability, so that rare errors are visible.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        Probability that a row of one class (its row) is given the label of another (its column).
    classes : ndarray of shape (n_classes,), default=None
        The labels; None numbers them.

    Attributes
    ----------
    im_ : matplotlib AxesImage
    text_ : ndarray of shape (n_classes, n_classes) of matplotlib Text, or None
        The probabilities in per cent, empty if they round to 0; None with more than 15 classes.
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    LabelMatrixDisplay : Counts rows by given and suggested label.

    Examples
    --------
    >>> from skdynacor.displays import TransitionDisplay
    >>> display = TransitionDisplay.from_predictions([[0.9, 0.1], [0, 1]], classes=["ant", "bee"])
    >>> [text.get_text() for text in display.text_.ravel()]
    ['90', '10', '', '100']
    """

    def __init__(self, transition_matrix, *, classes=None):
        self.transition_matrix = transition_matrix
        self.classes = classes

    def plot(self, ax=None, *, cmap="Blues", colorbar=True):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, the larger the more classes there are.
        cmap : str or matplotlib Colormap, default="Blues"
        colorbar : bool, default=True
        """
        return draw_matrix(
            self,
            100 * self.transition_matrix,
            self.classes,
            ax,
            write=lambda percent: f"{percent:.0f}" if percent >= 0.5 else "",
            vmax=100,
            gamma=0.5,
            cmap=cmap,
            colorbar=colorbar,
            labels=("true class", "given label", "rows of the class, %"),
        )

    @classmethod
    def from_estimator(cls, estimator, X, y, **kwargs):
        """Draw the transition matrix that a fitted detector estimated.

        Parameters
        ----------
        estimator : estimator
            A detector, or a pipeline that ends in one.
        X, y : array-like
            The rows and labels that it was fitted on.
        **kwargs : dict
            Passed on to ``plot``.
        """
        findings = read_needed(estimator, X, y, "transition_matrix")
        return cls.from_predictions(findings.transition_matrix, classes=findings.classes, **kwargs)

    @classmethod
    def from_predictions(cls, transition_matrix, *, classes=None, **kwargs):
        """Draw a transition matrix.

        Parameters
        ----------
        transition_matrix : array-like of shape (n_classes, n_classes)
            Probability that a row of one class (its row) is given the label of another (its
            column).
        classes : array-like of shape (n_classes,), default=None
            The labels; None numbers them.
        **kwargs : dict
            Passed on to ``plot``.
        """
        transition_matrix = check_array(transition_matrix, input_name="transition_matrix")
        if not np.allclose(transition_matrix.sum(axis=1), 1, atol=1e-3):
            raise ValueError(
                "Each row of transition_matrix must sum to 1: the probabilities of each label, "
                "given the true class. Divide counts by their row sums."
            )
        return cls(transition_matrix, classes=classes).plot(**kwargs)
