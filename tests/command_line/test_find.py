"""``skdynacor find``: what is found, printed and written."""

import json
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from skdynacor import LabelErrorDetector
from skdynacor.command_line import outputs
from skdynacor.inspection import apply_corrections, read_review
from skdynacor.utils import files

LEFT_OUT = (
    "Left out 'customer', which identifies the rows (--id shows it, --features learns from it)."
)


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


@pytest.mark.parametrize("names", [["007", "7", "12"], ["None", "nan", "Apnea"]])
def test_labels_come_back_as_they_are_written(command, mixed_table, tmp_path, names):
    paths = tmp_path / "a.csv", tmp_path / "issues.csv"
    names = dict(zip(["bronze", "silver", "gold"], names, strict=True))
    table = mixed_table[0].assign(label=mixed_table[0]["label"].map(names))
    table.to_csv(paths[0], index=False)
    code, out, _ = command("find", paths[0], "--label", "label", "--out", paths[1])
    assert code == 0
    assert "400 rows, 3 classes in 'label'" in out
    labels = pd.read_csv(paths[0], dtype=str, keep_default_na=False)["label"]
    review = read_review(paths[1], labels)
    assert list(review["given_label"]) == list(labels[review["position"]])
    corrected = apply_corrections(labels, review.assign(decision="suggested"))
    assert set(corrected) == set(names.values())
    assert (corrected != labels).sum() == len(review) > 0


def test_numbers_as_people_write_them_are_learnt_from(command, mixed_table, tmp_path):
    table, paths = mixed_table[0], [tmp_path / f"{name}.csv" for name in ("plain", "us", "de")]
    table = table[["label"]].assign(age=1000 * table["age"], visits=table["visits"])
    dots = [f"${age:,.2f}" if age == age else "" for age in table["age"]]
    commas = [text.strip("$").translate(str.maketrans(",.", ".,")) for text in dots]
    table.to_csv(paths[0], index=False)
    table.assign(age=dots).to_csv(paths[1], index=False)
    table.assign(age=commas).to_csv(paths[2], index=False, sep=";")
    found = []
    for path, options in zip(paths, [(), (), ("--separator", ";")], strict=True):
        args = ("find", path, "--label", "label", "--json", *options)
        found.append(json.loads(command(*args)[1]))
    assert found[0]["issues"] == found[1]["issues"] == found[2]["issues"]
    assert found[0]["issues"]
    assert found[1]["notices"] == found[2]["notices"] == []


def test_columns_that_are_not_learnt_from_stand_in_the_outputs(command, mixed_csv, tmp_path):
    paths = [tmp_path / name for name in ("issues.csv", "report.html", "pipeline.joblib")]
    options = ("--drop", "plan", "since", "--out", paths[0], "--report", paths[1])
    options += ("--save-pipeline", paths[2])
    assert command("find", mixed_csv, "--label", "label", *options)[0] == 0
    assert list(joblib.load(paths[2])[0].feature_names_in_) == ["age", "visits"]
    table = pd.read_csv(mixed_csv)
    issues = pd.read_csv(paths[0])
    for name in ["customer", "age", "plan", "since"]:
        expected = table[name][issues["position"]]
        pd.testing.assert_series_equal(issues[name], expected.reset_index(drop=True))
    page = paths[1].read_text()
    assert '"column_names":["customer","plan","since"]' in page
    assert issues["customer"][0] in page


def test_a_column_names_the_rows(command, mixed_csv, tmp_path):
    args = ("find", mixed_csv, "--label", "label", "--id", "customer")
    code, out, err = command(*args)
    assert (code, err) == (0, "")
    assert "The worst 10:\ncustomer " in out
    table = pd.read_csv(mixed_csv)
    code, out, _ = command(*args, "--json", "--out", tmp_path / "issues.csv")
    for issue in json.loads(out)["issues"]:
        assert issue["index"] == table["customer"][issue["position"]]
    issues = pd.read_csv(tmp_path / "issues.csv")
    assert list(issues["index"]) == list(table["customer"][issues["position"]])
    assert "customer" not in issues


def test_names_of_rows_may_repeat(command, mixed_csv, tmp_path):
    options = ("--id", "plan", "--report", tmp_path / "report.html")
    assert command("find", mixed_csv, "--label", "label", *options)[0] == 0


@pytest.fixture
def fits(monkeypatch):
    """What the detector is fitted with."""
    fits, fit = [], LabelErrorDetector.fit

    def fit_and_note(self, X, y, groups=None):
        fits.append((X, y, groups))
        return fit(self, X, y, groups)

    monkeypatch.setattr(LabelErrorDetector, "fit", fit_and_note)
    return fits


def test_groups_are_passed_on_and_not_learnt_from(command, mixed_table, tmp_path, fits):
    table = mixed_table[0].assign(patient=[f"{i // 4:03d}" for i in range(400)])
    table.loc[::5, "label"] = None
    table.to_csv(tmp_path / "a.csv", index=False)
    args = (tmp_path / "a.csv", "--label", "label", "--groups", "patient")
    options = ("--save-pipeline", tmp_path / "pipeline.joblib")
    assert command("find", *args, *options)[0] == 0
    ((_, _, groups),) = fits
    assert groups.tolist() == table["patient"][table["label"].notna()].tolist()
    learnt = joblib.load(tmp_path / "pipeline.joblib")[0].feature_names_in_
    assert list(learnt) == ["age", "visits", "plan", "since"]


def test_groups_of_arrays_are_passed_on(command, noisy_blobs, tmp_path, fits):
    X, y, _ = noisy_blobs
    np.savez(tmp_path / "a.npz", X=X, y_given=y, patient=np.arange(len(y)) // 2)
    assert command("find", tmp_path / "a.npz", "--groups", "patient")[0] == 0
    ((_, _, groups),) = fits
    assert groups.tolist() == [str(i // 2) for i in range(len(y))]


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


def test_rows_without_a_label_are_left_out_and_counted(command, mixed_table, tmp_path):
    table = mixed_table[0].copy()
    table["label"] = table["label"].map({"bronze": 0, "silver": 1, "gold": 2}).astype(float)
    table.loc[::4, "label"] = None
    paths = tmp_path / "gaps.csv", tmp_path / "issues.csv"
    table.to_csv(paths[0], index=False)
    args = ("find", paths[0], "--label", "label", "--json", "--out", paths[1])
    code, out, err = command(*args)
    assert code == 0
    assert "Left out 100 rows without a label (100 empty)." in err
    found = json.loads(out)
    assert found["n_rows"] == 300
    assert {each["label"] for each in found["classes"]} == {0, 1, 2}
    for issue in found["issues"]:
        assert issue["index"] == issue["position"]
        assert all(issue[name] % 4 for name in ("position", "neighbor_1", "neighbor_2"))
        assert table["label"][issue["position"]] == issue["given_label"]
        assert table["label"][issue["neighbor_1"]] == issue["suggested_label"]
    for read in [table, pd.read_csv(paths[0], dtype=str, keep_default_na=False)]:
        review = read_review(paths[1], read["label"])
        corrected = apply_corrections(read["label"], review.assign(decision="suggested"))
        changed = corrected.ne(read["label"]) & table["label"].notna()
        assert np.flatnonzero(changed).tolist() == sorted(review["position"])
        pd.testing.assert_series_equal(corrected[::4], read["label"][::4])


def test_arrays_without_a_label_are_left_out_and_counted(command, noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    y = np.where(np.arange(len(y)) % 3, y.astype(float), np.nan)
    np.savez(tmp_path / "a.npz", X=X, y_given=y)
    found = json.loads(command("find", tmp_path / "a.npz", "--json")[1])
    assert found["n_rows"] == np.isfinite(y).sum()
    assert found["issues"]
    for issue in found["issues"]:
        assert issue["given_label"] == y[issue["position"]]
        assert issue["index"] == issue["position"]


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
    code, out, err = command("find", reviews, "--label", "label", *options)
    assert code == 0
    assert "by words; with --encoder" in err
    assert "pip install 'skdynacor[text]'" in err
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
    assert "no label is more likely wrong than right" in " ".join(out.split())
    assert "labels are wrong" not in out


def test_the_sentence_on_what_models_reach_opens_the_output(command, mixed_csv):
    args = ("find", mixed_csv, "--label", "label")
    _, out, _ = command(*args)
    assert out.startswith("Models reach ")
    found = json.loads(command(*args, "--json")[1])
    assert " ".join(out.split()).startswith(found["learnability"]["sentence"])
    assert found["learnability"]["accuracy"] > found["learnability"]["majority_share"]
    low, high = found["noise_rate_interval"]
    assert low <= found["noise_rate"] <= high


def test_labels_that_follow_from_nothing_are_said_to(command, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    table.assign(y=rng.integers(0, 3, 300)).to_csv(tmp_path / "a.csv", index=False)
    _, out, _ = command("find", tmp_path / "a.csv", "--label", "y")
    assert out.startswith("Models hardly beat the commonest class")
    assert "\n0 labels look wrong" in out
    assert "may be wrong" not in out


def test_equal_rows_with_different_labels_come_first(command, tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    table["y"] = np.where(table["a"] > 0, "yes", "no")
    table.loc[[7, 150]] = table.loc[[7, 7]].to_numpy()
    table.loc[150, "y"] = "no" if table.loc[7, "y"] == "yes" else "yes"
    table.to_csv(tmp_path / "a.csv", index=False)
    args = ("find", tmp_path / "a.csv", "--label", "y")
    _, out, _ = command(*args)
    assert "The same row has two labels: 2 rows in 1 set of equal rows:\n  rows 7, 150\n" in out
    assert "1 % of the rows equal another row" in out
    assert json.loads(command(*args, "--json")[1])["conflicting_rows"] == [7, 150]


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
    def fail(*args, **params):
        raise RuntimeError("this\nand that")

    monkeypatch.setattr(Pipeline, "fit", fail)
    args = ("find", mixed_csv, "--label", "label", "--quiet")
    assert command(*args) == (1, "", "skdynacor: error: RuntimeError: this and that\n")
    _, _, err = command(*args, "--debug")
    assert err.startswith("Traceback")
    assert err.endswith("skdynacor: error: RuntimeError: this and that\n")


def test_warnings_of_the_fit_are_a_line_each(command, mixed_csv, monkeypatch):
    fit = Pipeline.fit

    def fit_and_warn(self, *args, **params):
        for _ in range(2):
            warnings.warn("be\ncareful", stacklevel=1)
        return fit(self, *args, **params)

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
