"""Writing a report of what was found."""

import hashlib
import os
from pathlib import Path

import numpy as np

from ..groundwork.files import writing
from ..groundwork.sklearn_private import Count, takes
from ..inspection.findings import read_findings
from ..inspection.label_issues import list_issues
from ..inspection.noise_summary import sum_up
from .evidence import Evidence
from .figures import draw_figures
from .issue_columns import encode_trails, read_columns
from .page import encode_json, make_page
from .summary import find_facts, find_origin

_SIZE = 4_900_000  # bytes of a report
_LEAST_EVIDENCE = 300_000


@takes(max_rows=[Count(1)])
def report(
    estimator,
    X,
    y,
    path,
    *,
    texts=None,
    images=None,
    feature_names=None,
    title="Labels that look wrong",
    max_rows=20_000,
):
    """Write a page that shows which labels look wrong, and why.

    The page is one file of HTML for any browser; it fetches nothing. It sums up what was found,
    shows it in plots, and holds a table of issues that sorts, filters and pages. Each row opens to
    show its text, image or features beside those of the nearest rows that have the suggested label.
    Decisions made in the page go into a CSV for ``skdynacor.inspection.read_review``.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline that ends in a detector, a detector, or a baseline.
    X : data frame, array, sparse array or list of n_samples rows
        The rows of ``fit``. Rows of two or three dimensions are shown as images, strings as texts.
    y : array-like of shape (n_samples,)
        The given labels of ``fit``.
    path : str or path-like
        The file to write, in a folder that exists. It is replaced only when all is written.
    texts : array-like of shape (n_samples,), default=None
        What the rows say, where X holds something made of it.
    images : array-like of shape (n_samples, height, width[, channels]), default=None
        What the rows look like, where X holds something made of it; with one, three or four
        channels, which may also come first.
    feature_names : sequence of str, default=None
        Names of the features. ``None`` takes the columns of X, else x0, x1, ...
    title : str, default="Labels that look wrong"
        The title of the page.
    max_rows : int, default=20_000
        How many rows the table holds, worst first. With 20,000 the file stays below 5 MB: as many
        of the worst rows have their evidence in it as fit.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file cannot be written there.
    ValueError
        If there is not one label, text or image for each row, or one name for each feature.

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
    >>> pipe = skdynacor.make_dynacor_pipeline(random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "report.html"
    ...     written = skdynacor.report(pipe, X, y, path, images=X.reshape(-1, 8, 8))
    ...     written.stat().st_size < 5e6
    True
    """
    path = check_target(path)
    findings = read_findings(estimator, X, y)
    evidence = Evidence(X, findings, texts, images, feature_names)
    issues = list_issues(findings, X, y)[:max_rows]
    columns = read_columns(issues, findings.classes)
    rows = np.array(columns["position"])
    if columns.get("index") == columns["position"]:
        columns["index"] = None  # as good as said twice
    figures = draw_figures(findings)
    data = {
        "n_rows": len(findings.labels),
        "classes": [str(label) for label in findings.classes.tolist()],
        "columns": list(columns),
        "issues": columns,
        "trails": None,
        "stage": findings.stage_name,
        "agreement": bool(findings.agreement),
        "summary": {
            "facts": find_facts(findings),
            "classes": read_columns(sum_up(findings, X, y), findings.classes),
            "origin": find_origin(estimator),
        },
    }
    if findings.dynamics is not None:
        data["trails"] = encode_trails(findings.dynamics, rows, findings.agreement)
        data["n_stages"] = findings.dynamics.shape[1]
    so_far = encode_json(data)
    data["id"] = hashlib.blake2b(so_far, digest_size=8).hexdigest()
    room = max(_SIZE - len(so_far) - len(figures.encode()), _LEAST_EVIDENCE)
    data["evidence"] = evidence.gather(_list_issues(columns), room)
    page = make_page(str(title), encode_json(data), figures)
    with writing(path) as file:
        file.write(page)
    return path


def check_target(path):
    """Check that a file can be written, before any work is done.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    path : Path

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
    """
    path = Path(path)
    folder = path.parent
    if path.is_dir():
        raise IsADirectoryError(
            f"path={str(path)!r} is a folder. Name a file in it, such as "
            f"{str(path / 'report.html')!r}."
        )
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path={str(path)!r} lies in a folder that does not exist. Make {str(folder)!r} first."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            f"path={str(path)!r} lies in a folder that you may not write to. Name another one, or "
            f"get the permission to write to {str(folder)!r}."
        )
    return path


def _list_issues(columns):
    """The issues one by one, as ``Evidence.gather`` takes them."""
    n_rows = len(columns["position"])
    unknown = [None] * n_rows
    first, second = (columns[f"neighbor_{i}"] or unknown for i in (1, 2))
    return [
        (row, [each for each in neighbors if each is not None], given, suggested)
        for row, *neighbors, given, suggested in zip(
            columns["position"],
            first,
            second,
            columns["given_label"],
            columns["suggested_label"] or unknown,
            strict=True,
        )
    ]
