"""Copies of rows with injected label errors."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ...utils.moments import mean_and_scale
from ...utils.notebooks import NotebookMixin
from ...utils.random_numbers import make_rng
from ...utils.sklearn_private import Interval, validates_parameters
from ...utils.validation import unchanged_on_error, validate_data, validate_rows_and_labels
from ..corrupted_array import CorruptedArray, CorruptedCopies

_CHUNK = 4096  # rows
#: Of ``check_array``: whether values may be missing is for the classifier to say.
_ROWS = {"allow_nd": True, "ensure_all_finite": "allow-nan"}


def draw_other_labels(codes, n_classes, rng):
    """Draw for each label one of the other classes, all equally likely.

    A copy of a label that is wrong with probability η is then wrong with probability η_γ = 1 − η/(C
    − 1) (Proposition 1 of the paper).
    """
    return (codes + rng.integers(1, n_classes, size=len(codes))) % n_classes


def jitter_rows(X, sources, scale, rng):
    """Copy rows, and add Gaussian noise to every entry, (n_copies, ...), as floats.

    ``scale`` (...) is the standard deviation for each feature.
    """
    dtype = X.dtype if X.dtype.kind == "f" else np.float64
    jittered = np.empty((len(sources), *X.shape[1:]), dtype=dtype)
    for start in range(0, len(sources), _CHUNK):  # the noise is in double precision
        rows = X[sources[start : start + _CHUNK]]
        jittered[start : start + _CHUNK] = rows + scale * rng.standard_normal(rows.shape)
    return jittered


def _has_more_missing(copies, rows):
    """Whether copies have entries that are not finite where rows have numbers."""
    return not (np.isfinite(copies) | np.isnan(rows)).all()


class LabelCorruptor(
    NotebookMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Add copies of some rows with injected label errors.

    ``fit_transform`` returns the rows as they are, with ``.corrupted`` copies: a share ``gamma`` of
    the rows, slightly augmented, each with a label drawn uniformly from the other classes.
    ``transform`` returns the rows alone: corruption happens at training time. Steps that change X
    (scalers, PCA) belong before this one; after it they would drop the copies.

    Parameters
    ----------
    gamma : float in (0, 1], default=0.1
        Number of copies, as a share of the rows (γ in the paper, and its default). At least one
        copy is made.
    augment : callable or None, default=None
        ``augment(rows, rng)`` returns the augmented rows, in the same shape and order; ``rng`` is
        a ``numpy.random.Generator``. ``None`` adds Gaussian noise, see ``jitter``.
    jitter : float, default=0.1
        Standard deviation of that noise, as a share of each feature's own standard deviation; 0
        copies rows exactly. Used only if ``augment`` is None.
    random_state : int, RandomState instance or None, default=None
        Determines which rows are copied, their labels and their noise. Pass an int for reproducible
        results.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    DynamicsCollector : Trains on rows and copies and records what happens.
    DynaCorDetector : Learns from the copies what a wrong label looks like.

    Notes
    -----
    NOTE[DIFF]: the paper copies images, flipped or cropped; a table or an embedding has no such
    symmetry, so that its copies are jittered unless ``augment`` knows better.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 4.1. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor import LabelCorruptor
    >>> X, y = np.arange(20.0).reshape(10, 2), np.array(["cat", "dog"] * 5)
    >>> Xc = LabelCorruptor(gamma=0.2, random_state=0).fit_transform(X, y)
    >>> Xc.shape, len(Xc.corrupted.labels)
    ((10, 2), 2)
    >>> bool(np.any(Xc.corrupted.labels == y[Xc.corrupted.sources]))
    False
    """

    _parameter_constraints: dict = {
        "gamma": [Interval(Real, 0, 1, closed="right")],
        "augment": [callable, None],
        "jitter": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, gamma=0.1, *, augment=None, jitter=0.1, random_state=None):
        self.gamma = gamma
        self.augment = augment
        self.jitter = jitter
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y):
        """Learn the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : LabelCorruptor
        """
        _, self.classes_, _ = validate_rows_and_labels(self, X, y, **_ROWS)
        return self

    @validates_parameters
    @unchanged_on_error
    def fit_transform(self, X, y):
        """Learn the classes and draw the corrupted copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        X_corrupted : CorruptedArray of the shape of X
            The rows as they are, with ``.corrupted`` copies.
        """
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **_ROWS)
        n_copies = max(1, round(self.gamma * len(codes)))
        rng = make_rng(self.random_state, "LabelCorruptor")
        sources = np.sort(rng.choice(len(codes), n_copies, replace=False))
        labels = draw_other_labels(codes[sources], len(self.classes_), rng)
        copies = self._augment(X, sources, rng)
        return CorruptedArray(X, CorruptedCopies(copies, self.classes_[labels], sources))

    def transform(self, X):
        """Return the rows as they are, without copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        X : ndarray of the shape of X
        """
        check_is_fitted(self)
        return validate_data(self, X, reset=False, **_ROWS)

    def set_output(self, *, transform=None):
        """Do nothing: the output stays an array, which carries the copies.

        It lets ``pipeline.set_output(transform="pandas")`` set the steps before this one.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored.

        Returns
        -------
        self : LabelCorruptor
        """
        return self

    def _augment(self, X, sources, rng):
        if self.augment is None:
            with np.errstate(over="ignore", invalid="ignore"):
                copies = jitter_rows(X, sources, self.jitter * mean_and_scale(X)[1], rng)
            if _has_more_missing(copies, X[sources]):
                raise ValueError(
                    f"Jitter takes copies beyond what {copies.dtype} holds: scale the features, "
                    f"lower jitter={self.jitter}, or pass X in double precision."
                )
            return copies
        rows = X[sources]
        copies = np.asarray(self.augment(rows, rng))
        if copies.shape != rows.shape or _has_more_missing(copies, rows):
            raise ValueError(
                f"augment must return finite rows of the shape it was given, {rows.shape}; "
                f"it returned shape {copies.shape}"
                + (" with NaN or infinity." if copies.shape == rows.shape else ".")
            )
        return copies

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
