"""Data frames of pandas or polars, as the caller uses."""

import numpy as np

from ..utils.optional import import_optional

#: Columns that hold labels.
_LABELS = (
    "given_label",
    "suggested_label",
    "label",
    "most_confused_with",
    "commonest_label",
    "nearest_label",
)


def is_of_polars(*data):
    """Return whether any of the caller's data is a frame or series of polars."""
    known = import_optional("narwhals.dependencies", "report", "A data frame")
    return any(known.is_polars_dataframe(each) or known.is_polars_series(each) for each in data)


def read_issues(issues, needed_by):
    """Wrap the caller's data frame of issues, of pandas or polars, by narwhals."""
    narwhals = import_optional("narwhals", "report", needed_by)
    frame = narwhals.from_native(issues, eager_only=True, pass_through=True)
    if not isinstance(frame, narwhals.DataFrame):
        raise TypeError(
            "issues must be a data frame of pandas or polars, as label_issues returns it; got "
            f"{type(issues).__name__}."
        )
    return frame


def to_frame(columns, *data):
    """Make a data frame of arrays: of polars if any of the caller's data is, else of pandas.

    Masked entries become missing values. ``data`` are X and y, or y; columns of labels get the type
    of y, if it is one of pandas' own, such as a categorical.
    """
    if is_of_polars(*data):
        polars = import_optional("polars", "report", "A polars.DataFrame")
        columns = {name: _with_missing_dates(column) for name, column in columns.items()}
        # NB: ``tolist`` makes integers of dates in nanoseconds.
        values = {n: c if c.dtype.kind == "M" else c.tolist() for n, c in columns.items()}
        return polars.DataFrame(values)
    pandas = import_optional("pandas", "report", "A data frame")
    frame = pandas.DataFrame({name: _to_pandas(pandas, c) for name, c in columns.items()})
    dtype = getattr(data[-1], "dtype", None)
    if hasattr(dtype, "na_value"):
        frame = frame.astype({name: dtype for name in _LABELS if name in frame})
    return frame


def _with_missing_dates(column):
    masked_dates = column.dtype.kind == "M" and isinstance(column, np.ma.MaskedArray)
    return column.filled(np.datetime64("NaT")) if masked_dates else column


def _to_pandas(pandas, column):
    column = _with_missing_dates(column)
    if not isinstance(column, np.ma.MaskedArray):
        return column
    if column.dtype.kind in "iu":
        return pandas.arrays.IntegerArray(column.data, np.ma.getmaskarray(column))
    if column.dtype.kind == "f":
        return column.filled(np.nan)
    # NB: ``filled(None)`` would put question marks.
    return np.where(np.ma.getmaskarray(column), None, column.data.astype(object))


def unknown(n_rows, dtype):
    """Make a column of missing values."""
    return np.ma.masked_all(n_rows, dtype)
