"""Computations get as many threads as help them; the setting is put back, and not shared."""

import multiprocessing
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from skorch.callbacks import Callback
from threadpoolctl import threadpool_info

from skdynacor import DynamicsCollector, make_dynacor_pipeline
from skdynacor.nets import make_mlp_classifier
from skdynacor.utils.threads import threads_for, using_threads


@pytest.fixture
def three_threads():
    """A setting that no computation would choose."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def settings():
    return torch.get_num_threads(), sorted(pool["num_threads"] for pool in threadpool_info())


def test_the_setting_is_put_back(three_threads):
    before = settings()
    with using_threads(0, 1):
        assert settings()[0] == 1
        assert set(settings()[1]) == {1}
    assert settings() == before
    with pytest.raises(KeyError), using_threads(2, 1):
        raise KeyError
    assert settings() == before


def test_threads_follow_the_work(three_threads):
    assert [threads_for(work, 10) for work in (0, 9, 19, 20, 35, 1e9)] == [1, 1, 1, 2, 3, 3]


class Threads(Callback):
    """Remembers how many threads there were in training."""

    def __init__(self, seen=None):
        self.seen = seen

    def on_epoch_end(self, net, **kwargs):
        self.seen = torch.get_num_threads()


# A step takes 3 passes of 2 operations for each of 64 × 512 + 512 × 2 weights, by row.
@pytest.mark.parametrize(("batch_size", "expected"), [(32, 1), (2000, 2)])
def test_small_steps_train_on_one_thread(three_threads, batch_size, expected):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 64)).astype(np.float32), rng.integers(0, 2, 2000)
    net = make_mlp_classifier(max_epochs=1, batch_size=batch_size, callbacks=[("t", Threads())])
    before = settings()
    collector = DynamicsCollector(net, random_state=0).fit(X, y)
    assert settings() == before
    assert dict(collector.estimator_.callbacks_)["t"].seen == expected


def test_small_boosting_runs_on_one_thread(three_threads, monkeypatch):
    seen = []

    class Boosting(HistGradientBoostingClassifier):
        def fit(self, X, y):
            seen.append({pool["num_threads"] for pool in threadpool_info()})
            return super().fit(X, y)

    X = np.random.default_rng(0).normal(size=(200, 3))
    before = settings()
    DynamicsCollector(Boosting(max_iter=2)).fit(X, (X[:, 0] > 0).astype(int))
    assert seen == [{1}]
    assert settings() == before


# ---------------------------------------------------------------------- fits in several threads


def test_fits_in_several_threads_give_what_each_gives_alone(noisy_blobs, quick_net):
    """Torch has one state of random numbers for all threads of a process."""
    X, y, _ = noisy_blobs

    def fit(seed):
        pipe = make_dynacor_pipeline(quick_net, random_state=seed).fit(X, y)
        return pipe[-1].noise_probability_, pipe.predict_proba(X[:9] + 1)

    alone, before = [fit(seed) for seed in range(4)], (torch.get_rng_state(), settings())
    with ThreadPoolExecutor(4) as executor:
        for one, other in zip(alone, executor.map(fit, range(4)), strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert settings() == before[1]


FORKS = """
import threading
from multiprocessing import get_context
import torch
from skdynacor.utils.torch_settings import seeded
from skdynacor.utils.global_state import global_state_lock

def hold():
    with global_state_lock():
        in_block.set()
        done.wait()

def draw():
    with seeded(0), seeded(1):
        sending.send(torch.rand(3).tolist())

in_block, done, context = threading.Event(), threading.Event(), get_context("fork")
receiving, sending = context.Pipe(duplex=False)
threading.Thread(target=hold).start()
in_block.wait()
process = context.Process(target=draw)
process.start()
drawn = receiving.recv() if receiving.poll(60) else "it waits"
process.kill()
done.set()
draw()
assert drawn == receiving.recv(), drawn
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_a_forked_process_does_not_wait_for_a_thread_that_it_lacks():
    subprocess.run([sys.executable, "-c", FORKS], check=True, timeout=120)
