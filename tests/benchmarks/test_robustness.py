"""The scripts of ``benchmarks/`` on crashes and on long use run, on few cases."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("matplotlib")
pytest.importorskip("cleanlab")
pytest.importorskip("tqdm")
pytest.importorskip("psutil")


def test_crashes_are_counted_and_lose_nothing(call, tmp_path):
    kinds = ["kill while writing", "damaged weights"]
    args = ["crashes", "--kinds", *kinds, "--cases", 1, "--seeds", 1, "--out", tmp_path]
    printed = call(*args)
    rows = pd.read_csv(tmp_path / "crashes.csv")
    assert rows.kind.tolist() == [kinds[0]] * 2 + [kinds[1]] * 2
    assert rows.flow.tolist() == ["default", "paper"] * 2
    assert rows.same.tolist() == [1, 1, 0, 0]  # a fit goes on, weights are not believed
    assert rows.refused.tolist()[:2] == [0, 0]
    assert rows.refused[2:].gt(0).all()
    assert rows.refused[2:].mod(2).eq(0).all()  # a cut and a flip of every file
    assert rows.failed.eq(0).all()
    assert f"{rows.cases.sum()} cases, 0 failed." in printed
    before = (tmp_path / "crashes.csv").read_bytes()
    assert call(*args) == printed
    assert (tmp_path / "crashes.csv").read_bytes() == before


def test_a_peer_that_is_killed_is_an_error_and_no_hang(call, tmp_path):
    pytest.importorskip("accelerate")
    kind = "killed peer"
    call("crashes", "--kinds", kind, "--cases", 1, "--seeds", 1, "--out", tmp_path)
    rows = pd.read_csv(tmp_path / "crashes.csv")
    assert rows.flow.tolist() == ["default", "paper"]
    assert rows.refused.tolist() == [1, 1]
    assert rows.failed.eq(0).all()


def test_what_fails_is_told(call, tmp_path, monkeypatch, capsys):
    script = importlib.import_module("crashes")
    monkeypatch.setitem(script.KINDS, "odd", (lambda *_: iter(["same", "another result"]), 1))
    args = ["--kinds", "odd", "--seeds", "1", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["crashes", *args])
    assert script.main() == 1
    out, err = capsys.readouterr()
    assert "4 cases, 2 failed." in out
    assert "odd, default, seed 0: another result" in err


def test_soak_holds_no_more_after_twenty_fits(call, tmp_path, monkeypatch):
    script = importlib.import_module("soak")
    monkeypatch.setattr(script, "FLOWS", ("checkpoints",))
    printed = call("soak", "--fits", 20, "--rows", 60, "--out", tmp_path)
    rows = pd.read_csv(tmp_path / "soak.csv")
    assert rows.fits.tolist() == [10, 20]
    held = rows[["files", "threads", "children"]]
    assert held.iloc[0].equals(held.iloc[1])
    assert rows.MB.gt(50).all()
    assert (tmp_path / "soak.png").read_bytes()[:4] == b"\x89PNG"
    assert "checkpoints" in printed


@pytest.mark.parametrize(
    ("grown", "told"), [({"MB": 106}, "memory"), ({"files": 9}, "files"), ({"MB": 104}, "nothing")]
)
def test_what_a_soak_finds_grown_is_told(call, grown, told):
    first = {"flow": "paper", "seed": 0, "fits": 10, "MB": 100.0, "seconds": 1.0}
    first |= {"files": 8, "threads": 1, "children": 0}
    table = pd.DataFrame([first, {**first, "fits": 20, **grown}])
    (summed,) = importlib.import_module("soak").sum_up(table)
    assert summed["grew"] == told


def test_rates_are_estimated_at_ever_more_noise(call, tmp_path):
    args = ["more_noise", "--data", "wine", "--seeds", 1, "--methods", "default", "SimiFeatV"]
    printed = call(*args, "--out", tmp_path)
    rows = pd.read_csv(tmp_path / "more_noise.csv")
    assert rows.method.tolist() == ["default", "SimiFeatV"] * 4
    assert rows.planted.tolist() == [0, 0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3]
    default = rows[rows.method == "default"]
    assert (default["noise rate"] - default.planted).abs().max() < 0.05
    assert "the mean in 0 of 6 steps" in printed
    assert (tmp_path / "more_noise.png").read_bytes()[:4] == b"\x89PNG"


def test_rates_that_fall_beyond_error_are_told(call, capsys):
    rates = {0.0: [0.1, 0.2, 0.1], 0.1: [0.2, 0.1, 0.15], 0.2: [0.01, 0.02, 0.0]}
    table = pd.DataFrame(
        {"data": "wine", "method": "odd", "planted": planted, "seed": seed, "noise rate": rate}
        for planted, by_seed in rates.items()
        for seed, rate in enumerate(by_seed)
    )
    script = importlib.import_module("more_noise")
    found = script.steps(table)
    assert found["mean"].tolist() == pytest.approx([0.05 / 3, -0.42 / 3])
    assert found.fell.tolist() == pytest.approx([1 / 3, 1])
    script.print_summary(table)
    printed = capsys.readouterr().out
    assert "the mean in 1 of 2 steps" in printed
    assert "odd, wine, to 0.2: -0.140 ± 0.0" in printed


RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.fixture
def results(call, tmp_path):
    """Make a folder of the results that count, and call the script on it."""
    script = importlib.import_module("robustness")
    for name in script.COUNTS:
        shutil.copy(RESULTS / f"{name}.csv", tmp_path)
    return script, tmp_path


def test_one_command_calls_all_scripts_and_sums_up(call, results, monkeypatch):
    script, folder = results
    (folder / "hostile.csv").unlink()
    monkeypatch.setattr(script, "COMMANDS", ("hostile.py --only terminals",))
    printed = call("robustness", "--out", folder)
    assert "$ python hostile.py --only terminals" in printed
    counts = pd.read_csv(folder / "robustness.csv")
    assert counts[counts.script == "hostile.py"].values.tolist() == [
        ["hostile.py", "terminals", 1, 0]
    ]
    assert f"{counts.cases.sum():,} cases, 0 failed." in printed


def test_the_counts_in_the_results_are_those_of_the_results(results):
    script, folder = results
    committed = pd.read_csv(RESULTS / "robustness.csv")
    pd.testing.assert_frame_equal(script.count(folder), committed)
    assert committed.failed.sum() == 0
    cases = committed.set_index("of").cases
    assert cases["random input"] >= 10_000
    assert cases["kill"] + cases["kill while writing"] >= 100


@pytest.mark.parametrize(
    ("name", "change", "of"),
    [
        ("fuzz", {"failed": 1}, "random input"),
        ("crashes", {"failed": 1}, "kill"),
        ("metamorphic", {"difference": 1e-9}, "told otherwise, to the bit"),
        ("soak", {"files": 0}, "200 times: default"),
        ("hostile", {"outcome": "failed"}, "pickles"),
    ],
)
def test_whatever_fails_is_counted(results, monkeypatch, name, change, of):
    script, folder = results
    table = pd.read_csv(folder / f"{name}.csv")
    table.loc[0, list(change)] = list(change.values())
    table.to_csv(folder / f"{name}.csv", index=False)
    counts = script.count(folder).set_index("of")
    assert counts.failed[counts.failed > 0].to_dict() == {of: 1}
    monkeypatch.setattr(sys, "argv", ["robustness", "--count", "--out", str(folder)])
    assert script.main() == 1


def test_results_that_are_missing_are_named(results, refused):
    _, folder = results
    (folder / "soak.csv").unlink()
    assert "soak.csv: its script did not end" in refused("robustness", "--count", "--out", folder)
