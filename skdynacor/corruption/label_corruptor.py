"""Planting labels that are known to be wrong."""

from numbers import Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..corrupted_array import CorruptedArray, CorruptedCopies
from ..corrupted_rows import CorruptedRows
from ..groundwork.moments import mean_and_scale
from ..groundwork.notebooks import NotebookMixin
from ..groundwork.random_numbers import make_rng
from ..groundwork.row_order import number_classes, order_rows
from ..groundwork.sklearn_private import Interval, validates_parameters
from ..groundwork.sparse_rows import to_canonical
from ..groundwork.telling_columns import telling_columns
from ..groundwork.validation import unchanged_on_error, validate_data, validate_rows_and_labels

_CHUNK = 4096  # rows
#: Of ``check_array``: whether values may be missing is for the classifier to say.
_ROWS = {"accept_sparse": "csr", "allow_nd": True, "ensure_all_finite": "allow-nan"}


def draw_other_labels(codes, n_classes, rng):
    """Draw for each label one of the other classes, all equally likely.

    A copy of a label that is wrong with probability η is then wrong with probability
    η_γ = 1 − η/(C − 1) (Proposition 1 of the paper).

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Classes, numbered from 0.
    n_classes : int
    rng : numpy.random.Generator

    Returns
    -------
    others : ndarray of shape (n_samples,)
        Nowhere equal to ``codes``.
    """
    return (codes + rng.integers(1, n_classes, size=len(codes))) % n_classes


def jitter_rows(X, sources, scale, rng):
    """Shift every entry of some rows by Gaussian noise; of sparse rows, every one that is stored.

    Columns that are equal stay so, and constant ones as they are.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...) or csr_array of shape (n_samples, n_features)
    sources : ndarray of shape (n_copies,)
        Positions of the rows.
    scale : ndarray of shape (...)
        Standard deviation of the noise, in the unit of each feature.
    rng : numpy.random.Generator

    Returns
    -------
    jittered : ndarray of shape (n_copies, ...) or csr_array of shape (n_copies, n_features)
        Of the dtype of X if that is a float, else float64.
    """
    dtype = X.dtype if X.dtype.kind == "f" else np.float64
    columns, places = telling_columns(X)
    scale = np.where(places < 0, 0, scale.ravel()).reshape(scale.shape)
    if issparse(X):
        # A zero says that the row has none of it (a word, a category), and so must its copy say:
        # noise on all zeros would fill the memory, and a row that has a bit of everything is like
        # no other. A rare feature varies little over all rows, so that its entries move little.
        jittered = X[sources].astype(dtype)
        rows = np.repeat(np.arange(len(sources)), np.diff(jittered.indptr))
        varies = places[jittered.indices] >= 0
        entries = rows[varies] * X.shape[1] + columns[places[jittered.indices[varies]]]
        entries, which = np.unique(entries, return_inverse=True)
        noise = rng.standard_normal(len(entries))[which]
        jittered.data[varies] += scale[jittered.indices[varies]] * noise
        return jittered
    jittered = np.empty((len(sources), *X.shape[1:]), dtype=dtype)
    for start in range(0, len(sources), _CHUNK):  # the noise is in double precision
        rows = X[sources[start : start + _CHUNK]]
        noise = rng.standard_normal((len(rows), len(columns)))[:, places].reshape(rows.shape)
        jittered[start : start + _CHUNK] = rows + scale * noise
    return jittered


def _kind_of(rows):
    return "sparse" if issparse(rows) else "dense"


def _has_more_missing(copies, rows):
    """Tell whether copies have entries that are not finite where rows have a number."""
    if not issparse(rows):
        return not (np.isfinite(copies) | np.isnan(rows)).all()
    if np.isfinite(copies.data).all():
        return False
    bad, known_bad = copies.copy(), rows.copy()
    bad.data, known_bad.data = ~np.isfinite(copies.data), np.isnan(rows.data)
    return (bad > known_bad).nnz > 0


class LabelCorruptor(
    NotebookMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Add copies of some rows with labels that are known to be wrong.

    ``fit_transform`` returns the rows as they are, with ``.corrupted`` copies at hand: a share
    ``gamma`` of the rows, slightly augmented, each with a label drawn uniformly from the other
    classes. ``transform`` returns the rows alone: corruption happens at training time. Steps that
    change X (scalers, PCA) belong before this one; after it they would drop the copies.

    Parameters
    ----------
    gamma : float in (0, 1], default=0.1
        Number of copies, as a share of the rows (γ in the paper, and its default). At least one
        copy is made.
    augment : callable or None, default=None
        ``augment(rows, rng)`` returns the augmented rows, in the same shape and order; ``rng`` is
        a ``numpy.random.Generator``. Of sparse X it gets a ``csr_array``, and must return sparse
        rows. ``None`` adds Gaussian noise, see ``jitter``.
    jitter : float, default=0.1
        Standard deviation of that noise, as a share of each feature's own standard deviation; 0
        copies rows exactly. Zeros of sparse rows stay zeros. Used only if ``augment`` is None.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are copied, their labels and their noise. Pass an int for results that
        repeat.

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
    def fit(self, X, y):
        """Learn the classes.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : LabelCorruptor
        """
        with unchanged_on_error(self):
            _, self.classes_, _ = validate_rows_and_labels(self, X, y, **_ROWS)
        return self

    @validates_parameters
    def fit_transform(self, X, y):
        """Learn the classes and draw the corrupted copies.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        X_corrupted : CorruptedArray or CorruptedRows of the shape of X
            The rows as they are, with ``.corrupted`` copies; ``CorruptedRows`` where X is sparse.
        """
        with unchanged_on_error(self):
            X, self.classes_, codes = validate_rows_and_labels(self, X, y, **_ROWS)
            return self._corrupt(X, codes)

    def transform(self, X):
        """Return the rows as they are, without copies.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        X : ndarray or csr_array of the shape of X
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **_ROWS)
        return to_canonical(X) if issparse(X) else X

    def _corrupt(self, X, codes):
        n_samples = len(codes)
        n_copies = max(1, round(self.gamma * n_samples))
        rng = make_rng(self.random_state, "LabelCorruptor")
        order = order_rows(X, codes)
        numbers, classes = number_classes(codes[order])
        chosen = np.sort(rng.choice(n_samples, n_copies, replace=False))
        labels = classes[draw_other_labels(numbers[chosen], len(classes), rng)]
        sources = order[chosen]
        copies = self._augment(X, sources, rng)
        carry = CorruptedRows if issparse(X) else CorruptedArray
        return carry(X, CorruptedCopies(copies, self.classes_[labels], sources))

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
        copies = self.augment(rows, rng)
        kinds = [_kind_of(each) for each in (rows, copies)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"augment must return {kinds[0]} rows where it is given {kinds[0]} ones; it "
                f"returned {kinds[1]} rows ({type(copies).__name__})."
            )
        copies = to_canonical(copies) if issparse(copies) else np.asarray(copies)
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
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
