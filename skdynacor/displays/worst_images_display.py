"""Gallery of the images whose labels look worst."""

import numpy as np

from ..groundwork.sklearn_private import Count, takes
from ..inspection.findings import read_findings
from .axes import check_axes, import_pyplot, shorten
from .checks import check_labels, check_probability
from .image_arrays import find_images, to_displayable

_MAX_COLUMNS, _MAX_CHARACTERS, _MAX_CHARACTERS_IN_LINE = 6, 18, 20


class WorstImagesDisplay:
    """Gallery of the images whose labels are most likely wrong, worst first.

    Titles say the given label, the suggested one, and how likely the given one is wrong.

    Make one by ``from_estimator`` or ``from_predictions``.

    Parameters
    ----------
    images : ndarray of shape (n_images, h, w), (n_images, h, w, 3) or (n_images, h, w, 4)
        What is shown: values in [0, 1].
    labels : ndarray of shape (n_images,)
        The given labels.
    suggested_labels : ndarray of shape (n_images,)
        The labels suggested in their place: the same where there is none.
    noise_score : ndarray of shape (n_images,)
        The probability that the label is wrong, or another score.
    rows : ndarray of shape (n_images,)
        The positions of the images among all rows.
    is_probability : bool, default=True
        Whether ``noise_score`` is a probability.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        The grid, without frames.
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
        """Draw the gallery.

        Parameters
        ----------
        axes : matplotlib Axes or array-like of them, default=None
            Where to draw, at least one for each image, filled row by row; None makes a new figure.

        Returns
        -------
        self : WorstImagesDisplay
        """
        titles = self._titles()
        self.axes_ = self._make_axes(titles) if axes is None else np.atleast_1d(axes)
        for ax in self.axes_.flat:
            check_axes(ax)
        if self.axes_.size < len(titles):
            raise ValueError(
                f"There are {len(titles)} images to draw, and {self.axes_.size} axes; pass an axes "
                f"for each, or n_images={self.axes_.size}."
            )
        self.figure_ = self.axes_.flat[0].figure
        for ax in self.axes_.flat:
            ax.set_axis_off()
        self.ims_ = []
        for ax, image, title in zip(self.axes_.flat, self.images, titles, strict=False):
            self.ims_.append(ax.imshow(image, cmap="gray", vmin=0, vmax=1))
            ax.set_title(title, fontsize="small")
        return self

    def _make_axes(self, titles):
        n_columns = min(len(titles), _MAX_COLUMNS)
        n_rows = -(-len(titles) // n_columns)
        height = 1.5 + 0.2 * titles[0].count("\n")
        figure, axes = import_pyplot(self).subplots(
            n_rows,
            n_columns,
            figsize=(max(1.6 * n_columns, 3.2), 0.5 + height * n_rows),
            layout="constrained",
        )
        score = "probability that the given one is wrong" if self.is_probability else "noise score"
        figure.suptitle(f"given label → suggested label\n{score}", fontsize="medium")
        return np.atleast_1d(axes)

    def _titles(self):
        names = [
            [shorten(name, _MAX_CHARACTERS) for name in dict.fromkeys(pair)]
            for pair in zip(self.labels, self.suggested_labels, strict=True)
        ]
        in_line = max(len(" → ".join(pair)) for pair in names) <= _MAX_CHARACTERS_IN_LINE
        arrow = " → " if in_line else "\n→ "
        write = "{:.0%}" if self.is_probability else "{:.3g}"
        return [
            f"{arrow.join(pair)}\n{write.format(score).replace('%', ' %')}"
            for pair, score in zip(names, self.noise_score, strict=True)
        ]

    @classmethod
    @takes(n_images=[Count(1)])
    def from_estimator(cls, estimator, X, y, *, images=None, n_images=24, axes=None):
        """Draw the rows that a fitted detector finds worst.

        Parameters
        ----------
        estimator : estimator
            A fitted pipeline that ends in a detector, a detector, or a baseline.
        X : array-like of shape (n_samples, ...)
            The rows of ``fit``.
        y : array-like of shape (n_samples,)
            The labels of ``fit``.
        images : array-like of shape (n_samples, h, w[, c]) or (n_samples, c, h, w), default=None
            The images that the rows stand for, see ``from_predictions``; None takes X itself.
        n_images : int, default=24
            How many to show.
        axes : matplotlib Axes or array-like of them, default=None
            Where to draw, at least one for each image; None makes a new figure.

        Returns
        -------
        display : WorstImagesDisplay
        """
        found = read_findings(estimator, X, y)
        if images is None:
            images = find_images(X, len(found.labels), "X, unless images are passed,")
        else:
            images = find_images(images, len(found.labels))
        is_probability = found.noise_probability is not None
        return cls._of_first(
            found.worst_first,
            n_images,
            images,
            found.labels,
            found.suggested_labels,
            found.noise_probability if is_probability else found.noise_score,
            is_probability=is_probability,
        ).plot(axes)

    @classmethod
    @takes(n_images=[Count(1)])
    def from_predictions(
        cls, images, labels, suggested_labels, noise_probability, *, n_images=24, axes=None
    ):
        """Draw the images whose labels are most likely wrong.

        Parameters
        ----------
        images : array-like of shape (n_samples, h, w[, c]) or (n_samples, c, h, w)
            With one, three or four channels c. Bytes, and values that are all in [0, 1], are shown
            as they are; others are stretched from the smallest to the largest that is shown.
        labels : array-like of shape (n_samples,)
            The given labels.
        suggested_labels : array-like of shape (n_samples,) or None
            The labels suggested in their place.
        noise_probability : array-like of shape (n_samples,)
            Probability that the label is wrong.
        n_images : int, default=24
            How many to show.
        axes : matplotlib Axes or array-like of them, default=None
            Where to draw, at least one for each image; None makes a new figure.

        Returns
        -------
        display : WorstImagesDisplay
        """
        labels = check_labels(labels, "labels")
        images = find_images(images, len(labels))
        if suggested_labels is not None:
            suggested_labels = check_labels(suggested_labels, "suggested_labels", len(labels))
        probability = check_probability(noise_probability, "noise_probability", len(labels))
        order = np.argsort(-probability, kind="stable")
        return cls._of_first(order, n_images, images, labels, suggested_labels, probability).plot(
            axes
        )

    @classmethod
    def _of_first(cls, order, n_images, images, labels, suggested_labels, score, **kwargs):
        rows = order[:n_images]
        suggested = (labels if suggested_labels is None else suggested_labels)[rows]
        return cls(
            to_displayable(images[rows]), labels[rows], suggested, score[rows], rows, **kwargs
        )
