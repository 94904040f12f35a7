"""Folds are trained by the workers of a Dask cluster."""

import os
import signal
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster, Status, get_worker
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression

from skdynacor import OutOfSampleEnsemble


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each a process of two threads: joblib leaves out a cluster of one."""
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture
def on_cluster(cluster):
    with Client(cluster) as client, parallel_config("dask"):
        client.wait_for_workers(2, timeout=60)
        yield


class Marking(LogisticRegression):
    """Calls ``at_fit(folder)`` in each fit."""

    def __init__(self, at_fit=None, folder=None):
        super().__init__()
        self.at_fit = at_fit
        self.folder = folder

    def fit(self, X, y):
        self.at_fit(Path(self.folder))
        return super().fit(X, y)


def make_ensemble(*args):
    estimator = Marking(*args) if args else LogisticRegression()
    return OutOfSampleEnsemble([("logistic", estimator)], cv=4, random_state=0)


@pytest.fixture(scope="module")
def expected(noisy_blobs):
    X, y, _ = noisy_blobs
    return make_ensemble().fit_transform(X, y)


def test_results_are_the_same(noisy_blobs, request):
    X, y, _ = noisy_blobs
    expected = OutOfSampleEnsemble(random_state=0).fit_transform(X, y)
    request.getfixturevalue("on_cluster")
    assert_array_equal(OutOfSampleEnsemble(random_state=0).fit_transform(X, y), expected)


def die_once(folder):
    """End the process of the second fold that starts."""
    for name in ["first", "second"]:
        try:
            (folder / name).touch(exist_ok=False)
        except FileExistsError:
            continue
        if name == "second":
            os.kill(os.getpid(), signal.SIGKILL)
        break
    (folder / f"{os.getpid()}").touch()


def test_a_worker_dies(noisy_blobs, expected, on_cluster, tmp_path):
    X, y, _ = noisy_blobs
    found = make_ensemble(die_once, tmp_path).fit_transform(X, y)
    names = {path.name for path in tmp_path.iterdir()}
    assert "second" in names
    assert str(os.getpid()) not in names
    assert_array_equal(found, expected)


def test_rows_on_the_disk_are_opened_by_the_workers(noisy_blobs, expected, on_cluster, tmp_path):
    X, y, _ = noisy_blobs
    on_disk = np.memmap(tmp_path / "X", X.dtype, "w+", shape=X.shape)
    on_disk[:] = X
    assert_array_equal(make_ensemble().fit_transform(on_disk, y), expected)
    (tmp_path / "X").unlink()
    ensemble = make_ensemble()
    with pytest.raises(OSError, match=r"A worker on .* cannot open .*X, the file of X: .*No such"):
        ensemble.fit(on_disk, y)
    assert not hasattr(ensemble, "classes_")


def cancel(folder):
    raise CancelledError("lost dependencies")


def test_workers_die_again_and_again(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    with pytest.raises(RuntimeError, match="the cluster lost the rows 3 times") as caught:
        make_ensemble(cancel, tmp_path).fit(X, y)
    assert "lost dependencies" in str(caught.value.__cause__)


def wait_for_the_end(folder):
    (folder / "started").touch()
    while get_worker().status == Status.running:
        time.sleep(0.01)


def test_the_cluster_goes_away(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    ensemble = make_ensemble(wait_for_the_end, tmp_path)

    def fit():
        with parallel_config("dask", wait_for_workers_timeout=1):
            ensemble.fit(X, y)

    cluster = LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
    )
    with cluster, Client(cluster), ThreadPoolExecutor(1) as executor:
        fitting = executor.submit(fit)
        while not ((tmp_path / "started").exists() or fitting.done()):
            time.sleep(0.01)
        cluster.close()
        with pytest.raises(RuntimeError, match="While 'logistic' was trained, the cluster is gone"):
            fitting.result()
    assert not hasattr(ensemble, "classes_")
