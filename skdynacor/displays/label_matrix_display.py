"""Which labels would be replaced by which."""

import numpy as np
from sklearn.metrics import confusion_matrix

from ..groundwork.sklearn_private import takes
from ..groundwork.validation import encode_labels
from .checks import check_labels, read_needed
from .matrix import draw_matrix
from .palette import SEQUENTIAL


class LabelMatrixDisplay:
    """Matrix of the given labels against the suggested ones.

    Its cells count the rows whose label would be replaced. The diagonal counts those that stay as
    they are; it is gray, since it would outshine all else.

    Make one by ``from_estimator`` or ``from_predictions``.

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
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    See Also
    --------
    TransitionDisplay : Shows how often classes are mistaken for each other, by the noise model.

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
        self : LabelMatrixDisplay
        """
        stays = np.eye(len(self.matrix), dtype=bool)
        self.ax_, self.im_, self.text_ = draw_matrix(
            self,
            np.ma.array(self.matrix, mask=stays),
            self.classes,
            ax,
            write=lambda count: f"{count:,}" if count else "",
            cmap=cmap,
            vmax=max(self.matrix[~stays].max(), 1),
            colorbar=colorbar,
            labels=("given label", "suggested label", "rows"),
        )
        self.figure_ = self.ax_.figure
        return self

    @classmethod
    def from_estimator(cls, estimator, X, y, *, cmap=SEQUENTIAL, colorbar=True, ax=None):
        """Draw the labels of a fitted pipeline against those that it suggests.

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
        display : LabelMatrixDisplay
        """
        found = read_needed(cls, "suggested_labels", estimator, X, y)
        return cls.from_predictions(
            found.labels, found.suggested_labels, cmap=cmap, colorbar=colorbar, ax=ax
        )

    @classmethod
    def from_predictions(cls, labels, suggested_labels, *, cmap=SEQUENTIAL, colorbar=True, ax=None):
        """Draw given labels against suggested ones.

        Parameters
        ----------
        labels : array-like of shape (n_samples,)
            The given labels.
        suggested_labels : array-like of shape (n_samples,)
            The labels suggested in their place: the same where a label is left alone.
        cmap : str or matplotlib Colormap, default="Blues"
        colorbar : bool, default=True
            Whether to draw a colour bar.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, the larger the more classes there are.

        Returns
        -------
        display : LabelMatrixDisplay
        """
        labels = check_labels(labels, "labels")
        suggested_labels = check_labels(suggested_labels, "suggested_labels", len(labels))
        classes, codes = encode_labels(np.concatenate([labels, suggested_labels]))
        given, suggested = codes[: len(labels)], codes[len(labels) :]
        matrix = confusion_matrix(given, suggested, labels=np.arange(len(classes)))
        return cls(matrix, classes=classes).plot(ax, cmap=cmap, colorbar=colorbar)
