"""Results as text for a terminal, and as JSON for scripts."""

import json
import textwrap
from dataclasses import asdict

import pandas as pd

from ..inspection._statements import state

N_SHOWN = 10
_WIDTH = 88
#: Sets of equal rows that are shown, and rows of each.
_MOST_SETS, _MOST_NAMED = 5, 6
_MOST_CLASSES = 20
_WIDEST = 50


def describe(path, data, findings, summary):
    """Describe what is known of the labels, the flags and noise rates by class.

    ``summary`` is from ``noise_summary``.
    """
    flags = findings.flags
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
        *(textwrap.fill(sentence, _WIDTH) for sentence in state(findings)),
        "",
        f"{path}: {len(flags):,} rows, {len(table)} classes in {data.label!r}",
        f"{flags.sum():,} labels look wrong ({flags.mean():.1%}); "
        f"estimated noise rate {findings.noise_rate:.1%}",
        "",
        table.head(_MOST_CLASSES).to_string(index=False),
        *([f"and {more} more classes"] if more > 0 else []),
    ]
    return "\n".join(lines)


def describe_conflicts(conflicts, positions):
    """Name the largest sets of equal rows with different labels."""
    groups = [rows["position"].to_numpy() for _, rows in conflicts.groupby("group")]
    lines = [
        f"The same row has two labels: {len(conflicts):,} rows in {len(groups):,} "
        f"{'set' if len(groups) == 1 else 'sets'} of equal rows"
        + (", of which the largest are:" if len(groups) > _MOST_SETS else ":")
    ]
    for rows in groups[:_MOST_SETS]:
        names = ", ".join(str(row) for row in positions[rows[:_MOST_NAMED]])
        lines.append(f"  rows {names}" + (" and more" if len(rows) > _MOST_NAMED else ""))
    return "\n".join(lines)


def describe_unusual(unusual):
    """Count near-duplicates and outliers, and name the first rows."""
    lines = []
    for kind, text in (
        ("near duplicate", "nearly equal a row with another label"),
        ("outlier", "are unlike all others, whatever their label"),
    ):
        rows = unusual.loc[unusual["kind"] == kind, "position"].tolist()
        if rows:
            names = ", ".join(map(str, rows[:_MOST_NAMED])) + " and more" * (
                len(rows) > _MOST_NAMED
            )
            lines.append(f"{len(rows):,} rows {text}: {names}")
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


def to_json(path, data, findings, summary, issues, conflicts, unusual, files):
    """Give all results as JSON; ``files`` are the files written, by option."""
    learnability = findings.learnability
    found = {
        "file": str(path),
        "label": data.label,
        "n_rows": len(findings.flags),
        "learnability": {"sentence": str(learnability), **_finite(asdict(learnability))},
        "n_flagged": int(findings.flags.sum()),
        "noise_rate": float(findings.noise_rate),
        "noise_rate_interval": list(findings.noise_rate_interval),
        "duplicated_share": findings.duplicated_share,
        "conflicting_rows": data.positions[conflicts["position"].to_numpy()].tolist(),
        "unusual_rows": None if unusual is None else _records(unusual),
        "classes": _records(summary),
        "issues": _records(issues),
        "files": files,
        "notices": data.notices,
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _finite(values):
    return {name: None if value != value else value for name, value in values.items()}


def _records(frame):
    return json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))


def _short(value):
    text = " ".join(str(value).split())
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
