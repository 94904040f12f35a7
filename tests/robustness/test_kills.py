"""A fit that is killed goes on from its checkpoints; after Ctrl-C an estimator is not fitted."""

import json
import signal
import time
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from skdynacor import DynamicsCollector, LabelCorruptor, LabelErrorDetector, make_dynacor_pipeline
from skdynacor.nets import make_mlp_classifier


def collect(X, y, folder=None, max_epochs=30):
    collector = DynamicsCollector(
        make_mlp_classifier(max_epochs=max_epochs),
        signal="logit_difference",
        checkpoint_dir=folder,
        device="cpu",
        random_state=0,
    )
    return collector.fit(LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y)


def kill_after(n_epochs, file, *args):
    """Fit in a process of its own, and kill it once it has saved so many epochs."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", "skdynacor.dynacor.pipeline"])
    child = context.Process(target=partial(collect, *args))
    before, saved = state(file), set()
    child.start()
    give_up = time.monotonic() + 120
    while child.is_alive() and len(saved) < n_epochs:
        assert time.monotonic() < give_up
        saved |= {state(file)} - {before}
        time.sleep(0.001)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL  # it did not end by itself


def state(file):
    """Give the state of a file, which may be missing."""
    return file.stat().st_mtime_ns if file.exists() else None


def test_a_killed_fit_goes_on_from_its_checkpoint(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    X, y = X[:120], y[:120]
    file = tmp_path / "training.pt"
    for n_epochs in (3, 6):
        kill_after(n_epochs, file, X, y, tmp_path)
    saved = json.loads(torch.load(file, weights_only=True)["history"])
    assert 6 <= len(saved) < 30
    resumed, whole = collect(X, y, tmp_path), collect(X, y)
    # Losses and seconds of the epochs that were not trained again.
    assert resumed.estimator_.history[: len(saved)] == saved
    assert len(resumed.estimator_.history) == resumed.dynamics_.shape[1] == 30
    np.testing.assert_allclose(resumed.dynamics_, whole.dynamics_, rtol=1e-2, atol=1e-3)


@pytest.fixture
def _heed_ctrl_c():
    """Let Ctrl-C interrupt, also in a process that a shell started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Interrupt(Callback):
    """Presses Ctrl-C after the second epoch."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)


class Interrupted(ClassifierMixin, BaseEstimator):
    """Presses Ctrl-C while it is fitted."""

    def fit(self, X, y):
        signal.raise_signal(signal.SIGINT)

    def predict_proba(self, X):
        raise NotImplementedError


def interrupted_net():
    return make_mlp_classifier(max_epochs=4, callbacks=[("interrupt", Interrupt())])


ESTIMATORS = {
    "detector of a net": lambda: LabelErrorDetector(interrupted_net(), device="cpu"),
    "detector of a classifier": lambda: LabelErrorDetector(Interrupted()),
    "detector of several": lambda: LabelErrorDetector(
        estimators=[("bayes", GaussianNB()), ("interrupted", Interrupted())]
    ),
    "pipeline": lambda: make_dynacor_pipeline(interrupted_net(), device="cpu"),
}


@pytest.mark.usefixtures("_heed_ctrl_c")
@pytest.mark.parametrize("name", ESTIMATORS)
def test_ctrl_c_leaves_an_estimator_as_it_was(noisy_blobs, name):
    X, y, _ = noisy_blobs
    estimator = ESTIMATORS[name]()
    steps = [estimator] if name != "pipeline" else list(estimator[1:])
    before = [dict(vars(step)) for step in steps]
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X, y)
    assert [vars(step) for step in steps] == before
    for step in steps:
        with pytest.raises(NotFittedError):
            check_is_fitted(step)
