"""What several test files use."""

import faulthandler
import importlib
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs

from skdynacor.datasets import make_label_noise
from skdynacor.nets import make_mlp_classifier

# Sums of floats depend on the number of threads, in the last bit.
torch.set_num_threads(1)


def pytest_unconfigure():
    """Have a process that does not end after its last test say where it hangs."""
    faulthandler.dump_traceback_later(60, exit=True)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep trainings and embeddings of the tests away from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKDYNACOR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def noisy_blobs():
    """X, noisy y and the mask of wrong labels: 300 rows of three classes that lie apart."""
    X, y_true = make_blobs(
        300, centers=[[0, 0, 0, 0], [8, 0, 0, 8], [0, 8, 8, 0]], cluster_std=2.0, random_state=7
    )
    y, wrong = make_label_noise(y_true, "symmetric", 0.3, random_state=3)
    return X.astype(np.float32), y, wrong


@pytest.fixture
def quick_net():
    """The default classifier, trained for three epochs."""
    return make_mlp_classifier(max_epochs=3)


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the ``main`` of a module of ``benchmarks`` in this process; return what it printed."""

    def call(script, *args):
        monkeypatch.setattr(sys, "argv", [script, *map(str, args)])
        importlib.import_module(f"benchmarks.{script}").main()
        return capsys.readouterr().out

    return call


@pytest.fixture
def refused(call, capsys):
    """Call a script that must refuse its arguments; return its message."""

    def refused(script, *args):
        with pytest.raises(SystemExit) as stopped:
            call(script, *args)
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return refused
