"""Write issues to a CSV file for a review, and read it back."""

import csv
import io
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from ..utils.files import writing
from ..utils.optional import import_optional
from ..utils.validation import read_labels
from ._corrections import LabelNames, find_corrections
from ._formulas import disarm, restore
from ._frames import is_of_polars, read_issues, to_frame

_LABELS = ("given_label", "suggested_label")
_TEXTS = ("index", *_LABELS, "decision")
_WHOLE = ("last_agreed", "neighbor_1", "neighbor_2")
_NUMBERS = ("noise_probability", "suggested_label_probability", "noise_score")


def write_review(issues, path):
    """Write issues to a CSV file for a review.

    The last column, ``decision``, is empty. Fill in "keep", "suggested" or a label; rows left empty
    keep their label.

    Parameters
    ----------
    issues : pandas.DataFrame or polars.DataFrame
        What ``label_issues`` returned, or some of its rows. A column ``decision`` is kept.
    path : str or path-like
        The file, in UTF-8 with a byte order mark, as spreadsheets need. An apostrophe is put before
        texts that a spreadsheet would run as a formula, such as ``=a``.

    See Also
    --------
    read_review : Reads the file back.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import apply_corrections, label_issues
    >>> from skdynacor.inspection import read_review, write_review
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 70]] = [2, 0]
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> path = f"{mkdtemp()}/review.csv"
    >>> write_review(label_issues(detector, X, y, only_flagged=True), path)

    Now somebody fills in the column ``decision``.

    >>> issues = read_review(path, y)
    >>> issues["decision"] = "suggested"
    >>> apply_corrections(y, issues)[[3, 70]]
    array([0, 1])
    """
    narwhals = import_optional("narwhals", "report", "write_review")
    frame = read_issues(issues, "write_review")
    if "decision" not in frame.columns:
        frame = frame.with_columns(narwhals.lit("").alias("decision"))
    text = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(_to_csv(frame.to_native()), newline=""))
    csv.writer(text).writerows([disarm(cell) for cell in row] for row in rows)
    with writing(path) as file:
        file.write(text.getvalue().encode("utf-8-sig"))


def _to_csv(frame):
    # NB: cells with a carriage return are quoted only where lines end in one, too.
    if is_of_polars(frame):
        return frame.write_csv(line_terminator="\r\n")
    return frame.to_csv(index=False, lineterminator="\r\n")


def read_review(path, y):
    """Read a review, and check its decisions.

    Parameters
    ----------
    path : str or path-like
        A file of ``write_review``, with decisions, which may have been saved as ``.xlsx``. Rows
        may be missing or in another order, and semicolons may separate the columns. Apostrophes
        before formulas are removed.
    y : array-like of shape (n_samples,)
        The given labels that the issues were found in; some may be missing. Labels of text are
        read as they are: "007" is not 7.

    Returns
    -------
    issues : pandas.DataFrame, or polars.DataFrame if y is of polars
        As ``label_issues`` returns them, with the column ``decision``, for ``apply_corrections``.

    Raises
    ------
    ValueError
        If the file is no such table, or its decisions do not fit y, see ``apply_corrections``.
    """
    pandas = import_optional("pandas", "report", "read_review")
    try:
        text = _read_text(Path(path), pandas)
        header = text.partition("\n")[0]
        frame = pandas.read_csv(
            io.StringIO(text),
            sep=";" if header.count(";") > header.count(",") else ",",
            dtype=dict.fromkeys(_TEXTS, str) | dict.fromkeys(_WHOLE, "Int64"),
            keep_default_na=False,
            na_values=dict.fromkeys((*_WHOLE, *_NUMBERS), ""),
        )
    except (ValueError, TypeError, BadZipFile) as error:  # of Unicode, pandas or openpyxl
        raise ValueError(f"{str(path)!r} is not a CSV file of issues: {error}") from error
    frame = frame.rename(columns=restore)
    for name in frame.select_dtypes(exclude=["number", "bool"]):
        frame[name] = [restore(v) if isinstance(v, str) else v for v in frame[name]]
    find_corrections(y, frame)
    names = LabelNames(read_labels(y, allow_missing=True))
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    for name in _LABELS:
        texts = columns[name]
        # Baselines may suggest no label; a missing given label is an error.
        known = (texts != "") | ("" in names.classes) | (name == "given_label")
        columns[name] = np.ma.masked_all(len(texts), names.dtype)
        columns[name][known] = names.read(texts[known], columns["position"][known], name)
    for name in _WHOLE:
        if name in columns:
            missing = frame[name].isna()
            columns[name] = np.ma.masked_array(frame[name].fillna(0).to_numpy(int), missing)
    return to_frame(columns, y)


def _read_text(path, pandas):
    if path.suffix == ".xlsx":
        import_optional("openpyxl", "cli", "Reading .xlsx")
        sheet = pandas.read_excel(path, dtype=str, keep_default_na=False)
        return _to_csv(sheet)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return file.read()
