"""From a file to a corrected one: the command, a browser, and the command again."""

import csv

import numpy as np
import pytest
from sklearn.datasets import load_iris

from skdynacor.command_line.main import main

N_ASKED = 20


@pytest.fixture
def iris_csv(tmp_path):
    """A file with eight wrong labels, and the right ones."""
    iris = load_iris()
    right = iris.target_names[iris.target]
    given = right.copy()
    given[[3, 20, 40, 60, 75, 110, 125, 140]] = np.roll(right, 60)[
        [3, 20, 40, 60, 75, 110, 125, 140]
    ]
    path = tmp_path / "iris.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", *"abcd", "species"])
        for i, (row, label) in enumerate(zip(iris.data, given, strict=True)):
            writer.writerow([f'flower "{i}"', *row, label])
    return path, given, right


def test_twenty_rows_by_keys_correct_a_file(iris_csv, open_page, tmp_path, monkeypatch, capsys):
    path, given, right = iris_csv
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    find = ["find", "iris.csv", "--label", "species"]
    assert main([*find, "--report", "report.html", "--ask", N_ASKED]) == 0
    command = f"skdynacor {' '.join(find)} --reviewed review.csv --out issues.csv"
    assert command in capsys.readouterr().out

    page = open_page(tmp_path / "report.html", viewport={"width": 1280, "height": 800})
    assert page.locator("#source").inner_text() == "iris.csv, labels in 'species'"
    decided = {}
    for _ in range(N_ASKED):
        question = page.locator("#asked .question")
        row = int(question.locator("bdi").first.inner_text())
        suggested = question.locator(".label").nth(1).inner_text()
        key = {given[row]: "k", suggested: "s"}.get(right[row], "u")
        decided[row] = key
        page.keyboard.press(key)
    assert command in page.locator("#next-steps pre").inner_text()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download review.csv").click()
    waited.value.save_as(tmp_path / "review.csv")

    assert main([*find, "--reviewed", "review.csv", "--out", "issues.csv"]) == 0
    printed = capsys.readouterr().out
    assert f"After {sum(key != 'u' for key in decided.values())} verdicts" in " ".join(
        printed.split()
    )
    assert "skdynacor apply iris.csv review.csv --out corrected.csv" in printed
    assert main(["apply", "iris.csv", "review.csv", "--out", "corrected.csv"]) == 0

    before = path.read_bytes().splitlines(keepends=True)
    after = (tmp_path / "corrected.csv").read_bytes().splitlines(keepends=True)
    changed = {
        i - 1 for i, (one, other) in enumerate(zip(before, after, strict=True)) if one != other
    }
    assert changed == {row for row, key in decided.items() if key == "s"}
    assert changed
    with (tmp_path / "corrected-changes.csv").open(encoding="utf-8-sig") as file:
        log = list(csv.DictReader(file))
    assert {int(each["position"]) for each in log} == changed
    assert all(each["to"] == right[int(each["position"])] for each in log)
    assert {each["by"] for each in log} == {"person"}
