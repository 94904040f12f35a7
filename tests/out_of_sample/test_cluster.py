"""Folds are trained by the workers of a Dask cluster."""

import pytest
from distributed import Client, LocalCluster
from joblib import parallel_config
from numpy.testing import assert_array_equal

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


def test_results_are_the_same(noisy_blobs, request):
    X, y, _ = noisy_blobs
    expected = OutOfSampleEnsemble(random_state=0).fit_transform(X, y)
    request.getfixturevalue("on_cluster")
    assert_array_equal(OutOfSampleEnsemble(random_state=0).fit_transform(X, y), expected)
