"""``skdynacor demo``."""

import pandas as pd


def test_injected_errors_are_found_and_written(command, tmp_path):
    folder = tmp_path / "new" / "demo"
    code, out, err = command("demo", "--out", folder)
    assert (code, err) == (0, "")
    table = [line.split() for line in out.splitlines() if "symmetric" in line]
    assert len(table) == 2
    for _, _, wrong, flagged, precision, recall, f1, _ in table:
        assert 0 < int(flagged) < 2 * int(wrong)
        assert min(float(precision), float(recall), float(f1)) > 0.7
    assert "skdynacor find data.csv --label COLUMN" in out
    issues = pd.read_csv(folder / "issues.csv")
    assert len(issues) == int(table[-1][3])
    assert issues["wrong"].mean() > 0.7
    assert (issues["given_label"] != issues["true_label"]).equals(issues["wrong"])
    assert issues["noise_probability"].is_monotonic_decreasing
    assert (folder / "noise-probability.png").read_bytes()[:4] == b"\x89PNG"
    assert "data:image" in (folder / "report.html").read_text()
    assert len(list(folder.iterdir())) == 3
