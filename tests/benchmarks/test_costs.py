"""The scripts of ``benchmarks/`` that measure costs run, on little data."""

import importlib
import os
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
RECIPES = ["default", "paper"]
TRAININGS = ["bare loop", "plain skorch"]
PEERS = ["cleanlab, net", "cleanlab, logistic", "cleanlab, trees"]


def spread(values):
    return f"{values.median():.2f} ({values.min():.2f}-{values.max():.2f})"


def test_speed_compares_both_recipes_with_other_flows(call, tmp_path):
    args = ["speed", "--rows", 300, "--features", 8, "--seeds", 2]
    printed = call(*args)
    flags = [*PEERS, "paper", "default"]
    seconds = [f"{flow} seconds" for flow in [*TRAININGS, *flags]]
    scores = [f"{flow} F1" for flow in flags]
    ratios = [f"{recipe} / {other}" for recipe in RECIPES for other in [*TRAININGS, *PEERS]]
    columns = [*SPEED_KEYS, *seconds, *scores, *ratios, "distinct", "seconds"]
    rows = check_results(tmp_path, "speed", columns)
    assert rows.seed.tolist() == [0, 1]
    assert rows.distinct.between(2, 300).all()
    assert (rows[scores].gt(30) & rows[scores].le(100)).all(axis=None)
    np.testing.assert_allclose(rows["seconds"], rows[seconds].sum(axis=1), rtol=1e-3)
    for ratio in ratios:
        one, other = (rows[f"{flow} seconds"] for flow in ratio.split(" / "))
        np.testing.assert_allclose(rows[ratio], one / other, rtol=1e-3)
    assert "300 x 8 on cpu, one thread: medians over 2 repeats (lowest-highest)" in printed
    lines = printed.splitlines()
    for flow in flags:
        (line,) = (line for line in lines if line.startswith(f"{flow} ") and "(" in line)
        f1 = f"{rows[f'{flow} F1'].median():.1f}"
        assert line.split() == [*f"{flow} {spread(rows[f'{flow} seconds'])}".split(), f1]
    for other in [*TRAININGS, *PEERS]:
        (line,) = (line for line in lines if line.startswith(f"/ {other} "))
        cells = " ".join(spread(rows[f"{recipe} / {other}"]) for recipe in RECIPES)
        assert line.split() == f"/ {other} {cells}".split()
    assert check_resumes(call, tmp_path / "speed.csv", *args) == printed


def test_speed_takes_the_first_noise_of_a_file(call, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(120) % 2)
    X = rng.normal(size=(120, 3)) + 6 * y[:, None]
    np.savez(tmp_path / "pets.npz", X=X, y_true=np.array(["cat", "dog"])[y])
    printed = call("speed", "--data", tmp_path / "pets.npz", "--seeds", 1)
    assert "pets, symmetric 0.3, 120 x 3 on cpu, one thread: medians over 1 repeats" in printed
    row = pd.read_csv(tmp_path / "speed.csv").iloc[0]
    assert (row.data, row.noise) == ("pets", "symmetric 0.3")


def test_speed_trains_what_the_papers_recipe_trains(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    speed = importlib.import_module("speed")
    X, y, _ = speed.Synthetic(300, 8).make(0)
    recipes = speed.make_recipes("cpu", 0)
    flows = speed.make_flows(X, y, recipes, "cpu", 0)
    corrupted = recipes["paper"][0].fit_transform(X, y)
    copies = corrupted.corrupted
    for flow in TRAININGS:
        _, rows, labels, *_ = flows[flow]
        np.testing.assert_array_equal(rows, np.concatenate([X, copies.data]))
        np.testing.assert_array_equal(labels, np.concatenate([y, copies.labels]))
    for flow in [*PEERS, *RECIPES]:
        *_, rows, labels = flows[flow]
        assert rows is X
        assert labels is y


@pytest.mark.parametrize("script", ["speed", "scale", "busy"])
def test_costs_are_measured_one_by_one(refused, script):
    assert "--jobs must be 1, since runs side by side" in refused(script, "--jobs", 2)


def test_speed_knows_the_noise_of_synthetic_data(refused):
    message = refused("speed", "--noise", "symmetric 0.6")
    assert "Unknown noise of synthetic 'symmetric 0.6'; known are symmetric 0.2." in message


@pytest.fixture
def without_processes(call, monkeypatch):
    """Let scripts measure in this process, which saves a second start of everything."""
    for script in map(importlib.import_module, ("scale", "busy")):
        monkeypatch.setattr(
            script, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor(n)
        )


BUSY_KEYS = [*SPEED_KEYS[:4], "seed", "flow"]


def test_busy_compares_fits_alone_and_beside_busy_cores(call, without_processes, tmp_path):
    args = ["busy", "--rows", 300, "--features", 8, "--seeds", 1]
    printed = call(*args)
    costs = ["alone seconds", "busy seconds", "busy / alone"]
    columns = [*BUSY_KEYS, "cores", "threads", "F1", *costs, "seconds"]
    rows = check_results(tmp_path, "busy", columns)
    assert rows.flow.tolist() == ["default", "cleanlab, logistic"]
    assert rows.F1.between(30, 100).all()
    alone, busy, ratio = (rows[column] for column in costs)
    np.testing.assert_allclose(ratio, busy / alone, rtol=1e-3)
    assert "300 x 8, 1 threads on" in printed
    for flow, runs in rows.groupby("flow"):
        (line,) = (line for line in printed.splitlines() if line.startswith(flow))
        cells = " ".join(spread(runs[column]) for column in costs)
        assert line.split() == f"{flow} {cells} {runs.F1.item():.1f}".split()
    assert check_resumes(call, tmp_path / "busy.csv", *args) == printed


def test_fresh_processes_take_as_many_threads_as_by_default(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    busy = importlib.import_module("busy")
    for name in busy.LIMITS:
        monkeypatch.setenv(name, "1")
    assert {busy.call_fresh(os.getenv, name) for name in busy.LIMITS} == {None}
    assert all(os.environ[name] == "1" for name in busy.LIMITS)


def test_busy_cores_are_busy_until_the_block_ends(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    busy_cores = importlib.import_module("busy_cores").busy_cores
    before = os.times()
    with busy_cores(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert all(process.returncode < 0 for process in processes)
    after = os.times()
    used = sum(after[2:4]) - sum(before[2:4])  # by processes that have ended
    assert used > 0.3

    with pytest.raises(KeyError), busy_cores(1) as processes:
        raise KeyError
    assert processes[0].returncode < 0


def test_busy_cores_must_not_fall_idle(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    busy_cores = importlib.import_module("busy_cores").busy_cores

    def lose_one():
        with busy_cores(2) as processes:
            processes[0].kill()
            processes[0].wait()

    with pytest.raises(RuntimeError, match="1 of 2 busy processes ended early"):
        lose_one()


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
    args = ["scale", "--rows", 1000, "--features", 4, "--seeds", 1, "--recipe", "paper"]
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
