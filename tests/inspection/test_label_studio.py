"""Tasks for Label Studio, and its export."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skdynacor.inspection import (
    apply_corrections,
    read_label_studio,
    read_review,
    write_label_studio,
    write_review,
)

Y = np.array(["cat", "dog", "cat", "cow", "dog", "cow"])


def make_issues(library=pd):
    return library.DataFrame(
        {
            "position": [4, 0, 3, 1],
            "given_label": Y[[4, 0, 3, 1]],
            "suggested_label": ["cat", "cow", "dog", "dog"],
            "suggested_label_probability": [0.9, 0.8, 0.7, 0.6],
            "name": ["Rex", None, "Ünal", "=1"],
        }
    )


def annotate(task, choice, by=1, skipped=False):
    """Annotate a task as Label Studio exports it."""
    value = {"choices": [choice]} if choice else {}
    result = {"id": "aB1", "from_name": "label", "to_name": "row", "type": "choices"}
    task.setdefault("id", task["data"]["position"] + 100)
    task.setdefault("annotations", []).append(
        {
            "id": 7,
            "completed_by": by,
            "was_cancelled": skipped,
            "result": [{**result, "value": value, "origin": "manual"}] if choice else [],
            "lead_time": 4.2,
        }
    )


@pytest.fixture(params=[pd, pl], ids=["pandas", "polars"])
def tasks(request, tmp_path):
    write_label_studio(make_issues(request.param), tmp_path / "tasks.json")
    return json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))


def export(tasks, tmp_path):
    (tmp_path / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    return tmp_path / "export.json"


def test_tasks_hold_the_rows_and_predictions(tasks):
    assert [task["data"]["position"] for task in tasks] == [4, 0, 3, 1]
    assert tasks[2]["data"]["row"]["name"] == "Ünal"
    assert tasks[1]["data"]["row"]["name"] is None
    prediction = tasks[0]["predictions"][0]
    assert prediction["score"] == 0.9
    result = prediction["result"][0]
    assert result["value"] == {"choices": ["cat"]}
    assert (result["from_name"], result["to_name"], result["type"]) == ("label", "row", "choices")


def test_an_export_is_what_the_same_review_in_csv_is(tasks, tmp_path):
    for task, choice in zip(tasks, ["cat", "cow", "cow", None], strict=True):
        annotate(task, choice, skipped=choice is None)
    exported = read_label_studio(export(tasks, tmp_path), Y)
    issues = make_issues().assign(decision=["suggested", "suggested", "keep", "unsure"])
    write_review(issues, tmp_path / "review.csv")
    review = read_review(tmp_path / "review.csv", Y)
    assert_array_equal(exported["position"], review["position"])
    assert_array_equal(apply_corrections(Y, exported), apply_corrections(Y, review))
    assert exported["decision"].tolist() == ["cat", "cow", "cow", "unsure"]


def test_two_annotators(tasks, tmp_path):
    for task in tasks:
        annotate(task, "cat", by={"id": 1, "email": "a@b.c"})
        annotate(task, "dog", by={"id": 2, "email": "d@e.f"})
    found = read_label_studio(export(tasks, tmp_path), pl.Series(Y))
    assert found["reviewer"].to_list() == ["a@b.c", "d@e.f"] * 4
    with pytest.raises(ValueError, match="There must be one decision per row; there are 'cat'"):
        apply_corrections(Y, found)


def test_numbers_stay_labels(tmp_path):
    y = np.array([1, 2, 3, 1])
    issues = pd.DataFrame({"position": [0], "given_label": [1], "suggested_label": [3]})
    write_label_studio(issues, tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    annotate(tasks[0], "3")
    review = read_label_studio(export(tasks, tmp_path), y)
    assert_array_equal(apply_corrections(y, review), [3, 2, 3, 1])


BAD = {
    "no annotations": (lambda t: [{**t[0], "annotations": []}], "has no annotations"),
    "another project": (
        lambda t: [{"data": {"text": "a"}, "annotations": [{"result": []}]}],
        "KeyError: 'position'",
    ),
    "JSON-MIN": (lambda t: [{"row": {}, "label": "cat"}], "KeyError: 'data'"),
    "no list": (lambda t: {"tasks": 1}, "is not an export of Label Studio"),
    "another label": (
        lambda t: [annotate(t[0], "horse"), t][1][:1],
        "decision must be a label of y .* it is 'horse' for row 4",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_exports(kind, tmp_path):
    write_label_studio(make_issues(), tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    make, message = BAD[kind]
    with pytest.raises(ValueError, match=message):
        read_label_studio(export(make(tasks), tmp_path), Y)


def test_an_export_of_other_labels(tasks, tmp_path):
    annotate(tasks[0], "cat")
    with pytest.raises(ValueError, match="The issues belong to other labels than y"):
        read_label_studio(export(tasks[:1], tmp_path), np.roll(Y, 1))
