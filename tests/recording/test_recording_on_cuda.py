"""What only a CUDA device can show; skipped without one."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.nets import ByteDropout, make_mlp_classifier
from skdynacor.recording import net_training

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.fixture
def no_waiting(monkeypatch):
    """Have every wait of the host for the device within an epoch raise an error."""
    run_epoch = net_training._run_epoch

    def run(net, loader):
        def batches():
            torch.cuda.set_sync_debug_mode("error")
            yield from loader
            torch.cuda.set_sync_debug_mode("default")

        try:
            run_epoch(net, batches())
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(net_training, "_run_epoch", run)


@pytest.mark.parametrize("held_out", [False, True])
def test_the_batch_loop_never_waits_for_the_device(noisy_blobs, no_waiting, held_out):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    collector = DynamicsCollector(
        make_mlp_classifier(max_epochs=3),
        also=["confidence", "logit_difference"],
        held_out=held_out,
        random_state=0,
    )
    T = collector.fit_transform(Xc, y)
    assert next(collector.classifier_.module_.parameters()).is_cuda
    assert T.shape == (300, 3)


def test_the_test_can_fail(no_waiting):
    class Net:
        module_ = criterion_ = torch.nn.Identity()

        def notify(self, *args, **kwargs):
            torch.ones(1, device="cuda").item()

    with pytest.raises(RuntimeError, match=r"(?i)synchroniz"):
        net_training._run_epoch(Net(), [()])


@pytest.mark.filterwarnings("ignore")  # torch's own, as it compiles
def test_mixed_precision_and_compile_keep_working(noisy_blobs):
    from skorch import NeuralNetClassifier

    class Mixed(NeuralNetClassifier):
        def infer(self, x, **params):
            with torch.autocast("cuda", dtype=torch.float16):
                return super().infer(x, **params)

    X, y, _ = noisy_blobs
    settings = make_mlp_classifier(max_epochs=5).get_params(deep=False)
    settings.pop("module__n_features", None)
    for net in (Mixed(**settings), make_mlp_classifier(max_epochs=5, compile=True)):
        T = DynamicsCollector(net, random_state=0).fit_transform(X, y)
        assert np.isfinite(T).all()
        assert T.shape == (300, 5)


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_rows_replay_and_weights_come_to_the_host(noisy_blobs, recipe):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(make_mlp_classifier(), recipe=recipe, random_state=0)
    flags = pipe.fit_predict(X, y)
    assert_array_equal(pipe.predict(X), flags)
    assert pipe.predict(X + 1).shape == (300,)
    assert all(not value.is_cuda for value in pipe[1].checkpoints_[0].values())


def test_partners_join_a_net_on_the_device(noisy_blobs):
    X, y, wrong = noisy_blobs
    collector = DynamicsCollector(
        held_out=True, partners=[("trees", RandomForestClassifier(30))], random_state=0
    )
    T = collector.fit_transform(X, y)
    assert np.mean((T.beliefs.logits.argmax(axis=1) != y) == wrong) > 0.85
    assert collector.transform(X + 1).shape == T.shape


@pytest.mark.parametrize("held_out", [False, True])
def test_a_training_resumes_on_the_device(noisy_blobs, tmp_path, held_out):
    X, y, _ = noisy_blobs
    collectors = [
        DynamicsCollector(
            make_mlp_classifier(max_epochs=4),
            held_out=held_out,
            checkpoint_dir=tmp_path,
            random_state=0,
        ).fit(X, y)
        for _ in range(2)
    ]
    assert_array_equal(collectors[0].dynamics_, collectors[1].dynamics_)


def test_torch_draws_what_is_dropped():
    torch.manual_seed(0)
    found = ByteDropout(0.25)(torch.ones(100_000, device="cuda")) == 0
    assert found.double().mean().item() == pytest.approx(0.25, abs=0.01)
