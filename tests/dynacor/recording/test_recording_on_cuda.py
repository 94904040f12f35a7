"""What only a CUDA device can show; skipped without one."""

from functools import wraps

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.dynacor.recording.signal_recorder import Recorder
from skdynacor.nets import ByteDropout, make_mlp_classifier
from skdynacor.training.row_batches import ArrayRows

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def never_waits(method):
    """Have every wait of the host for the device raise an error."""

    @wraps(method)
    def run(*args, **kwargs):
        torch.cuda.set_sync_debug_mode("error")
        try:
            return method(*args, **kwargs)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    return run


def test_recording_never_waits_for_the_device_within_an_epoch(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    monkeypatch.setattr(Recorder, "on_batch_end", never_waits(Recorder.on_batch_end))
    monkeypatch.setattr(ArrayRows, "__getitems__", never_waits(ArrayRows.__getitems__))
    collector = DynamicsCollector(
        make_mlp_classifier(max_epochs=3),
        extra_signals=["confidence", "logit_difference"],
        random_state=0,
    )
    T = collector.fit_transform(Xc, y)
    assert next(collector.estimator_.module_.parameters()).is_cuda
    assert T.shape == (300, 3)


def test_the_test_can_fail():
    with pytest.raises(RuntimeError, match=r"(?i)synchroniz"):
        never_waits(torch.Tensor.item)(torch.ones(1, device="cuda"))


def test_cuda_records_what_the_cpu_records(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    torch.manual_seed(0)
    net = NeuralNetClassifier(
        torch.nn.Linear(4, 3), criterion=torch.nn.CrossEntropyLoss, max_epochs=4, verbose=0
    )
    T = {}
    for device in ("cpu", "cuda", "auto"):
        collector = DynamicsCollector(net, signal="confidence", device=device, random_state=0)
        T[device] = collector.fit_transform(Xc, y)
        assert collector.estimator_.device == ("cpu" if device == "cpu" else "cuda")
        assert_array_equal(collector.transform(X), T[device])
    assert_allclose(T["cuda"], T["cpu"], atol=1e-3)
    assert_allclose(T["auto"], T["cpu"], atol=1e-3)


class Mixed(NeuralNetClassifier):
    def infer(self, x, **params):
        with torch.autocast("cuda", dtype=torch.float16):
            return super().infer(x, **params)


@pytest.mark.filterwarnings("ignore")  # torch's own, as it compiles
def test_mixed_precision_and_compile_keep_working(noisy_blobs):
    X, y, _ = noisy_blobs
    mixed = Mixed(**make_mlp_classifier(max_epochs=5).get_params(deep=False))
    for net in (mixed, make_mlp_classifier(max_epochs=5, compile=True)):
        T = DynamicsCollector(net, random_state=0).fit_transform(X, y)
        assert np.isfinite(T).all()
        assert T.shape == (300, 5)


def test_rows_of_fit_are_recognized_and_weights_come_to_the_host(noisy_blobs):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(make_mlp_classifier(), random_state=0)
    flags = pipe.fit_predict(X, y)
    assert_array_equal(pipe.predict(X), flags)
    assert pipe.predict(X + 1).shape == (300,)
    assert all(not value.is_cuda for value in pipe[1].checkpoints_[0].values())


def test_a_training_resumes_on_the_device(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(max_epochs=4)
    first, second = (
        DynamicsCollector(net, checkpoint_dir=tmp_path, random_state=0).fit(X, y) for _ in range(2)
    )
    assert_array_equal(first.dynamics_, second.dynamics_)


def test_torch_draws_what_is_dropped():
    torch.manual_seed(0)
    found = ByteDropout(0.25)(torch.ones(100_000, device="cuda")) == 0
    assert found.double().mean().item() == pytest.approx(0.25, abs=0.01)
