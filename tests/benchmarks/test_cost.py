"""The scripts of ``benchmarks/cost`` run, on little data."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from distributed import LocalCluster

from benchmarks.cost import classes, scale, sparse, speed, workers
from benchmarks.lib.data import Setting


@pytest.fixture(autouse=True)
def without_processes(monkeypatch):
    """Let scripts measure in this process, which saves a second start of everything."""
    for script in (classes, scale, sparse):
        monkeypatch.setattr(
            script, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor(n)
        )


def test_speed(smoke):
    rows, printed = smoke("cost.speed", "--rows", 300, "--features", 8, data=())
    seconds = rows[[f"{flow} seconds" for flow in speed.FLOWS]]
    np.testing.assert_allclose(rows.seconds, seconds.sum(axis=1), rtol=1e-3)
    scores = rows[[f"{flow} F1" for flow in speed.MARKS]]
    assert (scores.gt(30) & scores.le(100)).all(axis=None)
    ratio = rows["default seconds"] / rows["bare loop seconds"]
    np.testing.assert_allclose(rows["default / bare loop"], ratio, rtol=1e-3)
    assert "synthetic, symmetric 0.2, 300 x 8 on cpu, one thread: medians over 1" in printed


def test_the_bare_loop_trains_on_the_rows_and_copies_of_the_pipeline():
    X, y, _ = speed.Synthetic(300, 8).make(0)
    methods = speed.make_methods("cpu", 0)
    flows = speed.make_flows(X, y, methods, "cpu", 0)
    copies = methods["paper"][0].fit_transform(X, y).corrupted
    for flow in speed.TRAININGS:
        _, rows, labels, *_ = flows[flow]
        np.testing.assert_array_equal(rows, np.concatenate([X, copies.data]))
        np.testing.assert_array_equal(labels, np.concatenate([y, copies.labels]))


@pytest.mark.parametrize("where", [(), ("--disk",)])
@pytest.mark.parametrize("method", ["default", "paper"])
def test_scale(smoke, monkeypatch, method, where):
    run_method, mapped = scale.run_method, []

    def run(X, *args):
        mapped.append(isinstance(X, np.memmap))
        return run_method(X, *args)

    monkeypatch.setattr(scale, "run_method", run)
    args = ["--rows", 400, "--features", 4, "--method", method, *where]
    rows, _ = smoke("cost.scale", *args, data=(), name="scale_disk" if where else "scale")
    assert mapped == [False, bool(where)]  # the first run imports what is needed
    row = rows.iloc[0]
    assert (row.rows, row.features, row.method) == (400, 4, method)
    assert row.F1 > 40
    assert (row.distinct > 0) == (method == "paper")
    assert row["input MB"] == pytest.approx(400 * (4 * 4 + 8) / 2**20, rel=1e-3)


def test_scale_of_the_detector_alone(smoke, refused):
    args = ["--only", "detection", "--rows", 2000]
    rows, _ = smoke("cost.scale", *args, data=(), name="scale_detection")
    assert 500 < rows.distinct.item() <= 2200
    assert "drop --disk" in refused("cost.scale", "--only", "detection", "--disk")


def test_resampled_rows_keep_their_labels():
    setting = Setting("digits", "symmetric 0.1")
    X, y, wrong = scale.Resampled(setting, 3000).make(0)
    assert (X.shape, X.dtype, y.shape) == ((3000, 64), np.float32, (3000,))
    originals, given, _ = setting.make(0)
    nearest = np.square(X[:50, None] - originals).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(y[:50], given[nearest])
    assert wrong.mean() == pytest.approx(0.1, abs=0.02)


def test_memory_of_files_does_not_count(tmp_path):
    np.save(tmp_path / "rows.npy", np.ones((1000, 10_000), dtype=np.float32))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")  # 38 MB
    with scale.own_peak() as above:
        assert rows.sum() == 1e7
        time.sleep(0.1)
    assert max(above) < 10
    with scale.own_peak() as above:
        copy = np.array(rows)
        time.sleep(0.1)
    assert max(above) > 30
    del copy


def test_sparse(smoke):
    rows, _ = smoke("cost.sparse", "--rows", 600, "--words", 400, data=())
    assert rows.method.tolist() == list(sparse.METHODS)
    assert rows.F1.gt(30).all()
    assert rows["noise rate"].eq(0.2).all()


def test_workers(smoke, monkeypatch):
    monkeypatch.setattr(workers, "LocalCluster", partial(LocalCluster, processes=False))
    rows, _ = smoke("cost.workers", "--rows", 300, "--features", 4, data=())
    assert rows.workers.tolist() == [0, 1, 2]


@pytest.mark.parametrize("script", ["speed", "scale", "sparse", "workers"])
def test_costs_are_not_measured_side_by_side(refused, script):
    assert "--jobs must be 1, since runs side by side" in refused(f"cost.{script}", "--jobs", 2)


def test_classes(smoke, monkeypatch):
    monkeypatch.setattr(classes, "MANY", (classes.ManyClasses(300, 8, 12),))
    rows, printed = smoke("cost.classes")
    assert len(rows) == 2 * len(classes.FLOWS)
    assert (rows["F1"].gt(20) & rows["seconds"].gt(0) & rows["memory MB"].ge(0)).all()
    assert "12 classes" in printed
