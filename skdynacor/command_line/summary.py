"""Results as text for a terminal, and as JSON for scripts."""

import json

import pandas as pd

N_SHOWN = 10
_MOST_CLASSES = 20
_WIDEST = 50


def describe(path, data, detector, summary):
    """Describe the flags and noise rates by class; ``summary`` is from ``noise_summary``."""
    flags = detector.flags_
    confused = zip(summary["most_confused_with"], summary["n_confused"], strict=True)
    table = pd.DataFrame(
        {
            _short(data.label): summary["label"].map(_short),
            "rows": summary["n_rows"],
            "flagged": summary["n_flagged"],
            "noise rate": summary["noise_rate"].map("{:.1%}".format),
            "most confused with": [f"{_short(y)} ({n})" if n > 0 else "" for y, n in confused],
        }
    )
    more = len(table) - _MOST_CLASSES
    lines = [
        f"{path}: {len(flags):,} rows, {len(table)} classes in {data.label!r}",
        f"{flags.sum():,} labels look wrong ({flags.mean():.1%}); "
        f"estimated noise rate {detector.noise_rate_:.1%}",
        "",
        table.head(_MOST_CLASSES).to_string(index=False),
        *([f"and {more} more classes"] if more > 0 else []),
    ]
    return "\n".join(lines)


def describe_worst(issues, id_column, text_columns):
    """Show the first ten issues, with the text columns of the file."""
    worst = issues.head(N_SHOWN)
    table = pd.DataFrame(
        {
            _short(id_column or "row"): worst["index"].map(_short),
            "given": worst["given_label"].map(_short),
            "suggested": worst["suggested_label"].map(_short),
            "P(wrong)": worst["noise_probability"].map("{:.1%}".format),
            **{_short(name): worst[name].map(_short) for name in text_columns},
        }
    )
    counting = "" if id_column else " (rows count from 0)"
    return f"The worst {len(worst)}{counting}:\n{table.to_string(index=False)}"


def to_json(path, data, detector, summary, issues, files):
    """Give all results as JSON; ``files`` are the files written, by option."""
    found = {
        "file": str(path),
        "label": data.label,
        "n_rows": len(detector.flags_),
        "n_flagged": int(detector.flags_.sum()),
        "noise_rate": float(detector.noise_rate_),
        "classes": _records(summary),
        "issues": _records(issues),
        "files": files,
        "notices": data.notices,
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _records(frame):
    return json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))


def _short(value):
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
