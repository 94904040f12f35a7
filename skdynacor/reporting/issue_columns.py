"""The table of issues as the page's script reads it: by columns, short."""

import numpy as np

from ..groundwork.optional import import_optional

_LABELS = {"given_label", "suggested_label", "label", "most_confused_with"}
_LEVELS = "0123456789abcdefghijklmnopqrstu"  # of a trail; the middle one is 0
_POINTS = 24  # of a trail


def read_columns(frame, classes):
    """Read a data frame by columns.

    Parameters
    ----------
    frame : data frame
        Of ``label_issues`` or ``noise_summary``.
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    columns : dict of str to list
        Of plain numbers, booleans, strings and None; labels are positions in ``classes``. Numbers
        have four digits behind the point. None for a column of which nothing is known.
    """
    nw = import_optional("narwhals", "report", "A report")
    codes = {label: code for code, label in enumerate(classes.tolist())}
    frame = nw.from_native(frame, eager_only=True)
    columns = {}
    for series in map(frame.get_column, frame.columns):
        missing = series.is_null().to_list()
        values = [None if no else v for no, v in zip(missing, series.to_list(), strict=True)]
        if series.name in _LABELS:
            values = [None if value is None else codes[value] for value in values]
        values = [_plain(value) for value in values]
        columns[series.name] = None if all(missing) else values
    return columns


def _plain(value):
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), 4) if np.isfinite(value) else None
    return str(value)


def encode_trails(dynamics, rows, agreement):
    """Encode trails as one character for each of some epochs.

    Parameters
    ----------
    dynamics : ndarray of shape (n_samples, n_epochs)
    rows : ndarray of shape (n_rows,)
        Positions of the rows whose trails are asked for.
    agreement : bool
        Whether 0 is to be the middle level.

    Returns
    -------
    trails : list of str
        One character from 0 to u for each of at most 24 epochs.

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.reporting.issue_columns import encode_trails
    >>> encode_trails(np.array([[-4.0, 0.0, 4.0]]), np.array([0]), agreement=True)
    ['0fu']
    """
    n_epochs = dynamics.shape[1]
    epochs = np.linspace(0, n_epochs - 1, min(n_epochs, _POINTS)).round().astype(int)
    trails = dynamics[np.ix_(rows, epochs)]
    if agreement:
        high = np.quantile(np.abs(trails), 0.98)  # few trails go much further than the others
        low = -high
    else:
        low, high = np.quantile(trails, [0.01, 0.99])
    shares = (trails - low) / max(high - low, np.finfo(float).tiny)
    levels = np.clip(np.round(shares * (len(_LEVELS) - 1)), 0, len(_LEVELS) - 1).astype(int)
    return ["".join(_LEVELS[level] for level in trail) for trail in levels.tolist()]
