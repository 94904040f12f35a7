"""Features of a row to show, and the usual values in its class."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import csr_array, issparse

from ..utils.optional import import_optional

#: How many features of a row are shown.
SHOWN = 12
_WIDEST = 120  # characters of one value


def read_features(X, rows, feature_names, codes, n_classes):
    """Read the features of ``rows``; ``codes`` are the classes they are examples of, or −1."""
    n_features = np.shape(X)[1]
    if feature_names is not None and len(feature_names) != n_features:
        raise ValueError(
            f"feature_names must be one for each of the {n_features} features of X; "
            f"got {len(feature_names)}."
        )
    pandas = import_optional("pandas", "report", "A report")
    if feature_names is None:
        feature_names = getattr(X, "columns", [f"x{j}" for j in range(n_features)])
    if issparse(X):
        return SparseFeatures(X.tocsr()[rows], feature_names, codes, n_classes)
    if hasattr(X, "iloc"):
        frame = X.iloc[rows]
    elif hasattr(X, "columns"):  # of polars
        frame = pandas.DataFrame(X[rows.tolist()].to_dict(as_series=False))
    else:
        some = X[rows] if hasattr(X, "shape") else np.asarray([X[row] for row in rows.tolist()])
        frame = pandas.DataFrame(some).infer_objects()
    return DenseFeatures(frame, feature_names, codes, n_classes)


def show_value(value):
    """Round or shorten a value for display: a number, a text, or None if missing.

    Examples
    --------
    >>> from skdynacor.reporting.row_features import show_value
    >>> [show_value(value) for value in (0.123456, 54321.7, 20231, True, "x", float("nan"))]
    [0.1235, 54322, 20231, 'True', 'x', None]
    """
    pandas = import_optional("pandas", "report", "A report")
    if pandas.isna(value) is True:
        return None
    if isinstance(value, Integral) and not isinstance(value, bool) and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Real) and not isinstance(value, Integral) and np.isfinite(value):
        whole = value == round(value) or abs(value) >= 1e4
        return round(value) if whole and abs(value) < 1e15 else float(f"{value:.4g}")
    return str(value)[:_WIDEST].removesuffix(" 00:00:00")


class DenseFeatures:
    """Features of the rows of a pandas data frame.

    The features shown are those whose value is least likely in the class of the row, relative to
    the usual value. Numbers are assumed to be normally distributed.
    """

    choice = "the most unusual for this label"
    usual_is = "usual for"

    def __init__(self, frame, names, codes, n_classes):
        self.names = list(map(str, names))
        columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
        self._cells = [column.array for column in columns]
        numbers, is_number = zip(*map(_to_numbers, columns), strict=True)
        self._values, self._is_number = np.column_stack(numbers), np.array(is_number)
        members = [np.flatnonzero(codes == code) for code in range(n_classes)]
        self._of_class = [self._values[rows] for rows in members]
        # For each class and feature, the position of a row with the usual value.
        self._usual = [
            rows[self._find_usual(values)] if len(rows) else None
            for rows, values in zip(members, self._of_class, strict=True)
        ]
        self._scale = self._find_scale()

    def _find_usual(self, values):
        """Find medians and the most frequent categories, as positions, (n_features,)."""
        n_rows, n_present = len(values), (~np.isnan(values)).sum(axis=0)
        place = np.where(2 * n_present < n_rows, n_rows - 1, (n_present - 1) // 2)
        usual = np.argsort(values, axis=0)[place, np.arange(values.shape[1])]  # NaN comes last
        for j in np.flatnonzero(~self._is_number):
            _, first, counts = np.unique(values[:, j], return_index=True, return_counts=True)
            usual[j] = first[counts.argmax()]
        return usual

    def _usual_values(self, code):
        return self._values[self._usual[code], np.arange(len(self.names))]

    def _find_scale(self):
        """Find standard deviations within classes, (n_features,)."""
        squares, n_present = np.zeros(len(self.names)), np.zeros(len(self.names))
        with np.errstate(over="ignore"):  # huge values have an infinite standard deviation
            for code, values in enumerate(self._of_class):
                if len(values):
                    distances = values - self._usual_values(code)
                    squares += np.nansum(distances**2, axis=0)
                    n_present += (~np.isnan(distances)).sum(axis=0)
        return np.sqrt(squares / np.maximum(n_present, 1))

    def choose(self, row, neighbors, code):
        """Choose the features to show of a row: all, or those most unusual for its class."""
        n_features = len(self.names)
        if n_features <= SHOWN or self._usual[code] is None:
            return list(range(min(n_features, SHOWN)))
        value, usual, of_class = self._values[row], self._usual_values(code), self._of_class[code]
        distance = np.abs(value - usual)
        unlikely = np.divide(distance, self._scale, out=np.zeros(n_features), where=self._scale > 0)
        unlikely = unlikely**2 / 2
        for j in np.flatnonzero(~self._is_number | np.isnan(distance)):
            own, typical, column = value[j], usual[j], of_class[:, j]
            if self._is_number[j]:  # missing here, or usually missing
                own, typical, column = np.isnan(own), np.isnan(typical), np.isnan(column)
            unlikely[j] = np.log((column == typical).sum() / max((column == own).sum(), 1))
        return np.argsort(-unlikely, kind="stable")[:SHOWN].tolist()

    def show(self, row, features):
        """Give the values of a row."""
        return [show_value(self._cells[j][row]) for j in features]

    def show_usual(self, code, features):
        """Give the median or the most frequent value of a class."""
        return [show_value(self._cells[j][self._usual[code][j]]) for j in features]


def _to_numbers(column):
    """Convert a column to floats, (n_rows,); also return False if they number categories."""
    pandas = import_optional("pandas", "report", "A report")
    if pandas.api.types.is_datetime64_any_dtype(column):
        return (column - column.min()).dt.total_seconds().to_numpy(), True
    if pandas.api.types.is_numeric_dtype(column) and not pandas.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan), True
    return pandas.factorize(column.astype(str))[0].astype(float), False


class SparseFeatures:
    """Features of sparse rows; the largest entries are shown."""

    choice = "the largest"
    usual_is = "mean of"

    def __init__(self, rows, names, codes, n_classes):
        self.names = list(map(str, names))
        self._rows = csr_array(rows)
        examples = np.flatnonzero(codes >= 0)
        weights = 1 / np.bincount(codes[examples], minlength=n_classes)[codes[examples]]
        members = csr_array((weights, (codes[examples], examples)), (n_classes, len(codes)))
        self._means = csr_array(members @ self._rows)

    def choose(self, row, neighbors, code):
        """Choose the largest entries of a row, then the largest of its neighbours."""
        own = self._largest(row)[: SHOWN // 2 if neighbors else SHOWN]
        others = [j for neighbor in neighbors for j in self._largest(neighbor)[: SHOWN // 2]]
        return list(dict.fromkeys([*own, *others]))[:SHOWN]

    def _largest(self, row):
        entries = _entries(self._rows, row)
        return sorted(entries, key=lambda j: -abs(entries[j]))

    def show(self, row, features):
        """Give the values of a row."""
        entries = _entries(self._rows, row)
        return [show_value(entries.get(j, 0)) for j in features]

    def show_usual(self, code, features):
        """Give the means of a class."""
        entries = _entries(self._means, code)
        return [show_value(entries.get(j, 0)) for j in features]


def _entries(rows, row):
    """Give the entries of a sparse row by column."""
    own = slice(*rows.indptr[row : row + 2])
    return dict(zip(rows.indices[own].tolist(), rows.data[own].tolist(), strict=True))
