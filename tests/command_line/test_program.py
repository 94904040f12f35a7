"""``skdynacor find --print-pipeline``: a program that does the same."""

import json

import numpy as np
import pandas as pd
import pytest


def check_same(command, path, *args):
    """Run the command and the program that it prints; check that both flag the same rows."""
    code, program, _ = command("find", path, *args, "--print-pipeline")
    assert code == 0
    names = {}
    exec(compile(program, "printed", "exec"), names)
    found = json.loads(command("find", path, *args, "--json")[1])
    positions = sorted(issue["position"] for issue in found["issues"])
    assert np.flatnonzero(names["flags"]).tolist() == positions
    assert positions
    return program


def test_of_a_table(command, mixed_csv):
    program = check_same(command, mixed_csv, "--label", "label", "--seed", 3)
    assert "Tfidf" not in program
    assert "random_state=3" in program


def test_of_many_columns_with_odd_names_and_labels_with_gaps(command, mixed_table, tmp_path):
    table, _ = mixed_table
    wide = pd.DataFrame({f'it\'s "{i}"': table["age"] + i for i in range(40)})
    wide["la\\bel"] = table["label"].map({"bronze": 1.0, "silver": 2.0, "gold": None})
    path = tmp_path / "o'dd.tsv"
    wide.to_csv(path, sep="|", index=False, encoding="utf-16")
    args = ("--label", "la\\bel", "--separator", "|", "--encoding", "utf-16", "--jobs", 2)
    program = check_same(command, path, *args)
    assert "dropna" in program
    assert "astype(int)" in program


@pytest.fixture
def reviews(mixed_table, tmp_path):
    """A table with two columns of text beside others, in Parquet with a column of lists."""
    table, wrong = mixed_table
    rng = np.random.default_rng(2)
    others = {"bronze": "silver", "silver": "gold", "gold": "bronze"}
    right = table["label"].where(~wrong, table["label"].map(others))
    words = {label: [f"{label[:i]}{j}" for i in (0, 1) for j in range(30)] for label in others}
    table = table.assign(
        body=[" ".join(rng.choice(words[label], 8)) for label in right],
        title=[" ".join(rng.choice(words[label], 2)) for label in right],
        tags=[[1, 2]] * len(table),
    )
    table.loc[::9, "body"] = None
    path = tmp_path / "reviews.parquet"
    table.set_index("customer").to_parquet(path)
    return path


def test_of_text_beside_other_columns(command, reviews):
    program = check_same(command, reviews, "--label", "label")
    assert "('text: body', TfidfVectorizer" in program
    assert "SimpleImputer" in program
    assert "columns=[" in program


def test_of_text_alone(command, reviews):
    only = ("--features", "body", "title", "--text", "title", "body")
    program = check_same(command, reviews, "--label", "label", *only)
    assert program.count("TfidfVectorizer(max") == 2
    assert "skrub" not in program


def test_of_arrays(command, noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    path = tmp_path / "a.npz"
    gaps = np.where(np.arange(len(y)) % 5, y, np.nan)
    np.savez(path, X=X.reshape(-1, 2, 2), y_given=y, gaps=gaps)
    check_same(command, path)
    program = check_same(command, path, "--label", "gaps")
    assert "astype(int)" in program
