"""Apply the decisions of a review to y."""

from collections import Counter
from decimal import Decimal
from numbers import Real

import numpy as np

from ..utils.sklearn_private import is_pandas_na
from ..utils.validation import find_missing, number_labels, read_labels
from ._frames import is_of_polars, read_issues

#: Decisions that name no label. The last two leave the label as it is.
KEEP, SUGGESTED, DROP, UNSURE = "keep", "suggested", "drop", "unsure"

_TEXTS = ("position", "given_label", "suggested_label", "decision")
_VALUES = ("flagged", "suggested_label_probability")
#: How many cases an error names.
_MOST_NAMED = 5


def apply_corrections(y, issues, accept="decision"):
    """Correct labels, in a copy of y.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The given labels; not changed. Some may be missing, of rows that the issues do not name.
    issues : pandas.DataFrame or polars.DataFrame
        What ``label_issues`` or ``read_review`` returned, or some of its rows.
    accept : str, float in [0, 1] or array-like of shape (n_issues,), default="decision"
        Which corrections to make:

        - ``"decision"``: those in the column ``decision``: "keep", "suggested" or a label; rows
          left empty, or "unsure", keep their label, as do rows to "drop", see ``rows_to_drop``;
        - ``"flagged"``: the suggested label of every flagged row;
        - a float: the same, where the suggested label has at least this probability;
        - bool: the suggested label of these rows of ``issues``.

    Returns
    -------
    y_corrected : ndarray, pandas.Series or polars.Series of shape (n_samples,)
        Of the type of y, with its index and name.

    Raises
    ------
    ValueError
        If a decision names an unknown label, a row is not in y or has another label there, or two
        decisions on one row differ. The message names the first such rows.

    See Also
    --------
    label_issues : Lists the labels in doubt.
    write_review, read_review : Write issues to a CSV file for a review, and read it back.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import apply_corrections, label_issues
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 70]] = [2, 0]  # instead of 0 and 1
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> issues = label_issues(detector, X, y)
    >>> apply_corrections(y, issues.head(2), accept="flagged")[[3, 70]]
    array([0, 1])
    """
    positions, corrected = find_corrections(y, issues, accept)
    if hasattr(y, "iloc"):
        y = y.copy()
        y.iloc[positions] = corrected
        return y
    if is_of_polars(y):
        # Copied from rows that have these labels already, so that any type of column works.
        row_of = {label: row for row, label in enumerate(read_labels(y, allow_missing=True))}
        rows = np.arange(len(y))
        rows[positions] = [row_of[label] for label in corrected]
        return y[rows]
    y = read_labels(y, allow_missing=True).copy()
    y[positions] = corrected
    return y


def find_corrections(y, issues, accept="decision"):
    """Give the positions of the rows with a decision, and their new labels, (n_decided,) each."""
    labels = read_labels(y, allow_missing=True)
    names = LabelNames(labels)
    columns = _read_columns(issues)
    decisions = _read_accept(accept, columns, names)
    decided = np.flatnonzero([each != "" for each in decisions])
    positions = _read_positions(columns["position"][decided], len(labels))
    given = names.read(columns["given_label"][decided], positions, "given_label")
    differing = [
        f"{given_label!r} for row {row}, where y has {label!r}"
        for given_label, label, row in zip(
            given.tolist(), labels[positions].tolist(), positions, strict=True
        )
        if given_label != label
    ]
    _refuse(differing, "The issues belong to other labels than y: they have")
    texts = decisions[decided]
    kept = dict.fromkeys((KEEP, DROP, UNSURE), "given_label")
    for word, column in (kept | {SUGGESTED: "suggested_label"}).items():
        texts = np.where(texts == word, columns[column][decided], texts)
    corrected = names.read(texts, positions, "decision")
    by_row = {}
    for row, label in zip(positions.tolist(), corrected.tolist(), strict=True):
        by_row.setdefault(row, {})[label] = row
    several = [
        f"{' and '.join(map(repr, each))} for row {row}"
        for row, each in by_row.items()
        if len(each) > 1
    ]
    _refuse(several, "There must be one decision per row; there are")
    return positions, corrected


def rows_to_drop(issues):
    """Give the rows that a review drops.

    Parameters
    ----------
    issues : pandas.DataFrame or polars.DataFrame
        What ``read_review`` returned.

    Returns
    -------
    positions : ndarray of int
        Positions of the rows whose decision is "drop", rising.
    """
    columns = _read_columns(issues)
    dropped = columns["position"][columns.get("decision", np.array([])) == DROP]
    return np.unique([int(float(text)) for text in dropped])


class LabelNames:
    """The labels of y by their text, as in a spreadsheet; missing ones are none."""

    def __init__(self, labels):
        self.dtype = labels.dtype
        classes = number_labels(np.delete(labels, find_missing(labels)))[0]
        # NB: ``tolist`` makes integers of dates in nanoseconds.
        self.classes = list(classes) if self.dtype.kind == "M" else classes.tolist()
        self._by_name = {str(label): label for label in self.classes}
        counts = Counter(map(_value_of, self._by_name))
        self._by_value = {
            _value_of(name): label
            for name, label in self._by_name.items()
            if counts[_value_of(name)] == 1
        }

    def read(self, names, positions, column):
        """Give the labels, (n_names,); ``positions`` and ``column`` are for the error message."""
        labels = {name: self._find(name) for name in set(names)}
        unknown = [
            f"{name!r} for row {row}"
            for name, row in zip(names, positions, strict=True)
            if labels[name] is None
        ]
        known = ", ".join(map(repr, self.classes[:_MOST_NAMED]))
        known += ", ..." if len(self.classes) > _MOST_NAMED else ""
        _refuse(unknown, f"{column} must be a label of y ({known}); it is")
        return np.array([labels[name] for name in names], dtype=self.dtype)

    def _find(self, name):
        # Spreadsheets write 1 for 1.0, 7 for 007, TRUE for True, and dates in any format.
        if name not in self._by_name and self.dtype.kind == "M":
            return self._find_date(name)
        return self._by_name.get(name, self._by_value.get(_value_of(name)))

    def _find_date(self, name):
        try:
            date = np.array(name).astype(self.dtype)
        except ValueError:
            return None
        return next((label for label in self.classes if label == date), None)


def _value_of(name):
    """Give the number, exactly, or bool that a text stands for, else the text."""
    try:
        return Decimal(name)
    except ArithmeticError:
        return name.lower() if name.lower() in ("true", "false") else name


def _read_columns(issues):
    """Read the columns of positions, labels and decisions as text, (n_issues,) each."""
    frame = read_issues(issues, "apply_corrections")
    missing = {"position", "given_label", "suggested_label"} - set(frame.columns)
    if missing:
        raise ValueError(
            f"issues have no column {', '.join(sorted(missing))}; pass what label_issues or "
            f"read_review returned. There are {', '.join(map(str, frame.columns))}."
        )
    columns = {name: frame[name].to_list() for name in frame.columns if name in _TEXTS}
    columns = {name: np.array([_to_text(v) for v in c], object) for name, c in columns.items()}
    if "decision" in columns:
        columns["decision"] = np.array([text.strip() for text in columns["decision"]], object)
    columns |= {name: frame[name].to_numpy() for name in frame.columns if name in _VALUES}
    return columns


def _to_text(value):
    return "" if _is_missing(value) else str(value)


def _is_missing(value):
    return value is None or is_pandas_na(value) or value != value


def _read_accept(accept, columns, names):
    """Give the decision on each issue, "" for none."""
    n_issues = len(columns["position"])
    if isinstance(accept, str) and accept == "decision":
        if "decision" not in columns:
            raise ValueError(
                'issues have no column "decision"; add one, or accept suggestions by '
                'accept="flagged", a probability, or one bool per row.'
            )
        for word in (KEEP, SUGGESTED, DROP, UNSURE):
            if word in names.classes:
                raise ValueError(
                    f"A class is called {word!r}, which is also a decision. Rename the class, or "
                    "accept suggestions by one bool per row."
                )
        return columns["decision"]
    if isinstance(accept, str) and accept == "flagged":
        accepted = _values(columns, "flagged", "b")
    elif isinstance(accept, Real) and not isinstance(accept, bool | np.bool_):
        if not 0 <= accept <= 1:
            raise ValueError(f"accept must be a probability, from 0 to 1; got {accept}.")
        probability = _values(columns, "suggested_label_probability", "fiu")
        accepted = _values(columns, "flagged", "b") & (probability >= accept)
    else:
        accepted = np.asarray(accept)
        if accepted.shape != (n_issues,) or accepted.dtype.kind != "b":
            raise ValueError(
                'accept must be "decision", "flagged", a probability, or one bool for each of the '
                f"{n_issues} issues; got {accept!r}."
            )
    return np.where(accepted, SUGGESTED, "").astype(object)


def _values(columns, name, kinds):
    """Give a column that ``accept`` needs, of one of these kinds of dtype."""
    if name not in columns or columns[name].dtype.kind not in kinds:
        found = f"holds {columns[name].dtype}" if name in columns else "is not there"
        raise ValueError(
            f"accept needs the column {name!r} of {'bools' if kinds == 'b' else 'numbers'}, which "
            f"{found}; pass issues as label_issues or read_review returned them."
        )
    return columns[name]


def _read_positions(texts, n_rows):
    def is_row(text):
        return text.strip().removesuffix(".0").isdecimal() and float(text) < n_rows

    absent = [repr(text) for text in texts if not is_row(text)]
    _refuse(absent, f"position must be a row of y, from 0 to {n_rows - 1}; it is")
    return np.array([int(float(text)) for text in texts], dtype=int)


def _refuse(cases, message):
    """Raise an error that names the first cases, if there are any."""
    if cases:
        named = ", ".join(cases[:_MOST_NAMED])
        more = f", and {len(cases) - _MOST_NAMED} more" if len(cases) > _MOST_NAMED else ""
        raise ValueError(f"{message} {named}{more}.")
