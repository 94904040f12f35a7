"""Checks that several estimators share."""

import warnings
from functools import wraps
from numbers import Number

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array as _check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d
from sklearn.utils.validation import validate_data as _validate_data

from .mapped_rows import find_memmap
from .sklearn_private import is_pandas_na
from .sparse_rows import to_canonical

#: Dtypes of rows that can stay on the disk: torch takes no foreign byte order, and no long doubles.
_SERVED = {np.dtype(code).str for code in "?bBhilqefd"}
#: From fewer rows than this no label errors can be found.
MIN_SAMPLES = 5


def refusing_quietly(check):
    """Suppress numpy's warnings of the infinities that a check of scikit-learn's refuses."""

    @wraps(check)
    def check_quietly(*args, **kwargs):
        with np.errstate(over="ignore", invalid="ignore"):
            return check(*args, **kwargs)

    return check_quietly


def _of_numbers(check):
    """Let a check of scikit-learn's refuse dates, too."""
    check = refusing_quietly(check)

    @wraps(check)
    def check_numbers(*args, **kwargs):
        checked = check(*args, **kwargs)
        X = checked[0] if isinstance(checked, tuple) else checked
        if X.dtype.kind not in "fiub":
            raise ValueError(
                f"X has the dtype {X.dtype}, where numbers are wanted; turn it into numbers, dates "
                "for instance by X.astype('datetime64[D]').astype(float)."
            )
        return checked

    return check_numbers


check_array, validate_data = map(_of_numbers, (_check_array, _validate_data))


def unchanged_on_error(method):
    """Restore an estimator's attributes when its method fails or is interrupted."""

    @wraps(method)
    def restoring(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return restoring


def validate_rows_and_labels(estimator, X, y, **check_params):
    """Validate X and y of ``fit``; return X, the classes and the codes of the labels.

    X stays sparse where ``check_params``, of ``check_array``, allow it, see ``to_canonical``. The
    estimator gets ``n_features_in_`` and ``feature_names_in_``.
    """
    table, y = X, None if y is None else to_array(y)
    try:
        X, y = validate_data(estimator, X, y, ensure_min_samples=MIN_SAMPLES, **check_params)
    except ValueError as error:
        if "infinity" in str(error):
            _name_infinite_column(table, error)
        raise
    if X.dtype == np.float64 and not issparse(X):
        largest = max(np.fmax.reduce(X, axis=None), -np.fmin.reduce(X, axis=None))
        if largest > np.finfo(np.float32).max:
            _name_infinite_column(table, None)
    return to_canonical(X) if issparse(X) else X, *encode_labels(y)


def _name_infinite_column(X, error):
    """Name the first column of a table that holds infinity, or what is that as float32."""
    if issparse(X) or np.ndim(X) != 2:
        return
    with np.errstate(invalid="ignore"):
        values = np.abs(np.asarray(X, dtype=np.float64))
    rows, columns = np.nonzero(values > np.finfo(np.float32).max)
    if not len(rows):
        return
    first = columns.min()
    name = repr(X.columns[first]) if hasattr(X, "columns") else first
    in_column = rows[columns == first]
    raise ValueError(
        f"Input X contains infinity or a value too large for dtype('float32') in column {name}, "
        f"row {in_column[0]} ({len(in_column)} rows in all); replace such values, by NaN for "
        "instance, or drop the column."
    ) from error


def to_array(y, allow_missing=False):
    """Turn labels into an array that holds the same labels.

    numpy makes texts of [1, "a"] and floats of large integers; scikit-learn makes floats of pandas'
    nullable types, trips over its NA, and looks under masks.
    """
    is_list = isinstance(y, list | tuple)
    labels = np.array(y, dtype=object) if is_list else np.asanyarray(y)
    if labels.ndim and (labels is not y or labels.dtype.kind == "O" or np.ma.is_masked(labels)):
        if allow_missing and find_missing(labels.ravel()).size:
            return labels
        _check_no_missing(labels.ravel())
    if not is_list and not _holds_numbers(labels):
        return labels
    try:
        plain = np.array(labels.tolist())
    except ValueError as error:
        raise ValueError(f"y must hold one label for each row: {error}") from error
    return plain if (plain == labels).all() else labels


def _holds_numbers(labels):
    is_object = labels.dtype.kind == "O" and labels.size > 0
    return is_object and isinstance(labels.flat[0], Number | np.bool_)


def read_labels(y, allow_missing=False):
    """Read labels in their own type, (n_samples,)."""
    return column_or_1d(to_array(y, allow_missing))


def encode_labels(y):
    """Return the sorted classes in y, and codes, (n_samples,) int64, where ``classes[codes]`` is y.

    Labels must be discrete, of one sortable type and at least two classes, and none may be missing.
    """
    classes, codes = number_labels(y)
    if y.dtype.kind != "O":
        with np.errstate(invalid="ignore"), warnings.catch_warnings():  # floats beyond all integers
            warnings.filterwarnings("ignore", message="The number of unique classes is greater")
            check_classification_targets(y)
    if len(classes) == 0:
        raise ValueError("y holds no labels; there must be one for each row.")
    if len(classes) == 1:
        raise ValueError(
            f"y holds one class only ({classes[0]!r}); finding label errors needs "
            "at least two classes."
        )
    return classes, codes


def number_labels(y):
    """Do the same for labels that may be continuous or of one class."""
    _check_no_missing(y)
    if y.dtype.kind != "O":
        classes, codes = np.unique(y, return_inverse=True)
        return classes, codes.reshape(-1).astype(np.int64)
    labels = y.tolist()
    try:
        classes = sorted(dict.fromkeys(labels))
        if any(isinstance(label, tuple | frozenset) for label in classes):
            raise TypeError("several labels in one")
    except TypeError as error:
        kinds = ", ".join(sorted({type(label).__name__ for label in labels}))
        raise ValueError(
            f"y has labels of the types {kinds}, where one type that can be sorted is wanted, such "
            "as numbers or strings; convert them, for instance with y.astype(str)."
        ) from error
    return np.array(classes, dtype=object), _find_codes(labels, classes)


def encode_known_labels(labels, classes, n_rows):
    """Encode labels by the sorted classes of an earlier fit, (n_rows,) int64."""
    labels = read_labels(labels)
    if len(labels) != n_rows:
        raise ValueError(f"There are {len(labels)} labels for {n_rows} rows; pass one for each.")
    _check_no_missing(labels)
    known = classes
    if labels.dtype.kind == classes.dtype.kind == "M":  # perhaps of two units
        unit = np.result_type(labels, classes)
        labels, known = labels.astype(unit), classes.astype(unit)
    codes = _find_codes(labels.tolist(), known.tolist())  # Python compares all numbers exactly
    if (codes < 0).any():
        unknown = list(dict.fromkeys(labels[codes < 0].tolist()))
        raise ValueError(
            f"labels holds classes that fit did not see: {unknown[:10]}; fit saw "
            f"{classes.tolist()[:20]}. Drop these rows, or fit on data that has every class."
        )
    return codes


def _find_codes(labels, classes):
    """Positions of labels in the list of classes, (n_samples,) int64; −1 where there is none."""
    positions = {label: code for code, label in enumerate(classes)}
    return np.array([positions.get(label, -1) for label in labels], dtype=np.int64)


def row_params(X, *, accept_sparse=False, allow_nan=False):
    """Parameters of ``check_array`` for rows of any number of dimensions.

    In memory they are laid out for quick access; on the disk (``np.memmap``) they stay as they are,
    and are converted by the batch.
    """
    params = {"allow_nd": True, "ensure_all_finite": "allow-nan" if allow_nan else True}
    if accept_sparse and issparse(X):
        return params | {"accept_sparse": "csr", "dtype": np.float32}
    if lives_on_disk(X):
        return params
    return params | {"dtype": [np.float32, np.float16, np.uint8], "order": "C"}


def lives_on_disk(X):
    """Whether an array is a ``np.memmap``, or a view of one, of a dtype that torch takes."""
    return find_memmap(X) is not None and np.asarray(X).dtype.str in _SERVED


def has_missing(X):
    """Whether rows hold NaN, a chunk at a time."""
    if issparse(X):
        X = X.data
    chunks = (X[start : start + 4096] for start in range(0, len(X), 4096))
    return X.dtype.kind == "f" and any(np.isnan(chunk).any() for chunk in chunks)


def check_groups(groups, n_rows):
    """Validate and number the groups of rows, (n_rows,); there must be at least two."""
    groups = np.asanyarray(groups)  # masks stay
    if groups.shape not in ((n_rows,), (n_rows, 1)):
        raise ValueError(
            f"groups must hold one value for each of {n_rows} rows; its shape is {groups.shape}."
        )
    groups = groups.ravel()
    missing = find_missing(groups)
    if missing.size:
        raise ValueError(
            f"groups contains {groups[missing[0]]} in row {missing[0]} ({missing.size} rows in "
            "all); every row needs a group: give each of these rows a group of its own."
        )
    names = {}  # groups need no order
    numbers = np.array([names.setdefault(group, len(names)) for group in groups.tolist()])
    if len(names) == 1:
        raise ValueError(
            f"All rows are of one group ({next(iter(names))!r}); to score a row by models that "
            "were not trained on its group there must be two."
        )
    return numbers


def check_row_shape(X, shape):
    """Check that rows have the shape of those in ``fit``, beyond the first dimension."""
    if X.shape[1:] != shape:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, fit saw rows of shape {shape}; bring them to the "
            "same shape."
        )


def check_copies(copies, X):
    """Validate the rows of corrupted copies like those of X, (n_copies, ...); None has no rows."""
    if copies is None:
        return X[:0]
    dtype = X.dtype if X.dtype.kind == "f" else "numeric"  # never cut to whole numbers
    rows = check_array(
        copies.data,
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
    return rows


def _check_no_missing(y):
    """Refuse labels that are missing."""
    missing = find_missing(y)
    if missing.size:
        raise ValueError(
            f"Input y contains {y[missing[0]]} in row {missing[0]} ({missing.size} rows in all); "
            "every row needs a label: drop these rows, or give them a class of their own."
        )


def find_missing(values):
    """Positions of values that are masked, None, NaN, NaT, NA or infinite."""
    if np.ma.is_masked(values):
        return np.flatnonzero(np.ma.getmaskarray(values))
    if values.dtype.kind in "mM":
        return np.flatnonzero(np.isnat(values))
    if values.dtype.kind == "f":
        return np.flatnonzero(~np.isfinite(values))
    if values.dtype.kind == "O":
        is_missing = [each is None or is_pandas_na(each) or each != each for each in values]
        return np.flatnonzero(is_missing)
    return np.array([], dtype=int)
