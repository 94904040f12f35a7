"""JSON lines."""

import json

import numpy as np
import pytest

from skdynacor.command_line.json_lines import read_json_lines

GOOD = "".join(json.dumps({"a": i % 7, "y": "no" if i % 2 else "yes"}) + "\n" for i in range(40))


def test_values_keep_their_kind(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"a": "007", "b": 1, "c": [1]}\n\n{"b": null, "a": "7", "d": true, "e": {"f": 1}}\n'
    )
    frame, nested = read_json_lines(path, "utf-8")
    assert frame["a"].tolist() == ["007", "7"]
    np.testing.assert_array_equal(frame["b"], [1, np.nan])
    assert (list(frame), nested) == (["a", "b", "d"], ["c", "e"])


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".jsonl.gz"])
def test_the_same_is_found_as_in_a_csv_file(command, mixed_csv, mixed_table, tmp_path, suffix):
    path = tmp_path / f"customers{suffix}"
    mixed_table[0].to_json(path, orient="records", lines=True)
    options = ("--label", "label", "--json")
    found = [json.loads(command("find", each, *options)[1]) for each in (mixed_csv, path)]
    assert found[0]["issues"] == found[1]["issues"]
    assert found[0]["n_flagged"] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + '{"a": 1, "y": ', r"bad.jsonl, line 41 is not valid JSON: Expecting value"),
        (GOOD + "[1, 2]\n", r"bad.jsonl, line 41 is no JSON object; expected lines such as"),
        ("\n", "bad.jsonl is empty"),
    ],
)
def test_damaged_files_are_refused(refused, tmp_path, content, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert message in refused(path, "--label", "y")


def test_lists_and_objects_are_left_out(refused, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD.replace('"a": ', '"list": [], "a": '))
    assert "There is no column 'list'" in refused(path, "--label", "y", "--drop", "list")
