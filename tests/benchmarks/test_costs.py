"""The scripts of ``benchmarks/`` that measure costs run, on little data."""

import importlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("matplotlib")
pytest.importorskip("cleanlab")
pytest.importorskip("tqdm")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def call(call, tmp_path):
    """Have what scripts write in a folder that is removed."""
    return lambda script, *args: call(script, "--out", tmp_path, *args)


def check_results(folder, name, columns):
    """Check that what is written is whole; return the rows."""
    rows = pd.read_csv(folder / f"{name}.csv")
    assert rows.columns.tolist() == [*columns, "versions", "complete"]
    assert rows.versions.str.contains("skdynacor=").all()
    assert rows[[column for column in columns if "seconds" in column]].gt(0).all(axis=None)
    assert (folder / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    return rows


def check_resumes(call, file, *args):
    """Check that a second call redoes nothing; return what it printed."""
    before = file.read_bytes(), file.stat().st_mtime_ns
    printed = call(*args)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    return printed


SPEED_KEYS = ["data", "noise", "rows", "features", "device", "seed"]
FLOWS = ["bare loop", "plain skorch", "five folds", "paper", "default"]
RATIOS = [
    *("paper / bare loop", "paper / plain skorch", "paper / five folds"),
    *("default / paper", "default / five folds"),
]


def test_speed_compares_both_recipes_with_other_flows(call, tmp_path):
    args = ["speed", "--rows", 300, "--features", 8, "--seeds", 2]
    printed = call(*args)
    columns = {flow: f"{flow} seconds" for flow in FLOWS[:-1]} | {"default": "seconds"}
    first = list(columns.values())[:-1]
    rows = check_results(tmp_path, "speed", [*SPEED_KEYS, *first, *RATIOS, "distinct", "seconds"])
    assert rows.seed.tolist() == [0, 1]
    assert rows.distinct.between(2, 300).all()
    for ratio in RATIOS:
        one, other = (columns[flow] for flow in ratio.split(" / "))
        np.testing.assert_allclose(rows[ratio], rows[one] / rows[other], rtol=1e-3)
        assert f"{ratio} {rows[ratio].median():.2f} ({rows[ratio].min():.2f}-" in printed
    assert "300 x 8 on cpu, medians over 2 runs (lowest to highest): " in printed
    assert check_resumes(call, tmp_path / "speed.csv", *args) == printed


def test_speed_takes_the_first_noise_of_a_file(call, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(120) % 2)
    X = rng.normal(size=(120, 3)) + 6 * y[:, None]
    np.savez(tmp_path / "pets.npz", X=X, y_true=np.array(["cat", "dog"])[y])
    printed = call("speed", "--data", tmp_path / "pets.npz", "--seeds", 1)
    assert "120 x 3 on cpu, medians over 1 runs" in printed
    row = pd.read_csv(tmp_path / "speed.csv").iloc[0]
    assert (row.data, row.noise) == ("pets", "symmetric 0.3")


@pytest.mark.parametrize("script", ["speed", "scale"])
def test_costs_are_measured_one_by_one(refused, script):
    assert "--jobs must be 1, since runs side by side" in refused(script, "--jobs", 2)


def test_speed_knows_the_noise_of_synthetic_data(refused):
    message = refused("speed", "--noise", "symmetric 0.6")
    assert "Unknown noise of synthetic 'symmetric 0.6'; known are symmetric 0.2." in message


@pytest.fixture
def without_processes(call, monkeypatch):
    """Let ``scale`` measure in this process, which saves a second start of everything."""
    scale = importlib.import_module("scale")
    monkeypatch.setattr(scale, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor(n))


SCALE_KEYS = [*SPEED_KEYS[:4], "recipe", "batch size", *SPEED_KEYS[4:]]
COSTS = ["distinct", "memory MB", "input MB", "memory / input", "seconds"]


def both(unit):
    return [f"training {unit}", f"detection {unit}"]


def test_scale_measures_every_number_of_rows(call, tmp_path):
    args = ["scale", "--rows", 100, 1000, "--features", 4, "--seeds", 1]
    printed = call(*args)
    columns = [*SCALE_KEYS, "F1", *both("seconds"), *both("us per row"), *COSTS]
    rows = check_results(tmp_path, "scale", columns)
    assert rows.rows.tolist() == [100, 1000]
    assert rows.F1.gt(40).all()
    assert rows.distinct.is_monotonic_increasing
    np.testing.assert_allclose(rows["input MB"], rows.rows * (4 * 4 + 8) / 2**20, rtol=1e-3)
    np.testing.assert_allclose(rows["seconds"], rows[both("seconds")].sum(axis=1), rtol=1e-3)
    assert rows["memory MB"].gt(0).all()
    assert "mean over 1 seeds" in printed
    assert check_resumes(call, tmp_path / "scale.csv", *args) == printed


def test_scale_draws_rows_of_a_data_set(call, without_processes, tmp_path):
    args = ["--noise", "symmetric 0.1", "--rows", 400, "--seeds", 1, "--recipe", "paper"]
    call("scale", "--data", "wine", *args)
    row = pd.read_csv(tmp_path / "scale.csv").iloc[0]
    keys = ("wine", "symmetric 0.1", 400, 13, "paper")
    assert (row.data, row.noise, row.rows, row.features, row.recipe) == keys


def test_scale_leaves_rows_on_the_disk(call, refused, without_processes, monkeypatch, tmp_path):
    scale = importlib.import_module("scale")
    run_pipeline, mapped = scale.run_pipeline, []

    def run(X, *args):
        mapped.append(isinstance(X, np.memmap))
        return run_pipeline(X, *args)

    monkeypatch.setattr(scale, "run_pipeline", run)
    args = ["scale", "--rows", 1000, "--features", 4, "--seeds", 1]
    for where in ([], ["--disk"]):
        call(*args, *where)
    assert mapped == [False, False, False, True]  # each run comes after one that warms up
    keys = [*SCALE_KEYS, "F1"]
    columns = [*keys, *both("seconds"), *both("us per row"), *COSTS]
    loaded, disk = (check_results(tmp_path, name, columns) for name in ("scale", "scale_disk"))
    assert disk[keys].equals(loaded[keys])
    assert "drop --disk" in refused("scale", "--only", "detection", "--disk")


def test_own_memory_is_without_files(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    scale = importlib.import_module("scale")
    np.save(tmp_path / "rows.npy", np.ones((1000, 10_000), dtype=np.float32))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")  # 38 MB
    with scale.own_peak() as above:
        for _ in range(5):
            assert rows.sum() == 1e7
            time.sleep(0.02)
    assert max(above) < 10
    with scale.own_peak() as above:
        copy = np.array(rows)
        time.sleep(0.1)
    assert max(above) > 30
    del copy


def test_scale_times_detection_alone(call, without_processes, tmp_path):
    args = ["scale", "--only", "detection", "--rows", 20_000, "--seeds", 1]
    printed = call(*args)
    keys = ["data", "rows", "epochs", "device", "seed"]
    columns = [*keys, "detection seconds", "detection us per row", *COSTS]
    (row,) = check_results(tmp_path, "scale_detection", columns).itertuples()
    assert (row.rows, row.epochs) == (20_000, 20)
    assert 1000 < row.distinct <= 6500
    assert "trajectories" in printed
    check_resumes(call, tmp_path / "scale_detection.csv", *args)


def test_resampled_rows_keep_their_labels(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    scale, data = map(importlib.import_module, ("scale", "data"))
    setting = data.Setting("digits", "symmetric 0.1")
    X, y, wrong = scale.Resampled(setting, 5000).make(0)
    assert (X.shape, X.dtype, y.shape) == ((5000, 64), np.float32, (5000,))
    assert len(np.unique(X, axis=0)) == 5000
    originals, given, _ = setting.make(0)
    nearest = np.square(X[:50, None] - originals).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(y[:50], given[nearest])
    assert wrong.mean() == pytest.approx(0.1, abs=0.02)


def test_sparse_compares_the_default_with_cleanlab(call, refused, monkeypatch, tmp_path):
    args = ["sparse", "--rows", 600, "--words", 400, "--seeds", 1]
    printed = call(*args)
    keys = ["data", "noise", "rows", "words", "topics", "themes", "seed", "method"]
    scores = ["noise rate", "flagged", "F1", "AUROC", "seconds", "memory MB", "input MB"]
    rows = check_results(tmp_path, "sparse", [*keys, *scores])
    assert rows.method.tolist() == ["default", "cleanlab logistic"]
    assert rows.F1.gt(30).all()
    assert rows["memory MB"].gt(0).all()
    assert "mean over 1 seeds" in printed
    assert check_resumes(call, tmp_path / "sparse.csv", *args) == printed
    assert "--jobs must be 1" in refused("sparse", "--jobs", 2)


def test_documents_are_sparse_and_their_labels_noisy(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    X, y, wrong = importlib.import_module("sparse").Documents(500, 300).make(0)
    assert X.shape == (500, 300)
    assert X.nnz < 500 * 150
    np.testing.assert_allclose(X.multiply(X).sum(axis=1), 1, rtol=1e-5)
    assert (len(np.unique(y)), wrong.mean()) == (15, 0.2)
