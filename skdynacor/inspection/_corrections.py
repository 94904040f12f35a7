"""Putting decisions on labels in doubt into y."""

from numbers import Real

import numpy as np

from ..utils.sklearn_private import is_pandas_na
from ..utils.validation import number_labels, read_labels
from ._frames import is_of_polars, read_issues

#: Decisions that name no label.
KEEP, SUGGESTED = "keep", "suggested"

_TEXTS = ("position", "given_label", "suggested_label", "decision")
_VALUES = ("flagged", "suggested_label_probability")
#: How many cases an error names.
_MOST_NAMED = 5


def apply_corrections(y, issues, accept="decision"):
    """Correct labels, in a copy of y.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        The given labels; not changed.
    issues : pandas.DataFrame or polars.DataFrame
        What ``label_issues`` returned, or some of its rows; with a column ``decision``, if
        ``accept`` asks for it, as ``read_review`` returns them.
    accept : str, float in [0, 1] or array-like of shape (n_issues,), default="decision"
        Which corrections to make:

        - ``"decision"``: what the column ``decision`` says: "keep", "suggested" or a label; nothing
          where it is empty;
        - ``"flagged"``: the suggested label of every row that is flagged;
        - a float: the same, where the suggested label has at least this probability;
        - bool: the suggested label of these rows of ``issues``.

    Returns
    -------
    y_corrected : ndarray, pandas.Series or polars.Series of shape (n_samples,)
        Of the kind of y; its index and name stay.

    Raises
    ------
    ValueError
        If a decision names an unknown label, a row is not in y, its given label there is another
        one, or two decisions on one row differ. All such rows are counted, the first are named.

    See Also
    --------
    label_issues : Lists the labels in doubt.
    write_review, read_review : Let somebody else decide, in a spreadsheet.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import apply_corrections, label_issues
    >>> X, y_true = load_wine(return_X_y=True)
    >>> y = y_true.copy()
    >>> y[[3, 70]] = [2, 0]
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> issues = label_issues(detector, X, y)
    >>> y_corrected = apply_corrections(y, issues, accept="flagged")
    >>> y_corrected[[3, 70]], y_true[[3, 70]]
    (array([0, 1]), array([0, 1]))
    """
    positions, corrected = find_corrections(y, issues, accept)
    if hasattr(y, "iloc"):
        y = y.copy()
        y.iloc[positions] = corrected
        return y
    if is_of_polars(y):
        return y.clone().scatter(positions, corrected.tolist())
    y = read_labels(y).copy()
    y[positions] = corrected
    return y


def find_corrections(y, issues, accept="decision"):
    """Give the positions of the rows decided on, and the labels that they are to have.

    Parameters and errors are those of ``apply_corrections``.

    Returns
    -------
    positions : ndarray of shape (n_decided,), dtype int64
    corrected : ndarray of shape (n_decided,)
        Labels of y; the given one where it is kept.
    """
    labels = read_labels(y)
    names = LabelNames(labels)
    columns = _read_columns(issues)
    wanted = _read_accept(accept, columns, names)
    decided = np.flatnonzero([each != "" for each in wanted])
    positions = _read_positions(columns["position"][decided], len(labels))
    given = names.read(columns["given_label"][decided], positions, "given_label")
    in_y = labels[positions].tolist()
    others = [
        f"{said!r} for row {row}, which has {label!r}"
        for said, label, row in zip(given.tolist(), in_y, positions, strict=True)
        if said != label
    ]
    _refuse(others, "The issues are those of other labels than y has: they say")
    texts = wanted[decided]
    for word, column in ((KEEP, "given_label"), (SUGGESTED, "suggested_label")):
        texts = np.where(texts == word, columns[column][decided], texts)
    corrected = names.read(texts, positions, "decision")
    decisions = {}
    for row, label in zip(positions.tolist(), corrected.tolist(), strict=True):
        decisions.setdefault(row, {})[label] = row
    several = [
        f"{' and '.join(map(repr, each))} for row {row}"
        for row, each in decisions.items()
        if len(each) > 1
    ]
    _refuse(several, "There must be one decision per row; there are")
    return positions, corrected


class LabelNames:
    """Labels by what they are called in text, as in a spreadsheet.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
    """

    def __init__(self, labels):
        self.dtype = labels.dtype
        self.classes = number_labels(labels)[0].tolist()
        self._by_name = {str(label): label for label in self.classes}

    def read(self, names, positions, column):
        """Give the labels that names stand for.

        Parameters
        ----------
        names : ndarray of shape (n_names,)
            positions : ndarray of shape (n_names,)
            The rows that they are of, for the error.
        column : str
            Where they come from, for the error.

        Returns
        -------
        labels : ndarray of shape (n_names,)

        Raises
        ------
        ValueError
            If a name is not known.
        """
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
        if name in self._by_name:
            return self._by_name[name]
        try:
            number = float(name)  # spreadsheets write 1 for 1.0
        except ValueError:
            return None
        return next((label for label in self.classes if label == number), None)


def _read_columns(issues):
    """Read the columns that count, as text, (n_issues,) each."""
    frame = read_issues(issues, "apply_corrections")
    missing = {"position", "given_label", "suggested_label"} - set(frame.columns)
    if missing:
        raise ValueError(
            f"issues have no column {', '.join(sorted(missing))}; pass what label_issues returned, "
            f"or read_review. There are {', '.join(map(str, frame.columns))}."
        )
    columns = {name: frame[name].to_numpy() for name in frame.columns if name in _TEXTS}
    columns = {name: np.array([_to_text(v) for v in c], object) for name, c in columns.items()}
    if "decision" in columns:
        columns["decision"] = np.array([text.strip() for text in columns["decision"]], object)
    columns |= {name: frame[name].to_numpy() for name in frame.columns if name in _VALUES}
    return columns


def _to_text(value):
    missing = value is None or is_pandas_na(value) or value != value
    return "" if missing else str(value)


def _read_accept(accept, columns, names):
    """Give what is to be done with each issue: a decision, or nothing ("")."""
    n_issues = len(columns["position"])
    if isinstance(accept, str) and accept == "decision":
        if "decision" not in columns:
            raise ValueError(
                'issues have no column "decision"; fill one in, or say which suggestions to '
                'accept: accept="flagged", a probability, or one bool per row.'
            )
        for word in (KEEP, SUGGESTED):
            if word in names.classes:
                raise ValueError(
                    f"A class is called {word!r}, which stands for another decision. Rename the "
                    "class, or accept suggestions by one bool per row."
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
    """Give a column that ``accept`` needs, of a kind of values."""
    if name not in columns or columns[name].dtype.kind not in kinds:
        found = f"holds {columns[name].dtype}" if name in columns else "is not there"
        raise ValueError(
            f"accept needs the column {name!r} of {'bools' if kinds == 'b' else 'numbers'}, which "
            f"{found}; pass issues as label_issues or read_review gave them."
        )
    return columns[name]


def _read_positions(texts, n_rows):
    def is_row(text):
        return text.strip().removesuffix(".0").isdecimal() and float(text) < n_rows

    absent = [repr(text) for text in texts if not is_row(text)]
    _refuse(absent, f"position must be a row of y, from 0 to {n_rows - 1}; it is")
    return np.array([int(float(text)) for text in texts], dtype=int)


def _refuse(cases, message):
    """Raise an error that ends on the first cases, if there are any."""
    if cases:
        named = ", ".join(cases[:_MOST_NAMED])
        more = f", and {len(cases) - _MOST_NAMED} more" if len(cases) > _MOST_NAMED else ""
        raise ValueError(f"{message} {named}{more}.")
