"""Equal rows with different labels."""

import pickle

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_consistent_length

from ..utils.optional import import_optional
from ..utils.row_lookup import hash_rows
from ..utils.validation import number_labels, read_labels
from ._findings import find_index
from ._frames import is_of_polars, to_frame


def conflicting_labels(X, y):
    """List equal rows that have different labels.

    At least one label of each such set of rows is wrong, or the features do not determine the
    class. No model is needed.

    Parameters
    ----------
    X : array-like, data frame or sparse array of shape (n_samples, ...)
        Rows of any type, texts and images included. Rows are equal if all features are; missing
        values equal each other.
    y : array-like of shape (n_samples,)
        The given labels.

    Returns
    -------
    conflicts : pandas.DataFrame, or polars.DataFrame if X or y is of polars
        One line for each row concerned, the largest set of equal rows first. Columns:

        - ``group``: number of the set of equal rows, from 0;
        - ``position``: position of the row in X;
        - ``index``: the index of X or y, else the position; not with polars, which has no index;
        - ``given_label``;
        - ``n_equal_rows``: number of rows in the set;
        - ``commonest_label``: the most frequent label in the set; missing if there are several.

    Raises
    ------
    ValueError
        If there is not one label for each row, or a label is missing.

    See Also
    --------
    label_issues : Lists the labels that look wrong to a detector.

    Examples
    --------
    >>> from skdynacor.inspection import conflicting_labels
    >>> X = [[1, 2], [0, 5], [1, 2], [3, 3], [1, 2]]
    >>> conflicting_labels(X, ["cat", "dog", "cat", "cat", "dog"])
       group  position  index given_label  n_equal_rows commonest_label
    0      0         0      0         cat             3             cat
    1      0         2      2         cat             3             cat
    2      0         4      4         dog             3             cat
    """
    labels = read_labels(y)
    check_consistent_length(X, labels)
    classes, codes = number_labels(labels)
    rows = find_conflicts(X, codes)
    positions, commonest = rows["position"].to_numpy(), rows["commonest"]
    is_tie = commonest.isna().to_numpy()
    commonest = classes[commonest.fillna(0).to_numpy(dtype=int)]
    columns = {
        "group": rows["group"].to_numpy(),
        "position": positions,
        "index": find_index(X, y)[positions],
        "given_label": labels[positions],
        "n_equal_rows": rows["n_equal_rows"].to_numpy(),
        "commonest_label": np.ma.masked_array(commonest, is_tie) if is_tie.any() else commonest,
    }
    if is_of_polars(X, y):
        del columns["index"]
    return to_frame(columns, X, y)


def find_conflicts(X, codes):
    """Find equal rows with different labels, a pandas.DataFrame of the columns used above.

    ``commonest`` are codes, missing at a tie.
    """
    pandas = import_optional("pandas", "report", "conflicting_labels")
    rows = pandas.DataFrame({"key": _hash(X), "code": codes, "position": np.arange(len(codes))})
    by_key = rows.groupby("key")
    rows["n_equal_rows"] = by_key["position"].transform("size")
    rows["first"] = by_key["position"].transform("min")
    rows = rows[by_key["code"].transform("nunique") > 1]
    rows = rows.sort_values(
        ["n_equal_rows", "first", "position"], ascending=[False, True, True], ignore_index=True
    )
    rows["group"] = rows.groupby("key", sort=False).ngroup()
    rows["commonest"] = rows["key"].map(_find_commonest(rows))
    return rows


def _find_commonest(rows):
    """Find the most frequent code of each key, a Series; keys with several are left out."""
    counts = rows.value_counts(["key", "code"]).rename("n").reset_index()
    most = counts[counts["n"] == counts.groupby("key")["n"].transform("max")]
    return most.drop_duplicates("key", keep=False).set_index("key")["code"]


def _hash(X):
    """Hash rows of any type to keys, (n_samples,), equal for equal rows."""
    X = X.tocsr() if issparse(X) else _to_numbers(X)
    # Smaller types are exact in single precision, which all sparse arrays can hold.
    return hash_rows(X, np.float32 if X.dtype.itemsize <= 2 else X.dtype)


def _to_numbers(X):
    """Turn rows into an array of numbers, those of other columns number the values."""
    pandas = import_optional("pandas", "report", "conflicting_labels")
    if hasattr(X, "columns"):
        frame = X if hasattr(X, "iloc") else pandas.DataFrame(X.to_dict(as_series=False))
    elif hasattr(X, "shape") or np.ndim(X[0]) > 1:
        X = np.asarray(X)
        if X.dtype.kind in "biuf":
            return X
        frame = pandas.DataFrame(X)
    else:
        frame = pandas.DataFrame(X)
    columns = (frame.iloc[:, j] for j in range(frame.shape[1]))
    return np.column_stack([_number(pandas, column) for column in columns])


def _number(pandas, column):
    """Number the values of a column, (n_samples,) int32."""
    try:
        codes, _ = pandas.factorize(column, use_na_sentinel=False)
    except TypeError:  # lists, for instance, have no hash
        codes, _ = pandas.factorize(column.map(pickle.dumps))
    return codes.astype(np.int32)
