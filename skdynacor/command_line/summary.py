"""What was found, in words and tables for a terminal, and as an object for scripts."""

import json

import pandas as pd

N_SHOWN = 10
_MOST_CLASSES = 20
_WIDEST = 50


def describe(path, data, noise_rate, flags, classes):
    """Say how many labels are wrong, and of which classes.

    Parameters
    ----------
    path : Path
    data : Data
    noise_rate : float
    flags : ndarray of shape (n_samples,), bool
    classes : DataFrame
        Of ``noise_summary``.

    Returns
    -------
    text : str
    """
    table = pd.DataFrame(
        {
            _short(data.label): classes["label"].map(_short),
            "rows": classes["n_rows"],
            "flagged": classes["n_flagged"],
            "noise rate": classes["noise_rate"].map("{:.1%}".format),
            "most confused with": [
                f"{_short(other)} ({count})" if count > 0 else ""
                for other, count in zip(
                    classes["most_confused_with"], classes["n_confused"], strict=True
                )
            ],
        }
    )
    more = len(table) - _MOST_CLASSES
    lines = [
        f"{path}: {len(flags):,} rows, {len(table)} classes in {data.label!r}",
        f"{flags.sum():,} labels look wrong ({flags.mean():.1%}); "
        f"estimated noise rate {noise_rate:.1%}",
        "",
        table.head(_MOST_CLASSES).to_string(index=False),
        *([f"and {more} classes more"] if more > 0 else []),
    ]
    return "\n".join(lines)


def describe_worst(issues, texts):
    """Show the worst issues.

    Parameters
    ----------
    issues : DataFrame
        Flagged rows, the worst first, with the columns of the file.
    texts : list of str
        Columns of text.

    Returns
    -------
    text : str
    """
    worst = issues.head(N_SHOWN)
    table = pd.DataFrame(
        {
            "row": worst["index"],
            "given": worst["given_label"].map(_short),
            "suggested": worst["suggested_label"].map(_short),
            "P(wrong)": worst["noise_probability"].map("{:.1%}".format),
            **{_short(name): worst[name].map(_short) for name in texts},
        }
    )
    return f"The worst {len(worst)}, where rows count from 0:\n{table.to_string(index=False)}"


def to_json(path, data, noise_rate, flags, classes, issues, files):
    """Write down the same as JSON.

    Parameters
    ----------
    path, data, noise_rate, flags, classes
        As for ``describe``.
    issues : DataFrame
    files : dict of str to str
        What was written, by what it is.

    Returns
    -------
    text : str
    """
    found = {
        "file": str(path),
        "label": data.label,
        "n_rows": len(flags),
        "n_flagged": int(flags.sum()),
        "noise_rate": noise_rate,
        "classes": _records(classes),
        "issues": _records(issues),
        "files": files,
        "notices": data.notices,
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _records(frame):
    """Rows of a frame as dicts of plain values, None where one is missing."""
    columns = {name: _plain(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(column):
    missing = column.isna()
    values = column.astype(object).tolist()
    return [
        None if gone else _of_python(value) for gone, value in zip(missing, values, strict=True)
    ]


def _of_python(value):
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _short(value):
    text = " ".join(str(value).split())
    # A terminal obeys what cannot be seen.
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
