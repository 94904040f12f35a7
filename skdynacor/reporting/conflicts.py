"""Equal rows with different labels, as a section of the page."""

import html

from ..inspection._conflicting_labels import find_conflicts

_MOST_GROUPS, _MOST_LABELS, _MOST_ROWS = 20, 5, 10

_SECTION = """<section id="conflicts" aria-labelledby="conflicts-title">
<h2 id="conflicts-title">The same row has two labels</h2>
<p class="note">{n_rows:,} rows equal another one that has a different label. Some of these labels
are wrong, or the features do not determine the class.</p>
<details><summary>Show the rows.{extent}</summary>
<div class="scroll" tabindex="0" role="region" aria-labelledby="conflicts-title"><table>
<thead><tr><th class="number">Equal rows</th><th>Rows by label</th></tr></thead>
<tbody>
{lines}
</tbody></table></div>
</details></section>
"""


def write_conflicts(X, findings, names):
    """Write the section as HTML; empty without conflicts. ``names`` are those of the classes."""
    rows = find_conflicts(X, findings.codes)
    if not len(rows):
        return ""
    n_groups = rows["group"].iloc[-1] + 1
    shown = rows[rows["group"] < _MOST_GROUPS]
    extent = f" The {_MOST_GROUPS} largest of {n_groups:,} sets:" if n_groups > _MOST_GROUPS else ""
    lines = [_write_group(group, findings.index, names) for _, group in shown.groupby("group")]
    return _SECTION.format(n_rows=len(rows), extent=extent, lines="\n".join(lines))


def _write_group(group, index, names):
    by_label = [
        f"<bdi>{html.escape(names[code])}</bdi>: "
        + _enumerate([html.escape(str(each)) for each in index[positions]], _MOST_ROWS, ", ")
        for code, positions in group.groupby("code")["position"]
    ]
    labels = _enumerate(by_label, _MOST_LABELS, "; ")
    return f'<tr><td class="number">{len(group):,}</td><td>{labels}</td></tr>'


def _enumerate(items, most, separator):
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return separator.join(items[:most]) + more
