"""Which features of a row to show beside a suspicious label, and what is usual in its class."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, issparse

from ..groundwork.optional import import_optional

#: How many features of a row are shown.
SHOWN = 12
_WIDEST = 120  # characters of one value
_DAY = 24 * 60 * 60 * 1000  # milliseconds
_EXACT = 2**53  # floats tell larger integers no more apart


@dataclass(frozen=True)
class Column:
    """One feature, as numbers that can be compared.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers; milliseconds since 1970; or positions in ``categories``. NaN where missing.
    kind : {"number", "date", "category"}
    categories : list of str, default=()
    """

    values: np.ndarray
    kind: str
    categories: list = ()

    def show(self, value):
        """Make of a value what a person can read: a number, a text, or None where missing."""
        if np.isnan(value):
            return None
        if self.kind == "category":
            return self.categories[int(value)]
        if self.kind == "date":
            return _show_date(value, to_day=not np.any(self.values % _DAY > 0))
        return four_digits(value)


def _show_date(milliseconds, to_day):
    if to_day:
        return str(np.datetime64(int(milliseconds // _DAY), "D"))
    return str(np.datetime64(round(milliseconds / 1000), "s")).replace("T", " ")


def four_digits(value):
    """Round a number to four significant digits; whole parts and whole numbers stay as they are.

    Examples
    --------
    >>> from skdynacor.reporting.row_features import four_digits
    >>> [four_digits(value) for value in (0.123456, 54321.7, 1e-9, 20231.0)]
    [0.1235, 54322, 1e-09, 20231]
    """
    if not np.isfinite(value):
        return str(value)
    if value == round(value) or abs(value) >= 1e4:
        return round(value) if abs(value) < 1e15 else float(f"{value:.4g}")
    return float(f"{value:.4g}")


def read_column(series):
    """Read a column of a data frame.

    Parameters
    ----------
    series : narwhals.Series of length n_rows

    Returns
    -------
    column : Column
    """
    nw = import_optional("narwhals", "report", "A report")
    if isinstance(series.dtype, (nw.Datetime, nw.Date)):
        when = series.cast(nw.Datetime) if isinstance(series.dtype, nw.Date) else series
        since = when.dt.replace_time_zone(None).dt.timestamp("ms")
        return Column(since.cast(nw.Float64).to_numpy(), "date")
    if series.dtype.is_numeric():
        values = np.asarray(series.cast(nw.Float64).to_numpy(), dtype=float)
        is_long = isinstance(series.dtype, (nw.Int64, nw.UInt64))
        if not (is_long and np.nanmax(np.abs(values), initial=0) > _EXACT):
            return Column(values, "number")
    return _read_categories(series)


def _read_categories(series):
    missing = series.is_null().to_numpy()
    texts = [str(value)[:_WIDEST] for value in series.to_list()]
    categories, codes = np.unique(np.array(texts, dtype=object), return_inverse=True)
    return Column(np.where(missing, np.nan, codes), "category", categories.tolist())


class DenseFeatures:
    """Features of rows of a data frame or an array.

    Those are shown in which a row is most unusual for its class. How unusual a value is, is its
    surprise in nats, less that of the class's rows on average: of a normal distribution for
    numbers, of their shares for categories, and for whether a value is missing.

    Parameters
    ----------
    frame : narwhals.DataFrame of shape (n_rows, n_features)
    codes : ndarray of shape (n_rows,)
        The class that each row is an example of, or −1.
    n_classes : int
    """

    choice = "the most unusual for this label"
    usual_is = "usual for"

    def __init__(self, frame, codes, n_classes):
        self.names = list(map(str, frame.columns))
        self._columns = [read_column(frame.get_column(name)) for name in frame.columns]
        self._values = np.column_stack([column.values for column in self._columns])
        self._categorical = [j for j, c in enumerate(self._columns) if c.kind == "category"]
        self._of_class = [self._values[codes == code] for code in range(n_classes)]
        self._usual = np.array([self._find_usual(values) for values in self._of_class])
        self._scale = self._find_scale()
        self._expected = np.array([self._find_expected(values) for values in self._of_class])
        self.has_examples = [len(values) > 0 for values in self._of_class]

    def _find_usual(self, values):
        """Medians, of categories the most frequent ones; missing if most are, (n_features,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # there may be no value at all
            usual = np.nanmedian(values, axis=0)
        for j in self._categorical:
            present = values[~np.isnan(values[:, j]), j]
            if len(present):
                usual[j] = np.bincount(present.astype(int)).argmax()
        usual[np.isnan(values).sum(axis=0) > len(values) / 2] = np.nan
        return usual

    def _find_scale(self):
        """Standard deviation within classes, (n_features,)."""
        distances = [v - usual for v, usual in zip(self._of_class, self._usual, strict=True)]
        with np.errstate(over="ignore"):  # what is too large to be squared is spread without end
            squares = np.concatenate(distances) ** 2
            n_present = np.maximum((~np.isnan(squares)).sum(axis=0), 1)
            return np.sqrt(np.nansum(squares, axis=0) / n_present)

    def _find_expected(self, values):
        """Surprise of a class's own values on average, (n_features,)."""
        expected = np.full(len(self.names), 0.5)
        for j in self._categorical:
            shares = np.unique(values[:, j], return_counts=True)[1] / max(len(values), 1)
            expected[j] = -np.sum(shares * np.log(shares))
        return expected

    def choose(self, row, neighbors, code):
        """Choose the features to show of a row: all, or those most unusual for its class.

        Parameters
        ----------
        row : int
        neighbors : list of int
        code : int
            The class of the row.

        Returns
        -------
        features : ndarray of shape (n_shown,)
            Positions of the features.
        """
        if len(self.names) <= SHOWN:
            return np.arange(len(self.names))
        return np.argsort(-self.surprise(row, code), kind="stable")[:SHOWN]

    def surprise(self, row, code):
        """Say how unusual each value of a row is in a class, (n_features,), in nats."""
        value, of_class = self._values[row], self._of_class[code]
        distance = np.abs(value - self._usual[code])
        z = np.divide(distance, self._scale, out=np.zeros_like(distance), where=self._scale > 0)
        surprise = z**2 / 2
        for j in self._categorical:
            surprise[j] = -np.log(_share(of_class[:, j] == value[j]))
        for j in np.flatnonzero(np.isnan(value)):
            surprise[j] = -np.log(_share(np.isnan(of_class[:, j])))
        return surprise - self._expected[code]

    def show(self, row, features):
        """Give the values of a row that a person can read, (n_shown,)."""
        return [self._columns[j].show(self._values[row, j]) for j in features]

    def show_usual(self, code, features):
        """Give the median or the most frequent value of a class, (n_shown,)."""
        return [self._columns[j].show(self._usual[code, j]) for j in features]


class SparseFeatures:
    """Features of sparse rows, of which the largest entries are shown.

    Parameters
    ----------
    rows : csr_array of shape (n_rows, n_features)
    names : sequence of str
    codes : ndarray of shape (n_rows,)
        The class that each row is an example of, or −1.
    n_classes : int
    """

    choice = "the largest"
    usual_is = "mean of"

    def __init__(self, rows, names, codes, n_classes):
        self.names = names
        self._rows = csr_array(rows)
        examples = np.flatnonzero(codes >= 0)
        weights = 1 / np.bincount(codes[examples], minlength=n_classes)[codes[examples]]
        members = csr_array((weights, (codes[examples], examples)), (n_classes, len(codes)))
        self._means = csr_array(members @ self._rows)
        self.has_examples = [code in codes for code in range(n_classes)]

    def choose(self, row, neighbors, code):
        """Choose the largest entries of a row, then the largest of its neighbours."""
        own = self._largest(row)[: SHOWN if not neighbors else SHOWN // 2]
        others = [self._largest(neighbor)[: SHOWN // 2] for neighbor in neighbors]
        return np.array(list(dict.fromkeys(np.concatenate([own, *others]).tolist()))[:SHOWN], int)

    def _largest(self, row):
        start, stop = self._rows.indptr[row : row + 2]
        order = np.argsort(-np.abs(self._rows.data[start:stop]), kind="stable")
        return self._rows.indices[start:stop][order]

    def show(self, row, features):
        """Give the values of a row, (n_shown,)."""
        return _pick(self._rows, row, features)

    def show_usual(self, code, features):
        """Give the means of a class, (n_shown,)."""
        return _pick(self._means, code, features)


def _pick(rows, row, features):
    start, stop = rows.indptr[row : row + 2]
    columns, values = rows.indices[start:stop].tolist(), rows.data[start:stop].tolist()
    entries = dict(zip(columns, values, strict=True))
    return [four_digits(entries.get(feature, 0)) for feature in features.tolist()]


def _share(mask):
    """The share of True, never 0 nor 1."""
    return (mask.sum() + 0.5) / (len(mask) + 1)


def read_features(X, rows, feature_names, codes, n_classes):
    """Read the features of some rows.

    Parameters
    ----------
    X : data frame, array or sparse array of shape (n_samples, n_features)
    rows : ndarray of shape (n_rows,)
        Positions of the rows to read.
    feature_names : sequence of str or None
        ``None`` takes those of the data frame, else x0, x1, ...
    codes : ndarray of shape (n_rows,)
        The class that each of the rows is an example of, or −1.
    n_classes : int

    Returns
    -------
    features : DenseFeatures or SparseFeatures
        Of the rows, in the order of ``rows``.
    """
    nw = import_optional("narwhals", "report", "A report")
    names = None if feature_names is None else list(map(str, feature_names))
    if names is not None and len(set(names)) != np.shape(X)[1]:
        raise ValueError(
            f"feature_names must be one for each of the {np.shape(X)[1]} features of X, and "
            f"differ; got {len(names)}, of which {len(set(names))} differ."
        )
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        frame = frame[rows.tolist()]
        frame = (
            frame if names is None else frame.rename(dict(zip(frame.columns, names, strict=True)))
        )
        return DenseFeatures(frame, codes, n_classes)
    names = [f"x{j}" for j in range(np.shape(X)[1])] if names is None else names
    if issparse(X):
        return SparseFeatures(X.tocsr()[rows], names, codes, n_classes)
    pandas = import_optional("pandas", "report", "A report")
    taken = X[rows] if hasattr(X, "shape") else [X[row] for row in rows.tolist()]
    frame = pandas.DataFrame(np.asarray(taken), columns=names).infer_objects()
    return DenseFeatures(nw.from_native(frame), codes, n_classes)
