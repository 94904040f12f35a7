"""Write a report of label errors."""

import hashlib
from pathlib import Path

from ..inspection._findings import read_findings
from ..inspection._label_issues import list_issues
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
    max_rows=20_000,
):
    """Write an HTML page that shows which labels look wrong, and why.

    The page is one file for any browser, and loads nothing from elsewhere. It has a summary, plots,
    equal rows with different labels, and a table of issues with filters. Each row opens to show its
    text, image or features beside those of the nearest rows with the suggested label. Decisions
    made in the page are downloaded as CSV for ``skdynacor.inspection.read_review``.

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
    issues = read_columns(list_issues(findings, findings.labels)[:max_rows], findings.classes)
    figures, names = draw_figures(findings), label_names(findings.classes)
    positions = read_positions(positions, len(findings.labels))
    conflicts = write_conflicts(X, findings, names)
    data = {
        "n_rows": len(findings.labels),
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
        X, findings, issues, positions, n_bytes, feature_names, **contents
    )
    page = make_page(str(title), state(findings), encode_json(data), figures, conflicts)
    with writing(path) as file:
        file.write(page)
    return path
