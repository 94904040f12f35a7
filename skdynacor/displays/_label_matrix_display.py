"""Given against suggested labels."""

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.utils.validation import check_consistent_length

from ..utils.validation import number_labels, read_labels
from ._checks import read_needed
from ._drawing import draw_matrix


class LabelMatrixDisplay:
    """Matrix of the given labels against the suggested ones.

    Each cell counts rows. The diagonal counts the labels that stay; it is gray, so that its large
    numbers do not hide the others.

    Parameters
    ----------
    matrix : ndarray of shape (n_classes, n_classes)
        Number of rows by given label (its row) and suggested label (its column).
    classes : ndarray of shape (n_classes,), default=None
        The labels; None numbers them.

    Attributes
    ----------
    im_ : matplotlib AxesImage
    text_ : ndarray of shape (n_classes, n_classes) of matplotlib Text, or None
        The counts; None with more than 15 classes.
    ax_, figure_ : matplotlib Axes and Figure

    See Also
    --------
    TransitionDisplay : Shows how often each class is labelled as each other.

    Examples
    --------
    >>> from skdynacor.displays import LabelMatrixDisplay
    >>> display = LabelMatrixDisplay.from_predictions(
    ...     labels=["ant", "bee", "bee", "ant"], suggested_labels=["ant", "bee", "ant", "ant"]
    ... )
    >>> display.matrix
    array([[2, 0],
           [1, 1]])
    """

    def __init__(self, matrix, *, classes=None):
        self.matrix = matrix
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
        stays = np.eye(len(self.matrix), dtype=bool)
        return draw_matrix(
            self,
            np.ma.array(self.matrix, mask=stays),
            self.classes,
            ax,
            write=lambda count: f"{count:,}" if count else "",
            vmax=max(self.matrix[~stays].max(), 1),
            cmap=cmap,
            colorbar=colorbar,
            labels=("given label", "suggested label", "rows"),
        )

    @classmethod
    def from_estimator(cls, estimator, X, y, **kwargs):
        """Draw the given labels against those that a fitted detector suggests.

        Parameters
        ----------
        estimator : estimator
            A detector, or a pipeline that ends in one.
        X, y : array-like
            The rows and labels that it was fitted on.
        **kwargs : dict
            Passed on to ``plot``.
        """
        findings = read_needed(estimator, X, y, "suggested_labels")
        return cls.from_predictions(findings.labels, findings.suggested_labels, **kwargs)

    @classmethod
    def from_predictions(cls, labels, suggested_labels, **kwargs):
        """Draw given labels against suggested ones.

        Parameters
        ----------
        labels : array-like of shape (n_samples,)
            The given labels.
        suggested_labels : array-like of shape (n_samples,)
            The suggested labels; the given one where there is no suggestion.
        **kwargs : dict
            Passed on to ``plot``.
        """
        labels, suggested_labels = read_labels(labels), read_labels(suggested_labels)
        check_consistent_length(labels, suggested_labels)
        classes, codes = number_labels(np.concatenate([labels, suggested_labels]))
        return cls(confusion_matrix(*np.split(codes, 2)), classes=classes).plot(**kwargs)
