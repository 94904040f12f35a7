"""Checks that several estimators share."""

from contextlib import contextmanager
from functools import wraps

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils import check_array as _check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data as _validate_data

from .sklearn_private import is_pandas_na
from .sparse_rows import to_canonical

#: Dtypes of rows that can stay on the disk: torch takes no foreign byte order, and no long doubles.
_SERVED = {np.dtype(code).str for code in "?bBhilqefd"}
#: Fewer rows than this say nothing about how wrong labels are learnt.
MIN_SAMPLES = 5


def refusing_quietly(check):
    """Have a check of scikit-learn's not warn of the infinities that it refuses."""

    @wraps(check)
    def check_quietly(*args, **kwargs):
        with np.errstate(over="ignore", invalid="ignore"):
            return check(*args, **kwargs)

    return check_quietly


def _of_numbers(check):
    """Have a check of scikit-learn's refuse dates, too.

    Long doubles become doubles: no classifier takes them, and equal ones may differ in bytes.
    """
    check = refusing_quietly(check)

    @wraps(check)
    def check_numbers(*args, **kwargs):
        checked = check(*args, **kwargs)
        X, *y = checked if isinstance(checked, tuple) else (checked,)
        if X.dtype.kind not in "fiub":
            raise ValueError(
                f"X has the dtype {X.dtype}, where numbers are wanted; turn it into numbers, dates "
                "for instance by X.astype('datetime64[D]').astype(float)."
            )
        if X.dtype.itemsize > 8:
            with np.errstate(over="ignore"):
                X = X.astype(np.float64)
            refusing_quietly(assert_all_finite)(X, allow_nan=True, input_name="X")
        return (X, *y) if y else X

    return check_numbers


check_array, validate_data = map(_of_numbers, (_check_array, _validate_data))


@contextmanager
def unchanged_on_error(estimator):
    """Restore an estimator's attributes when the block fails or is interrupted."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def validate_rows_and_labels(estimator, X, y, **check_params):
    """Validate what ``fit`` is given, and number the classes.

    Parameters
    ----------
    estimator : estimator
        Gets ``n_features_in_`` and, where X names them, ``feature_names_in_``.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    **check_params
        Passed to ``sklearn.utils.check_array``.

    Returns
    -------
    X : ndarray or csr_array of shape (n_samples, n_features)
        Sparse where X is and the parameters allow it, see ``to_canonical``.
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_samples,), dtype int64
    """
    # pandas' NA trips scikit-learn, which also looks under masks.
    if getattr(getattr(y, "dtype", None), "kind", None) == "O" or np.ma.is_masked(y):
        _check_no_missing(np.ravel(y))
    X, y = validate_data(estimator, X, y, ensure_min_samples=MIN_SAMPLES, **check_params)
    return to_canonical(X) if issparse(X) else X, *encode_labels(y)


def read_labels(y):
    """Read labels in the type that they have, (n_samples,).

    Raises
    ------
    ValueError
        If there is not one for each row.
    """
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise ValueError(f"y must hold one label for each row: {error}") from error
    return column_or_1d(y)


def encode_labels(y):
    """Number the classes in ``y``.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class labels of any sortable type.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The distinct labels, sorted.
    codes : ndarray of shape (n_samples,), dtype int64
        ``classes[codes]`` equals ``y``.

    Raises
    ------
    ValueError
        If a label is missing, labels cannot be sorted, the values are continuous, or all labels
        are the same.
    """
    classes, codes = number_labels(y)
    # scikit-learn calls objects of any kind an unknown target.
    with np.errstate(invalid="ignore"):  # of floats that no integer can hold
        check_classification_targets(np.array(y.tolist()) if y.dtype.kind == "O" else y)
    if len(classes) == 0:
        raise ValueError("y holds no labels; there must be one for each row.")
    if len(classes) == 1:
        raise ValueError(
            f"y holds one class only ({classes[0]!r}); telling wrong labels from right ones "
            "needs at least two classes."
        )
    return classes, codes


def number_labels(y):
    """Number labels, whatever they are and however few.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)

    Returns
    -------
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_samples,), dtype int64
        See ``encode_labels``.

    Raises
    ------
    ValueError
        If a label is missing, or labels cannot be sorted.
    """
    _check_no_missing(y)
    try:
        classes, codes = np.unique(y, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in y})
        raise ValueError(
            f"y mixes labels of the types {kinds}, which have no common order; "
            "give all labels one type, for instance with y.astype(str)."
        ) from error
    return classes, codes.reshape(-1).astype(np.int64)


def encode_known_labels(labels, classes):
    """Number labels by the classes of an earlier fit.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
    classes : ndarray of shape (n_classes,)
        Sorted.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int64

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    _check_no_missing(labels)
    known = np.isin(labels, classes)
    if not known.all():
        strangers = list(dict.fromkeys(labels[~known].tolist()))
        raise ValueError(
            f"labels holds classes that fit did not see: {strangers[:10]}; fit saw "
            f"{classes.tolist()[:20]}. Drop these rows, or fit on data that has every class."
        )
    return np.searchsorted(classes, labels).astype(np.int64)


def row_params(X):
    """Parameters of ``check_array`` for rows that a net trains on.

    Rows may have any number of dimensions. In memory they are laid out for quick access; on the
    disk (``np.memmap``) they stay as they are, and are converted by the batch.
    """
    if lives_on_disk(X):
        return {"allow_nd": True}
    return {"allow_nd": True, "dtype": [np.float32, np.float16, np.uint8], "order": "C"}


def sparse_row_params(X):
    """As ``row_params``, for models that also take sparse rows."""
    return {"accept_sparse": "csr", "dtype": np.float32} if issparse(X) else row_params(X)


def lives_on_disk(X):
    """Tell whether an array is a ``np.memmap``, or a view of one, of numbers that torch takes."""
    owner = X
    while owner is not None and not isinstance(owner, np.memmap):
        owner = getattr(owner, "base", None)
    return owner is not None and np.asarray(X).dtype.str in _SERVED


def has_missing(X):
    """Tell whether rows hold NaN, a chunk at a time."""
    if issparse(X):
        X = X.data
    chunks = (X[start : start + 4096] for start in range(0, len(X), 4096))
    return X.dtype.kind == "f" and any(np.isnan(chunk).any() for chunk in chunks)


def check_row_shape(X, shape):
    """Check that rows have the shape of those in ``fit``, beyond the first dimension.

    Raises
    ------
    ValueError
    """
    if X.shape[1:] != shape:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, fit saw rows of shape {shape}; bring them to the "
            "same shape."
        )


def check_copies(copies, X):
    """Check the rows of corrupted copies as those of X were.

    Parameters
    ----------
    copies : CorruptedCopies or None
        ``None`` stands for no copies.
    X : ndarray of shape (n_samples, ...)

    Returns
    -------
    rows : ndarray of shape (n_copies, ...)
        Of the dtype of X, if that is a float; sparse if X is.
    """
    if copies is None:
        return X[:0]
    if issparse(copies.data) != issparse(X):
        kinds = {False: "dense", True: "sparse"}
        raise ValueError(
            f"The corrupted copies are {kinds[issparse(copies.data)]}, X is {kinds[issparse(X)]}; "
            "both must come from the same rows."
        )
    dtype = X.dtype if X.dtype.kind == "f" else "numeric"  # never cut to whole numbers
    rows = check_array(
        copies.data,
        accept_sparse="csr",
        dtype=dtype,
        input_name="the copies",
        ensure_min_samples=0,
        allow_nd=True,
        ensure_all_finite="allow-nan" if has_missing(X) else True,
    )
    if rows.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"The corrupted copies have shape {rows.shape}, X has shape {X.shape}; both must come "
            "from the same rows, and have the same columns."
        )
    return to_canonical(rows) if issparse(rows) else rows


def _check_no_missing(y):
    """Refuse labels that are missing, or that are no single values at all."""
    if y.dtype.kind == "V" or (y.dtype.kind == "O" and not _are_single(y.tolist())):
        raise ValueError(
            f"Each label must be one value, such as a string or a number; got {y[:1]!r}."
        )
    if np.ma.is_masked(y):
        missing = np.flatnonzero(np.ma.getmaskarray(y))
    elif y.dtype.kind in "mM":
        missing = np.flatnonzero(np.isnat(y))
    elif y.dtype.kind == "f":
        missing = np.flatnonzero(~np.isfinite(y))
    elif y.dtype.kind == "O":
        missing = np.flatnonzero(
            [label is None or is_pandas_na(label) or label != label for label in y]
        )
    else:
        return
    if missing.size:
        raise ValueError(
            f"Input y contains {y[missing[0]]} in row {missing[0]} ({missing.size} rows in all); "
            "every row needs a label: drop these rows, or give them a class of their own."
        )


def _are_single(labels):
    """Tell whether labels are single values, which sets take and which have no length."""
    kinds = {type(label) for label in labels}
    if any(hasattr(kind, "__len__") and not issubclass(kind, str | bytes) for kind in kinds):
        return False
    return all(getattr(kind, "__hash__", None) for kind in kinds)


def check_weights(sample_weight, rows):
    """Return how much each row counts, (n_rows,); ``None`` counts all alike."""
    weights = np.ones(len(rows)) if sample_weight is None else column_or_1d(sample_weight)
    check_consistent_length(rows, weights)
    return weights
