"""Ask for rows, read the review, apply it."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn

from skdynacor import LabelErrorDetector, __version__
from skdynacor.command_line.training_cache import open_cache
from skdynacor.out_of_sample.ensemble import OutOfSampleEnsemble

N_ASKED = 20


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def trainings(monkeypatch):
    trainings, fit = [], OutOfSampleEnsemble.fit_transform

    def fit_and_note(self, *args):
        trainings.append(self)
        return fit(self, *args)

    monkeypatch.setattr(OutOfSampleEnsemble, "fit_transform", fit_and_note)
    return trainings


def review_by(truth, path, out, n=N_ASKED):
    """Fill in the decisions of the first n rows."""
    review = pd.read_csv(path, dtype=str, keep_default_na=False)
    right = truth[review["position"].astype(int)]
    decisions = np.where(review["given_label"] == right, "keep", right)
    review["decision"] = np.where(np.arange(len(review)) < n, decisions, "")
    review.to_csv(out, index=False)
    return review


def test_the_loop(command, mixed_table, mixed_csv, tmp_path, trainings):
    table, wrong = mixed_table
    truth = table["label"].to_numpy(dtype=object)
    rng = np.random.default_rng(0)
    truth[wrong] = rng.permutation(truth[wrong])
    args = ("find", mixed_csv, "--label", "label")
    code, out, _ = command(*args, "--ask", N_ASKED, "--out", tmp_path / "ask.csv")
    assert code == 0
    assert f"skdynacor apply {mixed_csv} {tmp_path / 'ask.csv'} --out corrected.csv" in out
    asked = review_by(truth, tmp_path / "ask.csv", tmp_path / "review.csv")
    assert len(trainings) == 1
    assert set(asked["position"][asked["flagged"] == "True"]) - set(asked["position"][:N_ASKED])

    reviewed = ("--reviewed", tmp_path / "review.csv", "--out", tmp_path / "issues.csv")
    code, out, _ = command(*args, *reviewed)
    assert code == 0
    assert len(trainings) == 1  # that of the first call
    issues = pd.read_csv(tmp_path / "issues.csv").set_index("position")
    for _, row in asked.head(N_ASKED).iterrows():
        is_wrong = row["decision"] != "keep"
        assert (int(row["position"]) in issues.index) == is_wrong
        if is_wrong:
            assert issues.loc[int(row["position"]), "decision"] == row["decision"]
    assert f"skdynacor apply {mixed_csv} {tmp_path / 'review.csv'}" in out

    code, out, _ = command(
        "apply", mixed_csv, tmp_path / "review.csv", "--out", tmp_path / "corrected.csv"
    )
    assert code == 0
    before, after = mixed_csv.read_text().splitlines(), (tmp_path / "corrected.csv").read_text()
    changed = {
        row
        for row, (one, other) in enumerate(zip(before[1:], after.splitlines()[1:], strict=True))
        if one != other
    }
    decided = asked.head(N_ASKED)
    assert changed == set(decided["position"][decided["decision"] != "keep"].astype(int))
    log = pd.read_csv(tmp_path / "corrected-changes.csv")
    assert set(log["position"]) == changed
    assert (log["to"].to_numpy() == truth[log["position"]]).all()


def test_rows_without_a_label_count(command, mixed_table, tmp_path):
    table = mixed_table[0].copy()
    table.loc[::7, "label"] = ""
    table.to_csv(tmp_path / "a.csv", index=False)
    args = ("find", tmp_path / "a.csv", "--label", "label")
    command(*args, "--ask", N_ASKED, "--out", tmp_path / "ask.csv")
    truth = table["label"].to_numpy(dtype=object)
    review = review_by(truth, tmp_path / "ask.csv", tmp_path / "review.csv")
    assert (review["given_label"] == truth[review["position"].astype(int)]).all()
    code, _, err = command(*args, "--reviewed", tmp_path / "review.csv", "--json")
    assert code == 0, err


def test_reviews_of_several_people(command, mixed_table, mixed_csv, tmp_path):
    truth = mixed_table[0]["label"].to_numpy(dtype=object)
    args = ("find", mixed_csv, "--label", "label")
    command(*args, "--ask", N_ASKED, "--out", tmp_path / "ask.csv")
    one = review_by(truth, tmp_path / "ask.csv", tmp_path / "one.csv")
    two = one.copy()
    two.loc[0, "decision"] = "drop"
    two.to_excel(tmp_path / "two.xlsx", index=False)
    _, _, err = command(*args, "--reviewed", tmp_path / "one.csv", tmp_path / "two.xlsx")
    assert f"Reviewers disagree on 1 rows ({one['position'][0]}); both verdicts count" in err


def test_label_studio(command, mixed_csv, tmp_path):
    args = ("find", mixed_csv, "--label", "label")
    command(*args, "--ask", N_ASKED, "--label-studio", tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text())[:N_ASKED]
    assert tasks[0]["data"]["row"]["customer"].startswith("c")
    for task in tasks:
        choice = {"type": "choices", "value": {"choices": [task["data"]["given_label"]]}}
        task["annotations"] = [{"completed_by": 3, "was_cancelled": False, "result": [choice]}]
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    code, out, _ = command(*args, "--reviewed", tmp_path / "export.json", "--json")
    assert code == 0
    positions = {issue["position"] for issue in json.loads(out)["issues"]}
    assert not positions & {task["data"]["position"] for task in tasks}


def test_thresholds(command, mixed_csv, monkeypatch):
    used, fit = [], LabelErrorDetector.fit
    monkeypatch.setattr(
        LabelErrorDetector,
        "fit",
        lambda self, *a, **k: [used.append(self.threshold), fit(self, *a, **k)][1],
    )
    for text in ("f1", "0.8", "precision=0.9"):
        assert (
            command("find", mixed_csv, "--label", "label", "--threshold", text, "--quiet")[0] == 0
        )
    assert used == ["f1", 0.8, ("precision", 0.9)]


@pytest.mark.parametrize("number", ["0", "-1", "x", "401"])
def test_bad_numbers_of_rows(refused, mixed_csv, number):
    err = refused(mixed_csv, "--label", "label", "--ask", number)
    wanted = "has 400 rows with a label" if number == "401" else "a whole number of at least 1"
    assert wanted in err


@pytest.mark.parametrize("text", ["0", "1", "F1", "recall=0.5", "precision=2", "="])
def test_bad_thresholds(refused, mixed_csv, text):
    err = refused(mixed_csv, "--label", "label", "--threshold", text)
    assert "must be a probability between 0 and 1, f1, or as in precision=0.8" in err


def test_bad_reviews(refused, command, mixed_table, mixed_csv, tmp_path):
    args = (mixed_csv, "--label", "label", "--reviewed")
    assert "There is no review" in refused(*args, tmp_path / "no.csv")
    command("find", *args[:-1], "--out", tmp_path / "issues.csv")
    truth = mixed_table[0]["label"].to_numpy(dtype=object)
    review = review_by(truth, tmp_path / "issues.csv", tmp_path / "r.csv")
    review["given_label"] = "gold"
    review.to_csv(tmp_path / "r.csv", index=False)
    assert "The issues belong to other labels than y" in refused(*args, tmp_path / "r.csv")
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    assert "issues have no column" in refused(*args, tmp_path / "r.csv")
    _, _, err = command("find", *args, tmp_path / "issues.csv")
    assert "The review has no decisions yet; nothing was recalibrated." in err
    (tmp_path / "cache").mkdir(exist_ok=True)
    review_by(truth, tmp_path / "issues.csv", tmp_path / "review.csv")
    err = refused(*args, tmp_path / "review.csv", "--out", tmp_path / "review.csv")
    assert "has decisions of a review, which would be lost" in err


def test_trainings_are_kept_by_version():
    location = str(open_cache().location)
    assert all(version in location for version in (__version__, sklearn.__version__))


def test_a_cache_that_cannot_be_written_does_no_harm(command, mixed_csv, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "file"))
    assert command("find", mixed_csv, "--label", "label", "--ask", 5)[0] == 0
