"""Write a report of label errors."""

import hashlib
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from ..inspection._findings import read_findings, suggest_alternatives
from ..inspection._label_issues import list_issues
from ..inspection._neighbors import find_neighbors
from ..inspection._noise_summary import summarize
from ..inspection._statements import state
from ..utils.files import writing
from ..utils.labels import label_names
from ..utils.sklearn_private import Count, validates_arguments
from .conflicts import write_conflicts
from .evidence import gather_evidence
from .figures import draw_figures
from .issue_columns import count_by, encode_trajectories, read_columns, read_positions
from .page import encode_json, make_page
from .summary import find_facts, find_origin

_SIZE = 4_900_000  # bytes of a report
_LEAST_EVIDENCE = 300_000
_NEXT_STEPS = (
    "from skdynacor.inspection import apply_corrections, read_review\n"
    'review = read_review("review.csv", y)\n'
    "detector.recalibrate(review)             # all probabilities and flags\n"
    "y_corrected = apply_corrections(y, review)"
)


@validates_arguments(max_rows=[Count(1)])
def report(
    estimator,
    X,
    y,
    path,
    *,
    texts=None,
    images=None,
    feature_names=None,
    columns=None,
    positions=None,
    title="Labels that look wrong",
    source=None,
    label_name=None,
    ask=20,
    next_steps=None,
    max_rows=20_000,
):
    """Write an HTML page that shows which labels look wrong, and why.

    The page is one file for any browser, and loads nothing from elsewhere. It opens with a few rows
    to look at, whose verdicts recalibrate all probabilities. A table of issues with filters,
    equal rows with different labels, and plots follow. Each row opens to show its text, image or
    features beside those of the nearest rows with the suggested label. Decisions made in the page
    are downloaded as CSV for ``skdynacor.inspection.read_review``.

    Parameters
    ----------
    estimator : estimator
        A fitted detector, a pipeline that ends in one, or a baseline.
    X : data frame, array, sparse array or list of n_samples rows
        The rows of ``fit``. Rows of two or three dimensions are shown as images, strings as texts.
    y : array-like of shape (n_samples,)
        The given labels of ``fit``.
    path : str or path-like
        The file to write, in an existing folder.
    texts : array-like of shape (n_samples,), default=None
        The texts of the rows, if X holds features computed from them.
    images : array-like of shape (n_samples, height, width[, channels]), default=None
        The images of the rows, if X holds features computed from them; with one, three or four
        channels, which may also come first.
    feature_names : sequence of str, default=None
        Names of the features. ``None`` takes the column names of X, else x0, x1, ...
    columns : pandas.DataFrame of n_samples rows, default=None
        Further columns to show where a row is opened, such as names, which X lacks.
    positions : array-like of shape (n_samples,), default=None
        Positions of the rows in the data that the decisions will be applied to, if X and y are some
        of its rows, such as those with a label. ``None`` takes 0, 1, ...
    title : str, default="Labels that look wrong"
        The title of the page.
    source, label_name : str, default=None
        The name of the file and of the column of labels, to show.
    ask : int or array-like of positions, default=20
        Rows for a person to look at first: their number, for ``rows_to_review`` of the detector, or
        their positions in X. Where there are fewer, all are shown; detectors without that method
        show none.
    next_steps : str, default=None
        What to do with the downloaded review, a command for instance. ``None`` names the functions.
    max_rows : int, default=20_000
        Number of rows in the table, worst first. With 20,000 the file stays below 5 MB; the text,
        image or features are included for as many of the worst rows as fit.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be written there.
    ValueError
        If there is not one label, text, image, position or row of ``columns`` for each row, or one
        name for each feature.

    See Also
    --------
    skdynacor.inspection.label_issues : The table of issues, as a data frame.
    skdynacor.inspection.read_review : Reads the decisions back.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import skdynacor
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> detector = skdynacor.LabelErrorDetector(random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "report.html"
    ...     written = skdynacor.report(detector, X, y, path, images=X.reshape(-1, 8, 8))
    ...     written.stat().st_size < 5e6
    True
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(path.parent)!r}. Make it first.")
    findings = read_findings(estimator, X, y)
    asked = _choose_rows(estimator, ask, len(findings.labels))
    findings = suggest_alternatives(findings, asked)
    listed = list_issues(findings, findings.labels, asked=asked)
    is_shown = (np.arange(len(listed)) < max_rows) | listed["position"].isin(asked)
    issues = read_columns(listed[is_shown], findings.classes)
    figures, names = draw_figures(findings), label_names(findings.classes)
    positions = read_positions(positions, len(findings.labels))
    conflicts = write_conflicts(X, findings, names)
    neighbors = find_neighbors(findings, asked, codes=findings.codes[asked])
    neighbors = {
        row: [each for each in of_row if each >= 0]
        for row, of_row in zip(asked.tolist(), neighbors.tolist(), strict=True)
    }
    data = {
        "n_rows": len(findings.labels),
        "asked": [issues["position"].index(row) for row in neighbors],
        "neighbors": {
            int(positions[row]): positions[each].tolist() for row, each in neighbors.items()
        },
        "classes": names,
        "columns": list(issues),
        "issues": count_by(positions, issues),
        "trajectories": None,
        "stage": findings.stage_name,
        "agreement": bool(findings.agreement),
        "summary": {
            "facts": find_facts(findings),
            "classes": read_columns(summarize(findings, findings.labels), findings.classes),
            "origin": find_origin(estimator),
        },
    }
    if findings.dynamics is not None:
        data["trajectories"] = encode_trajectories(
            findings.dynamics, issues["position"], findings.agreement
        )
        data["n_stages"] = findings.dynamics.shape[1]
    encoded = encode_json(data)
    data["id"] = hashlib.blake2b(encoded, digest_size=8).hexdigest()
    n_bytes = _SIZE - sum(map(len, (encoded, figures.encode(), conflicts.encode())))
    n_bytes = max(n_bytes, _LEAST_EVIDENCE)
    contents = {"texts": texts, "images": images, "columns": columns}
    data["evidence"] = gather_evidence(
        X, findings, issues, neighbors, positions, n_bytes, feature_names, **contents
    )
    page = make_page(
        title=str(title),
        origin=_name_origin(source, label_name),
        statements=state(findings),
        next_steps=next_steps or _NEXT_STEPS,
        data=encode_json(data),
        figures=figures,
        conflicts=conflicts,
    )
    with writing(path) as file:
        file.write(page)
    return path


def _choose_rows(estimator, ask, n_rows):
    """Give the positions of the rows to look at."""
    if not isinstance(ask, Integral):
        rows = np.asarray(ask, dtype=int)
        if rows.ndim != 1 or not np.all((rows >= 0) & (rows < n_rows)):
            raise ValueError(f"ask must be a number, or positions from 0 to {n_rows - 1}.")
        return rows
    detector = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if ask < 1 or not hasattr(detector, "rows_to_review"):
        return np.empty(0, dtype=int)
    n = min(int(ask), detector._count_open_rows())
    return detector.rows_to_review(n, random_state=0) if n else np.empty(0, dtype=int)


def _name_origin(source, label_name):
    """Name the file and the column of labels."""
    labels = f"labels in {label_name!r}" if label_name else None
    return ", ".join(str(part) for part in (source, labels) if part)
