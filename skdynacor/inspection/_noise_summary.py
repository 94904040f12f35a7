"""Label errors by class."""

import numpy as np

from ._findings import read_findings
from ._frames import to_frame, unknown


def noise_summary(estimator, X, y):
    """Sum up by class how many labels look wrong, and which class they are most confused with.

    Parameters
    ----------
    estimator : Pipeline or detector
        As in ``label_issues``.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
        What ``fit`` was given.
    y : array-like of shape (n_samples,)
        The given labels, as ``fit`` was given them.

    Returns
    -------
    summary : pandas.DataFrame, or polars.DataFrame if X or y is of polars
        One row per given label, the highest noise rate first. Columns:

        - ``label``;
        - ``n_rows``: number of rows with it;
        - ``n_flagged``: number of these that are flagged;
        - ``noise_rate``: the estimated share of wrong labels among them, in [0, 1]; the share
          flagged if the detector does not estimate it;
        - ``most_confused_with``: the label suggested most often for those flagged; missing if none
          is;
        - ``n_confused``: number of rows for which it is suggested.

    See Also
    --------
    label_issues : The same by row.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import noise_summary
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[10, 30, 70]] = [2, 2, 0]
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> noise_summary(detector, X, y).drop(columns="noise_rate").head(1)
       label  n_rows  n_flagged  most_confused_with  n_confused
    0      2      50          2                   0           2
    """
    return summarize(read_findings(estimator, X, y), X, y)


def summarize(findings, *data):
    """Make the data frame of ``noise_summary``; ``data`` are the caller's X and y."""
    classes, codes, flags = findings.classes, findings.codes, findings.flags
    n_classes = len(classes)
    n_rows, n_flagged = (np.bincount(some, minlength=n_classes) for some in (codes, codes[flags]))
    rates = findings.class_noise_rates
    if rates is None:
        rates = n_flagged / np.maximum(n_rows, 1)
    confused_with, n_confused = unknown(n_classes, classes.dtype), unknown(n_classes, int)
    if findings.suggested_labels is not None:
        suggested = np.searchsorted(classes, findings.suggested_labels[flags])
        counts = np.zeros((n_classes, n_classes), dtype=int)
        np.add.at(counts, (codes[flags], suggested), 1)
        n_confused = counts.max(axis=1)
        confused_with = np.ma.masked_array(classes[counts.argmax(axis=1)], n_confused == 0)
    order = np.lexsort([-n_flagged, -rates])
    columns = {
        "label": classes,
        "n_rows": n_rows,
        "n_flagged": n_flagged,
        "noise_rate": rates,
        "most_confused_with": confused_with,
        "n_confused": n_confused,
    }
    return to_frame({name: column[order] for name, column in columns.items()}, *data)
