"""Equal rows with different labels, in the page."""

import re

import numpy as np
import pandas as pd

from skdynacor.reporting import report as report_module
from skdynacor.reporting.report import report


def write(make_fitted, monkeypatch, folder, X, y):
    """Write a report without plots; return the section of conflicts, if there is one."""
    monkeypatch.setattr(report_module, "draw_figures", lambda findings: "")
    page = report(make_fitted(y, y), X, y, folder / "report.html").read_text(encoding="utf-8")
    found = re.search('<section id="conflicts".*?</section>', page, flags=re.DOTALL)
    assert found is None or found.end() < page.index('<section id="issues"')
    return found and found[0]


def test_conflicts_come_before_the_issues(make_fitted, monkeypatch, tmp_path):
    X = pd.DataFrame({"text": ["fine", "<b>", "fine", "rain", "<b>", "fine"]}, index=[*"uvwxyz"])
    y = np.array(["sun", "<b>", "sun", "rain", "sun", "rain"])
    section = write(make_fitted, monkeypatch, tmp_path, X, y)
    assert "<h2" in section
    assert "The same row has two labels" in section
    assert "5 rows equal another one" in section
    assert "largest" not in section
    assert re.findall("<td.*</td>", section) == [
        '<td class="number">3</td><td><bdi>rain</bdi>: z; <bdi>sun</bdi>: u, w</td>',
        '<td class="number">2</td><td><bdi>&lt;b&gt;</bdi>: v; <bdi>sun</bdi>: y</td>',
    ]


def test_many_conflicts_are_shortened(make_fitted, monkeypatch, tmp_path):
    X = np.repeat(np.arange(31), 40)[:, None]
    y = np.where(np.arange(len(X)) % 40 < 12, 7, np.arange(len(X)) % 40)
    section = write(make_fitted, monkeypatch, tmp_path, X, y)
    assert "1,240 rows equal another one" in section
    assert "The 20 largest of 31 sets:" in section
    lines = re.findall("<td.*</td>", section)
    assert len(lines) == 20
    assert "<bdi>7</bdi>: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more; <bdi>12</bdi>: 12;" in lines[0]
    assert lines[0].endswith("<bdi>15</bdi>: 15 and 24 more</td>")


def test_without_conflicts_there_is_no_section(make_fitted, monkeypatch, tmp_path):
    y = np.array([0, 1, 0, 1, 1])
    assert write(make_fitted, monkeypatch, tmp_path, y[:, None], y) is None
