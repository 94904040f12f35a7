"""A list of the labels in doubt, with what speaks against them."""

import numpy as np

from ..utils.sklearn_private import validates_arguments
from ._findings import read_findings
from ._frames import is_of_polars, to_frame, unknown
from ._neighbors import find_neighbors


@validates_arguments(only_flagged=["boolean"])
def label_issues(estimator, X, y, *, only_flagged=False):
    """List the labels, the worst first, with the evidence against them.

    Parameters
    ----------
    estimator : Pipeline or detector
        Fitted: a pipeline that ends in a detector, a detector, or one of ``skdynacor.baselines``.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
        What ``fit`` was given. With a detector of trajectories alone: these, or the rows that they
        are of.
    y : array-like of shape (n_samples,)
        The given labels, as ``fit`` was given them.
    only_flagged : bool, default=False
        Whether to leave out the rows that are not flagged.

    Returns
    -------
    issues : pandas.DataFrame, or polars.DataFrame if X or y is of polars
        Rows that are flagged come first, then the others, both in the order of their noise
        probability. What the estimator does not know is missing. Columns:

        - ``position``: of the row in X;
        - ``index``: the caller's own name of the row, from the index of X or y, else its position;
          none in polars, which has no index;
        - ``given_label``;
        - ``suggested_label``: the given one where a row is not flagged;
        - ``suggested_label_probability``: that it is right;
        - ``noise_probability``: that the given label is wrong;
        - ``flagged``: whether the given label is judged wrong;
        - ``last_agreed``: the last epoch, or stage of a forest, whose model agreed with the given
          label, from 1; 0 if none did;
        - ``neighbor_1``, ``neighbor_2``: of a flagged row, the positions of the nearest rows that
          have the suggested label, and are not in doubt themselves;
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
    apply_corrections : Puts decisions on these issues into y.

    Notes
    -----
    Neighbours are nearest in the direction of what the net's last hidden layer gets, or share the
    most leaves of the forest: in a model that was not told the label of the row in question, where
    rows are judged by such. They are taken from the half of the class that is in least doubt, of
    which 10,000 are looked at where it has more. A baseline, and a model without either, compares
    standardised features.

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


def list_issues(findings, *data, only_flagged=False):
    """Make the data frame of ``label_issues`` of what is known; ``data`` are the caller's."""
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
    columns["last_agreed"] = _last_agreed(findings)[order]
    neighbors = np.full((len(order), 2), -1)
    n_flagged = findings.flags.sum()
    neighbors[:n_flagged] = find_neighbors(findings, order[:n_flagged])
    for number, column in enumerate(neighbors.T, start=1):
        columns[f"neighbor_{number}"] = np.ma.masked_equal(column, -1)
    if findings.noise_probability is None:
        columns["noise_score"] = findings.noise_score[order]
    return to_frame(columns, *data)


def _last_agreed(findings):
    """The last stage that agreed with each label, from 1; 0 for none; masked if not known."""
    if findings.dynamics is None or not findings.agreement:
        return unknown(len(findings.labels), int)
    agreed = findings.dynamics > 0  # (n_samples, n_epochs)
    n_epochs = agreed.shape[1]
    return np.where(agreed.any(axis=1), n_epochs - agreed[:, ::-1].argmax(axis=1), 0)
