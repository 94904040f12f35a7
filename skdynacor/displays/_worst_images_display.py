"""Gallery of the images whose labels look worst."""

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from ..inspection._findings import read_findings
from ._checks import check_probability
from ._drawing import import_pyplot, shorten
from ._image_arrays import find_images, to_displayable

_MAX_COLUMNS = 6


class WorstImagesDisplay:
    """Gallery of the images whose labels are most likely wrong, worst first.

    Titles have the given label, the suggested one, and the probability that the given one is wrong.

    Parameters
    ----------
    images : ndarray of shape (n_images, h, w), (n_images, h, w, 3) or (n_images, h, w, 4)
        The images, with values in [0, 1].
    labels : ndarray of shape (n_images,)
        The given labels.
    suggested_labels : ndarray of shape (n_images,)
        The suggested labels; the given one where there is no suggestion.
    noise_score : ndarray of shape (n_images,)
        The probability that the label is wrong, or another score.
    rows : ndarray of shape (n_images,)
        The positions of the images among all rows.
    is_probability : bool, default=True
        Whether ``noise_score`` is a probability.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        The grid.
    ims_ : list of matplotlib AxesImage
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.displays import WorstImagesDisplay
    >>> display = WorstImagesDisplay.from_predictions(
    ...     load_digits().images[:4],
    ...     labels=[0, 7, 2, 8],
    ...     suggested_labels=[0, 1, 2, 3],
    ...     noise_probability=[0.1, 0.9, 0.1, 0.8],
    ...     n_images=2,
    ... )
    >>> for ax in display.axes_:
    ...     print(ax.get_title())
    7 → 1
    90 %
    8 → 3
    80 %
    """

    def __init__(self, images, labels, suggested_labels, noise_score, rows, *, is_probability=True):
        self.images = images
        self.labels = labels
        self.suggested_labels = suggested_labels
        self.noise_score = noise_score
        self.rows = rows
        self.is_probability = is_probability

    def plot(self, axes=None):
        """Draw on ``axes``, or on a new figure if it is None, and return the display."""
        titles, self.ims_ = self._titles(), []
        self.axes_ = self._make_axes(titles) if axes is None else np.atleast_1d(axes)
        self.figure_ = self.axes_.flat[0].figure
        for ax in self.axes_.flat:
            ax.set_axis_off()
        for ax, image, title in zip(self.axes_.flat, self.images, titles, strict=False):
            self.ims_.append(ax.imshow(image, cmap="gray", vmin=0, vmax=1))
            ax.set_title(title, fontsize="small")
        return self

    def _make_axes(self, titles):
        n_columns = min(len(titles), _MAX_COLUMNS)
        n_rows = -(-len(titles) // n_columns)
        height = 1.5 + 0.2 * titles[0].count("\n")
        size = max(1.6 * n_columns, 3.2), 0.5 + height * n_rows
        pyplot = import_pyplot(self)
        figure, axes = pyplot.subplots(n_rows, n_columns, figsize=size, layout="constrained")
        score = "probability that the given one is wrong" if self.is_probability else "noise score"
        figure.suptitle(f"given label → suggested label\n{score}", fontsize="medium")
        return np.atleast_1d(axes)

    def _titles(self):
        pairs = zip(self.labels, self.suggested_labels, strict=True)
        names = [[shorten(name, 18) for name in dict.fromkeys(pair)] for pair in pairs]
        arrow = " → " if max(len(" → ".join(pair)) for pair in names) <= 20 else "\n→ "
        write = "{:.0%}" if self.is_probability else "{:.3g}"
        scores = [write.format(score).replace("%", " %") for score in self.noise_score]
        return [f"{arrow.join(pair)}\n{score}" for pair, score in zip(names, scores, strict=True)]

    @classmethod
    def from_estimator(cls, estimator, X, y, *, images=None, n_images=24, axes=None):
        """Draw the images whose labels look worst to a fitted detector.

        Parameters
        ----------
        estimator : estimator
            A detector, or a pipeline that ends in one.
        X, y : array-like
            The rows and labels that it was fitted on.
        images : array-like of shape (n_samples, h, w[, c]) or (n_samples, c, h, w), default=None
            The images of the rows, see ``from_predictions``; None takes X itself.
        n_images : int, default=24
            How many to show.
        axes : matplotlib Axes or array-like of them, default=None
            Where to draw, one image on each, row by row; None makes a new figure.
        """
        findings = read_findings(estimator, X, y)
        images = find_images(X if images is None else images, len(findings.labels))
        is_probability = findings.noise_probability is not None
        score = findings.noise_probability if is_probability else findings.noise_score
        suggested = (
            findings.labels if findings.suggested_labels is None else findings.suggested_labels
        )
        rows = findings.worst_first[:n_images]
        shown = findings.labels[rows], suggested[rows], score[rows], rows
        return cls(to_displayable(images[rows]), *shown, is_probability=is_probability).plot(axes)

    @classmethod
    def from_predictions(
        cls, images, labels, suggested_labels, noise_probability, *, n_images=24, axes=None
    ):
        """Draw the images whose labels are most likely wrong.

        Parameters
        ----------
        images : array-like of shape (n_samples, h, w[, c]) or (n_samples, c, h, w)
            Images with c = 1, 3 or 4 channels. Values of type uint8 or in [0, 1] are shown as they
            are; others are scaled to the range of the images shown.
        labels : array-like of shape (n_samples,)
            The given labels.
        suggested_labels : array-like of shape (n_samples,) or None
            The suggested labels.
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        n_images : int, default=24
            How many to show.
        axes : matplotlib Axes or array-like of them, default=None
            Where to draw, one image on each, row by row; None makes a new figure.
        """
        labels, probability = column_or_1d(labels), check_probability(noise_probability)
        suggested = labels if suggested_labels is None else column_or_1d(suggested_labels)
        check_consistent_length(labels, suggested, probability)
        images = find_images(images, len(labels))
        rows = np.argsort(-probability, kind="stable")[:n_images]
        shown = labels[rows], suggested[rows], probability[rows], rows
        return cls(to_displayable(images[rows]), *shown).plot(axes)
