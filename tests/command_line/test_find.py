"""``skdynacor find``: what is found, printed and written."""

import json
import sys

import joblib
import numpy as np
import pandas as pd

from skdynacor.command_line import outputs
from skdynacor.groundwork import files
from skdynacor.inspection import apply_corrections, read_review


def score(positions, wrong):
    found = np.isin(np.arange(len(wrong)), positions)
    return (found & wrong).sum() / found.sum(), (found & wrong).sum() / wrong.sum()


def test_planted_errors_are_found_worst_first(command, mixed_csv, mixed_table, tmp_path):
    table, wrong = mixed_table
    code, out, err = command("find", mixed_csv, "--label", "label", "--out", tmp_path / "i.csv")
    assert code == 0
    assert "400 rows, 3 classes in 'label'" in out
    assert f"Wrote {tmp_path / 'i.csv'}." in out
    assert err == (
        "skdynacor: Left out 'customer', which names the rows (--features uses it all the same).\n"
    )
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
    assert "The worst 10, where rows count from 0" in out
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


def test_json_is_all_that_is_printed(command, mixed_csv, tmp_path):
    path = tmp_path / "i.csv"
    code, out, _ = command("find", mixed_csv, "--label", "label", "--json", "--out", path)
    assert code == 0
    found = json.loads(out)
    assert (found["n_rows"], found["label"]) == (400, "label")
    assert found["n_flagged"] == len(found["issues"]) == len(pd.read_csv(path))
    assert 0.05 < found["noise_rate"] < 0.15
    assert [each["label"] for each in found["classes"]] != []
    assert sum(each["n_rows"] for each in found["classes"]) == 400
    assert found["files"] == {"out": str(path)}
    assert found["notices"] == [
        "Left out 'customer', which names the rows (--features uses it all the same)."
    ]


def test_quiet_prints_nothing(command, mixed_csv):
    assert command("find", mixed_csv, "--label", "label", "--quiet") == (0, "", "")


def test_a_terminal_shows_how_far_it_is(command, mixed_csv, monkeypatch):
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


def test_a_class_of_one_row_does_no_harm(command, mixed_table, tmp_path):
    table = mixed_table[0].copy()
    table.loc[7, "label"] = "platinum"
    table.to_csv(tmp_path / "rare.csv", index=False)
    code, out, _ = command("find", tmp_path / "rare.csv", "--label", "label", "--json")
    assert code == 0
    (rare,) = [each for each in json.loads(out)["classes"] if each["label"] == "platinum"]
    assert rare["n_rows"] == 1


def test_text_of_several_lines_is_shown_in_one(command, mixed_table, tmp_path):
    table, _ = mixed_table
    comments = [f'one\ntwo, "three" four {i}' for i in range(len(table))]
    table.assign(comment=comments).to_csv(
        tmp_path / "lines.csv", index=False, lineterminator="\r\n"
    )
    args = ("find", tmp_path / "lines.csv", "--label", "label", "--features", "age", "visits")
    code, out, _ = command(*args, "--text", "comment")
    assert code == 0
    assert 'one two, "three" four' in out


def test_right_labels_leave_nothing_to_correct(command, tmp_path):
    y = np.arange(200) % 2
    pd.DataFrame({"a": 10.0 * y + np.arange(200) % 7, "y": y}).to_csv(tmp_path / "a.csv")
    code, out, _ = command("find", tmp_path / "a.csv", "--label", "y")
    assert code == 0
    assert "0 labels look wrong (0.0%)" in out
    assert "Nothing to correct." in out


def test_the_pipeline_is_saved(command, mixed_csv, mixed_table, tmp_path):
    path = tmp_path / "pipe.joblib"
    args = ("find", mixed_csv, "--label", "label", "--save-pipeline", path, "--json")
    found = json.loads(command(*args)[1])
    pipeline = joblib.load(path)
    assert pipeline[-1].flags_.sum() == found["n_flagged"]
    assert pipeline[-1].noise_rate_ == found["noise_rate"]


def test_outputs_are_checked_before_the_work(refused, mixed_csv, tmp_path, monkeypatch):
    data = (mixed_csv, "--label", "label")
    before = mixed_csv.read_bytes()
    assert "replace the file that is read" in refused(*data, "--out", mixed_csv)
    assert mixed_csv.read_bytes() == before
    same = ("--out", tmp_path / "a", "--report", tmp_path / "b" / ".." / "a")
    (tmp_path / "b").mkdir()
    assert "--out and --report name the same file" in refused(*data, *same)
    assert "there is no folder" in refused(*data, "--out", tmp_path / "none" / "i.csv")
    assert "is no file that could be replaced" in refused(*data, "--out", tmp_path / "b")
    assert "is no file that could be replaced" in refused(*data, "--out", "/dev/null")
    assert "cannot write to its folder" in refused(*data, "--report", "/proc/report.html")

    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(outputs.tempfile, "NamedTemporaryFile", refuse)
    message = refused(*data, "--save-pipeline", tmp_path / "pipe")
    assert "cannot write to its folder (Permission denied)" in message


def test_decisions_are_not_lost(command, refused, mixed_csv, tmp_path):
    path = tmp_path / "i.csv"
    args = (mixed_csv, "--label", "label", "--out", path)
    assert command("find", *args)[0] == 0
    issues = pd.read_csv(path)
    issues["decision"] = issues["decision"].astype(object)
    for separator in ",;":
        issues.loc[3, "decision"] = "keep"
        issues.to_csv(path, index=False, sep=separator, encoding="utf-8-sig")
        assert "has decisions of a review in it" in refused(*args)
        assert "keep" in path.read_text()
    outputs.check_outputs({"--out": path}, force=True)
    issues.drop(columns="decision").assign(decision="").to_csv(path, index=False)
    assert command("find", *args)[0] == 0  # nobody has decided anything


def test_a_full_disk_leaves_no_half_of_a_file(command, mixed_csv, tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(28, "No space left on device")

    path = tmp_path / "i.csv"
    path.write_text("before")
    monkeypatch.setattr(files.os, "fsync", fail)
    code, out, err = command("find", mixed_csv, "--label", "label", "--out", path, "--quiet")
    assert (code, out) == (1, "")
    assert err == f"skdynacor: error: {path} was not written: No space left on device.\n"
    assert [each.name for each in tmp_path.iterdir()] == ["i.csv"]
    assert path.read_text() == "before"


def test_what_was_not_foreseen_is_one_line_and_can_be_traced(command, mixed_csv, monkeypatch):
    from skdynacor.command_line import find

    def fail(*args, **kwargs):
        raise RuntimeError("this\nand that")

    monkeypatch.setattr(find, "make_pipeline_for", fail)
    args = ("find", mixed_csv, "--label", "label", "--quiet")
    assert command(*args) == (1, "", "skdynacor: error: RuntimeError: this and that\n")
    _, _, err = command(*args, "--debug")
    assert err.startswith("Traceback")
    assert err.endswith("skdynacor: error: RuntimeError: this and that\n")


def test_warnings_of_the_fit_are_a_line_each(command, mixed_csv, monkeypatch):
    import warnings

    from skdynacor.command_line import find

    make = find.make_pipeline_for

    def make_and_warn(*args, **kwargs):
        pipeline = make(*args, **kwargs)
        fit = pipeline.fit

        def fit_and_warn(*args):
            for _ in range(2):
                warnings.warn("be\ncareful", stacklevel=1)
            return fit(*args)

        pipeline.fit = fit_and_warn
        return pipeline

    monkeypatch.setattr(find, "make_pipeline_for", make_and_warn)
    _, _, err = command("find", mixed_csv, "--label", "label")
    assert err.splitlines()[1:] == ["skdynacor: be careful"]


def test_usage_errors_are_one_line(command):
    wrong = [("--seed", "x"), ("--seed", -1), ("--jobs", 0), ("--fail-above", "nan")]
    wrong += [("--separator", ", "), ("--labels", "y")]
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
