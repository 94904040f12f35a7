"""The scripts of ``benchmarks/`` run, on little data."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script, *args):
    command = [sys.executable, BENCHMARKS / script, *map(str, args)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_demo_prints_a_table_and_writes_what_it_found(tmp_path):
    printed = run("demo.py", "--out", tmp_path)
    table = [line.split() for line in printed.splitlines() if "symmetric" in line]
    assert len(table) == 2
    for _, _, wrong, flagged, precision, recall, f1, _ in table:
        assert 0 < int(flagged) < 2 * int(wrong)
        assert min(float(precision), float(recall), float(f1)) > 0.7
    issues = pd.read_csv(tmp_path / "issues.csv")
    assert len(issues) == int(table[0][3])
    assert issues["planted"].mean() > 0.7
    assert (issues["given_label"] != issues["true_label"]).equals(issues["planted"])
    assert issues["noise_probability"].is_monotonic_decreasing
    assert (tmp_path / "trajectories.png").read_bytes()[:4] == b"\x89PNG"


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    X = (rng.normal(size=(200, 3)) + 6 * y[:, None]).astype(np.float16)
    np.savez(tmp_path / "clean.npz", X=X, y_true=y)
    given = np.where(np.arange(200) < 40, 1 - y, y)
    np.savez(tmp_path / "human.npz", X=X, y_true=y, y_given=given, y_given_crowd=1 - given)
    return tmp_path


def test_quick_measures_every_setting(folder):
    printed = run("quick.py", folder, "--seeds", 2, "--out", folder / "runs.csv")
    runs = pd.read_csv(folder / "runs.csv")
    assert len(runs) == 2 * (4 + 2)
    noise = ["symmetric 0.3", "symmetric 0.1", "asymmetric 0.3", "instance 0.3"]
    assert runs.noise.unique().tolist() == [*noise, "human", "human crowd"]
    assert runs["noise rate"][runs.noise == "human"].eq(0.2).all()
    assert runs.F1[runs.noise == "human"].gt(80).all()
    assert runs.AUROC.between(0, 1).all()
    for setting in noise:
        assert setting in printed


def test_quick_names_a_folder_without_data(tmp_path):
    with pytest.raises(AssertionError, match=r"no \.npz file"):
        run("quick.py", tmp_path)


def test_speed_prints_ratios():
    sizes = ["--rows", 300, "--features", 8, "--trajectories", 2000, "--repeats", 1]
    printed = run("speed.py", *sizes)
    assert "300 x 8 on cpu: median ratio" in printed
    assert "detection of 2000 x 20 float32" in printed
