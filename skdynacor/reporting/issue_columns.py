"""The table of issues by columns, as the page's script reads it."""

import numpy as np

from ..utils.optional import import_optional

_LABELS = {"given_label", "suggested_label", "label", "most_confused_with"}
_LEVELS = "0123456789abcdefghijklmnopqrstu"  # of a trajectory; the middle one is 0
_POINTS = 24  # of a trajectory


def read_columns(frame, classes):
    """Convert a frame of ``label_issues`` or ``noise_summary`` to lists for JSON.

    Labels become positions in ``classes``, columns without values None.
    """
    pandas = import_optional("pandas", "report", "A report")
    index = pandas.Index(classes)
    columns = {}
    for name in frame.columns:
        column = frame[name]
        values = column.astype(object).where(column.notna(), None).tolist()
        if name in _LABELS:
            values = [None if code < 0 else code for code in index.get_indexer(column).tolist()]
        values = [round(value, 4) if isinstance(value, float) else value for value in values]
        if name == "index":
            values = [value if isinstance(value, int) else str(value) for value in values]
        columns[name] = None if column.isna().all() else values
    return columns


def read_positions(positions, n_rows):
    """Validate the positions of rows in the caller's data, (n_rows,); by default 0, 1, ..."""
    positions = np.arange(n_rows) if positions is None else np.asarray(positions)
    if positions.shape != (n_rows,) or positions.dtype.kind not in "iu":
        raise ValueError(
            f"positions must be one integer for each of the {n_rows} rows; got {positions.dtype} "
            f"of shape {positions.shape}."
        )
    return positions


def count_by(positions, columns):
    """Replace the rows of X in the columns of issues by ``positions``, (n_samples,)."""
    counted = columns.copy()
    for name in ("position", "neighbor_1", "neighbor_2"):
        if columns[name] is not None:
            counted[name] = [None if row is None else int(positions[row]) for row in columns[name]]
    if columns.get("index") in (columns["position"], counted["position"]):
        counted["index"] = None  # it repeats the positions
    return counted


def encode_trajectories(dynamics, rows, agreement):
    """Encode each trajectory as one character from 0 to u for each of at most 24 epochs.

    With ``agreement``, the middle character stands for 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.reporting.issue_columns import encode_trajectories
    >>> encode_trajectories(np.array([[-4.0, 0.0, 4.0]]), [0], agreement=True)
    ['0fu']
    """
    n_epochs, highest = dynamics.shape[1], len(_LEVELS) - 1
    epochs = np.linspace(0, n_epochs - 1, min(n_epochs, _POINTS)).round().astype(int)
    dynamics = dynamics[np.ix_(rows, epochs)]
    if agreement:
        high = np.quantile(np.abs(dynamics), 0.98)  # robust to a few large values
        low = -high
    else:
        low, high = np.quantile(dynamics, [0.01, 0.99])
    shares = (dynamics - low) / max(high - low, np.finfo(float).tiny)
    levels = np.clip(np.round(shares * highest), 0, highest).astype(int)
    return ["".join(_LEVELS[level] for level in row) for row in levels.tolist()]
