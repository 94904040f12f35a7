"""The list of label issues."""

import numpy as np

from ..utils.sklearn_private import validates_arguments
from ._findings import read_findings, suggest_alternatives
from ._frames import is_of_polars, to_frame, unknown
from ._neighbors import find_neighbors


@validates_arguments(only_flagged=["boolean"])
def label_issues(estimator, X, y, *, only_flagged=False):
    """List the labels, the worst first.

    Parameters
    ----------
    estimator : Pipeline or detector
        Fitted: a pipeline that ends in a detector, a detector, or one of ``skdynacor.baselines``.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
        What ``fit`` was given; of a ``DynaCorDetector`` alone also the rows before
        ``DynamicsCollector``.
    y : array-like of shape (n_samples,)
        The given labels, as ``fit`` was given them.
    only_flagged : bool, default=False
        Whether to leave out the rows that are not flagged.

    Returns
    -------
    issues : pandas.DataFrame, or polars.DataFrame if X or y is of polars
        Flagged rows come first, then the others, both by descending noise probability. Values that
        the estimator does not have are missing. Columns:

        - ``position``: position of the row in X;
        - ``index``: the index of X or y, else the position; not with polars, which has no index;
        - ``given_label``;
        - ``suggested_label``: the given one where a row is not flagged;
        - ``suggested_label_probability``: probability that the suggested label is right;
        - ``noise_probability``: probability that the given label is wrong;
        - ``flagged``: whether the given label looks wrong;
        - ``status``: "wrong", "in doubt" or "fine", see ``LabelErrorDetector``;
        - ``last_agreed``: the last epoch, or stage of another model, that predicted the given
          label, from 1; 0 for none;
        - ``neighbor_1``, ``neighbor_2``: for a flagged row, the positions of the nearest rows that
          have the suggested label and are likely right;
        - ``noise_score``: larger for worse labels; of baselines only.

    Raises
    ------
    sklearn.exceptions.NotFittedError
    TypeError
        If the estimator is no detector.
    ValueError
        If X and y are not those of ``fit``.

    See Also
    --------
    noise_summary : The same by class.
    apply_corrections : Corrects y by decisions on these issues.

    Notes
    -----
    Neighbours have the largest cosine similarity in the net's last hidden layer, or share the most
    leaves of the forest. Of a cross-fitted net, the one that was not trained on the row is taken.
    Other models and baselines compare standardised features. Candidates are the half of a class
    with the least noise probability, 10,000 rows at most.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import label_issues
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> y[[3, 70]] = [2, 0]
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> issues = label_issues(detector, X, y)
    >>> issues[["index", "given_label", "suggested_label"]].head(2)
       index  given_label  suggested_label
    0      3            2                0
    1     70            0                1
    """
    return list_issues(read_findings(estimator, X, y), X, y, only_flagged=only_flagged)


def list_issues(findings, *data, only_flagged=False, asked=()):
    """Make the data frame of ``label_issues``; ``data`` are the caller's X and y.

    Rows that a person is ``asked`` about have a suggested label and neighbours though not flagged.
    """
    asked = np.asarray(asked, dtype=int)
    findings = suggest_alternatives(findings, asked)
    order = findings.worst_first
    if only_flagged:
        order = order[: findings.flags.sum()]
    columns = {"position": order, "index": findings.index[order]}
    if is_of_polars(*data):
        del columns["index"]
    columns["given_label"] = findings.labels[order]
    for name in ("suggested_label", "suggested_label_probability", "noise_probability"):
        known = getattr(findings, {"suggested_label": "suggested_labels"}.get(name, name))
        dtype = findings.labels.dtype if name == "suggested_label" else float
        columns[name] = unknown(len(order), dtype) if known is None else known[order]
    columns["flagged"] = findings.flags[order]
    status = findings.status
    columns["status"] = unknown(len(order), object) if status is None else status[order]
    columns["last_agreed"] = _last_agreed(findings)[order]
    neighbors = np.full((len(order), 2), -1)
    shown = np.flatnonzero(findings.flags[order] | np.isin(order, asked))
    neighbors[shown] = find_neighbors(findings, order[shown])
    for number, column in enumerate(neighbors.T, start=1):
        columns[f"neighbor_{number}"] = np.ma.masked_equal(column, -1)
    if findings.noise_probability is None:
        columns["noise_score"] = findings.noise_score[order]
    return to_frame(columns, *data)


def _last_agreed(findings):
    """Give the last stage that predicted each label, from 1; 0 for none; masked if unknown."""
    if findings.dynamics is None or not findings.agreement:
        return unknown(len(findings.labels), int)
    agreed = findings.dynamics > 0  # (n_samples, n_epochs)
    n_epochs = agreed.shape[1]
    return np.where(agreed.any(axis=1), n_epochs - agreed[:, ::-1].argmax(axis=1), 0)
