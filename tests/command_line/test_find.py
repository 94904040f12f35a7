"""``skdynacor find``: what is found, printed and written."""

import json
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from skdynacor.command_line import outputs
from skdynacor.inspection import apply_corrections, read_review
from skdynacor.utils import files

LEFT_OUT = "Left out 'customer', which identifies the rows (--features uses it nevertheless)."


def score(positions, wrong):
    found = np.isin(np.arange(len(wrong)), positions)
    return (found & wrong).sum() / found.sum(), (found & wrong).sum() / wrong.sum()


def test_label_errors_are_found_worst_first(command, mixed_csv, mixed_table, tmp_path):
    table, wrong = mixed_table
    code, out, err = command("find", mixed_csv, "--label", "label", "--out", tmp_path / "i.csv")
    assert code == 0
    assert "400 rows, 3 classes in 'label'" in out
    assert f"Wrote {tmp_path / 'i.csv'}." in out
    assert err == f"skdynacor: {LEFT_OUT}\n"
    issues = read_review(tmp_path / "i.csv", table["label"])
    assert f"{len(issues)} labels look wrong" in out
    precision, recall = score(issues["position"], wrong)
    assert precision > 0.8
    assert recall > 0.8
    assert issues["noise_probability"].is_monotonic_decreasing
    assert issues["decision"].eq("").all()
    shown = pd.read_csv(tmp_path / "i.csv")["age"]
    np.testing.assert_array_equal(shown, table["age"].iloc[issues["position"]])
    issues["decision"] = "suggested"
    corrected = apply_corrections(table["label"], issues)
    assert (corrected != table["label"]).sum() == len(issues)


def test_without_a_file_the_worst_are_shown(command, mixed_csv, mixed_table):
    _, wrong = mixed_table
    code, out, _ = command("find", mixed_csv, "--label", "label")
    assert code == 0
    assert "The worst 10 (rows count from 0)" in out
    rows = out.partition("P(wrong)\n")[2].partition("\n\n")[0].splitlines()
    assert len(rows) == 10
    assert wrong[[int(row.split()[0]) for row in rows]].all()
    assert "--out issues.csv" in out


def test_all_kinds_of_files_give_the_same(command, mixed_csv, mixed_table, tmp_path):
    table, _ = mixed_table
    paths = [mixed_csv, *(tmp_path / f"a{suffix}" for suffix in [".tsv", ".csv.gz", ".parquet"])]
    table.to_csv(paths[1], index=False, sep="\t")
    table.to_csv(paths[2], index=False)
    table.to_parquet(paths[3])
    found = []
    for path in paths:
        _, out, _ = command("find", path, "--label", "label", "--json")
        found.append(json.loads(out))
        assert found[-1].pop("file") == str(path)
    assert found[0]["n_flagged"] > 0
    assert all(each == found[0] for each in found)


def test_arrays_are_searched(command, noisy_blobs, tmp_path):
    X, y, wrong = noisy_blobs
    names = np.array(["cat", "dog", "owl"])[y]
    np.savez(tmp_path / "a.npz", X=X, y_given=names, images=X.reshape(-1, 2, 2), number=y * 1.0)
    code, out, _ = command("find", tmp_path / "a.npz", "--json")
    assert code == 0
    found = json.loads(out)
    precision, recall = score([issue["position"] for issue in found["issues"]], wrong)
    assert precision > 0.8
    assert recall > 0.8
    assert {issue["given_label"] for issue in found["issues"]} == {"cat", "dog", "owl"}
    args = ("--features", "images", "--label", "number", "--json")
    same = json.loads(command("find", tmp_path / "a.npz", *args)[1])
    assert same["n_flagged"] == found["n_flagged"]
    assert {issue["given_label"] for issue in same["issues"]} == {0, 1, 2}


def test_json_is_all_that_is_printed_and_the_pipeline_is_saved(command, mixed_csv, tmp_path):
    out, saved = tmp_path / "i.csv", tmp_path / "pipe.joblib"
    args = ("find", mixed_csv, "--label", "label", "--out", out, "--save-pipeline", saved)
    code, printed, _ = command(*args, "--json")
    assert code == 0
    found = json.loads(printed)
    assert (found["n_rows"], found["label"]) == (400, "label")
    assert found["n_flagged"] == len(found["issues"]) == len(pd.read_csv(out))
    assert 0.05 < found["noise_rate"] < 0.15
    assert sum(each["n_rows"] for each in found["classes"]) == 400
    assert found["files"] == {"out": str(out), "save-pipeline": str(saved)}
    assert found["notices"] == [LEFT_OUT]
    detector = joblib.load(saved)[-1]
    assert detector.flags_.sum() == found["n_flagged"]
    assert detector.noise_rate_ == found["noise_rate"]


def test_quiet_prints_nothing(command, mixed_csv):
    assert command("find", mixed_csv, "--label", "label", "--quiet") == (0, "", "")


def test_a_terminal_shows_progress(command, mixed_csv, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _, _, err = command("find", mixed_csv, "--label", "label")
    assert "%|" in err


def test_noise_above_what_is_allowed_has_its_own_exit_code(command, mixed_csv, tmp_path):
    args = ("find", mixed_csv, "--label", "label", "--out", tmp_path / "i.csv", "--fail-above")
    assert command(*args, 0.01)[0] == 3
    assert (tmp_path / "i.csv").exists()
    assert command(*args, 0.9)[0] == 0
    assert command(*args, 5)[0] == 2


def test_rows_without_a_label_are_left_out(command, mixed_table, tmp_path):
    table = mixed_table[0].copy()
    table["label"] = table["label"].map({"bronze": 0, "silver": 1, "gold": 2}).astype(float)
    table.loc[::4, "label"] = None
    table.to_csv(tmp_path / "gaps.csv", index=False)
    code, out, err = command("find", tmp_path / "gaps.csv", "--label", "label", "--json")
    assert code == 0
    assert "Left out 100 rows without a label" in err
    found = json.loads(out)
    assert found["n_rows"] == 300
    assert {each["label"] for each in found["classes"]} == {0, 1, 2}
    assert all(issue["index"] % 4 for issue in found["issues"])  # rows of the file
    assert max(issue["position"] for issue in found["issues"]) < 300  # rows with a label


def test_booleans_with_gaps_stay_booleans(command, mixed_table, tmp_path):
    table = mixed_table[0].copy()
    table["label"] = table["label"].map({"bronze": True, "silver": False, "gold": None})
    table.to_csv(tmp_path / "gaps.csv", index=False)
    found = json.loads(command("find", tmp_path / "gaps.csv", "--label", "label", "--json")[1])
    assert {each["label"] for each in found["classes"]} == {True, False}


@pytest.fixture(scope="module")
def reviews(mixed_table, tmp_path_factory):
    """A table with two columns of text beside others, in Parquet."""
    table, wrong = mixed_table
    rng = np.random.default_rng(2)
    others = {"bronze": "silver", "silver": "gold", "gold": "bronze"}
    right = table["label"].where(~wrong, table["label"].map(others))
    words = {label: [f"{label[:i]}{j}" for i in (0, 1) for j in range(30)] for label in others}
    table = table.assign(
        body=["\n".join(rng.choice(words[label], 8)) for label in right],
        title=[" ".join(rng.choice(words[label], 2)) for label in right],
    )
    table.loc[::9, "body"] = None
    path = tmp_path_factory.mktemp("text") / "reviews.parquet"
    table.to_parquet(path)
    return path


@pytest.mark.parametrize(
    "options", [(), ("--features", "body", "title", "--text", "title", "body")]
)
def test_text_is_used_and_shown_in_one_line(command, reviews, mixed_table, options):
    code, out, _ = command("find", reviews, "--label", "label", *options)
    assert code == 0
    rows = out.partition("body")[2].partition("\n\n")[0].splitlines()[1:]
    assert len(rows) == 10
    wrong = mixed_table[1]
    assert wrong[[int(row.split()[0]) for row in rows]].mean() > 0.5


def test_right_labels_are_not_flagged(command, tmp_path):
    y = np.arange(200) % 2
    pd.DataFrame({"a": 10.0 * y + np.arange(200) % 7, "y": y}).to_csv(tmp_path / "a.csv")
    code, out, _ = command("find", tmp_path / "a.csv", "--label", "y")
    assert code == 0
    assert "0 labels look wrong (0.0%)" in out
    assert "No label is more likely wrong than right." in out


def test_outputs_are_checked_before_the_work(refused, mixed_csv, tmp_path, monkeypatch):
    data = (mixed_csv, "--label", "label")
    before = mixed_csv.read_bytes()
    assert "overwrite the input file" in refused(*data, "--out", mixed_csv)
    assert mixed_csv.read_bytes() == before
    assert "there is no folder" in refused(*data, "--out", tmp_path / "none" / "i.csv")
    assert f"{tmp_path} is not a file" in refused(*data, "--out", tmp_path)
    monkeypatch.setattr(outputs.os, "access", lambda path, mode: False)
    assert "cannot write to the folder" in refused(*data, "--save-pipeline", tmp_path / "pipe")


def test_decisions_are_not_lost(command, refused, mixed_csv, tmp_path):
    path = tmp_path / "i.csv"
    args = (mixed_csv, "--label", "label", "--out", path)
    assert command("find", *args)[0] == 0
    issues = pd.read_csv(path)
    issues["decision"] = issues["decision"].astype(object)
    for separator in ",;":
        issues.loc[3, "decision"] = "keep"
        issues.to_csv(path, index=False, sep=separator, encoding="utf-8-sig")
        assert "has decisions of a review" in refused(*args)
        assert "keep" in path.read_text()
    outputs.check_outputs({"--out": path}, force=True)
    issues.drop(columns="decision").assign(decision="").to_csv(path, index=False)
    assert command("find", *args)[0] == 0  # no decisions yet


def test_a_full_disk_leaves_no_half_of_a_file(command, mixed_csv, tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(28, "No space left on device")

    path = tmp_path / "i.csv"
    path.write_text("before")
    monkeypatch.setattr(files.os, "fsync", fail)
    code, out, err = command("find", mixed_csv, "--label", "label", "--out", path, "--quiet")
    assert (code, out) == (1, "")
    assert err == f"skdynacor: error: [Errno 28] No space left on device: '{path}'\n"
    assert [each.name for each in tmp_path.iterdir()] == ["i.csv"]
    assert path.read_text() == "before"


def test_an_unexpected_error_is_one_line_and_can_be_traced(command, mixed_csv, monkeypatch):
    def fail(*args):
        raise RuntimeError("this\nand that")

    monkeypatch.setattr(Pipeline, "fit", fail)
    args = ("find", mixed_csv, "--label", "label", "--quiet")
    assert command(*args) == (1, "", "skdynacor: error: RuntimeError: this and that\n")
    _, _, err = command(*args, "--debug")
    assert err.startswith("Traceback")
    assert err.endswith("skdynacor: error: RuntimeError: this and that\n")


def test_warnings_of_the_fit_are_a_line_each(command, mixed_csv, monkeypatch):
    fit = Pipeline.fit

    def fit_and_warn(self, *args):
        for _ in range(2):
            warnings.warn("be\ncareful", stacklevel=1)
        return fit(self, *args)

    monkeypatch.setattr(Pipeline, "fit", fit_and_warn)
    _, _, err = command("find", mixed_csv, "--label", "label")
    assert err.splitlines()[1:] == ["skdynacor: be careful"]


def test_usage_errors_are_one_line(command):
    wrong = [("--seed", "x"), ("--fail-above", "nan"), ("--separator", ", "), ("--labels", "y")]
    for args in [[], ["find"], ["fnd"], *(["find", "a.csv", *options] for options in wrong)]:
        code, out, err = command(*args)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "--help" in err


def test_help_has_examples_and_exit_codes(command):
    code, out, _ = command("find", "--help")
    assert code == 0
    for part in ["examples:", "exit codes:", "130  interrupted", "--fail-above RATE"]:
        assert part in out
    code, out, _ = command("--version")
    assert (code, out.split()[0]) == (0, "skdynacor")
