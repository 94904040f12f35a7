import math
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skorch.callbacks import Callback
from skorch.helper import predefined_split
from torch.nn import functional as F
from torch.testing import assert_close
from torch.utils.data import TensorDataset

from skdynacor import DynamicsCollector, LabelCorruptor
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import EarlyLearningRegularization, PassPositions


def make_net(**params):
    return make_mlp_classifier(
        **{"max_epochs": 4, "batch_size": 32, "criterion": EarlyLearningRegularization, **params}
    )


def make_plain_net(**params):
    return make_net(
        callbacks=[PassPositions()], module__n_features=4, module__n_classes=3, lr=0.01, **params
    )


def test_values_and_gradients_are_those_of_the_formula():
    generator = torch.Generator().manual_seed(0)
    criterion = EarlyLearningRegularization(strength=2.0, momentum=0.6)
    criterion.set_n_rows(9)
    targets, labels = torch.zeros(9, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    for _ in range(3):
        positions = torch.randperm(9, generator=generator)[:5]
        logits = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        p = logits.softmax(dim=1)
        targets[positions] = t = 0.6 * targets[positions] + 0.4 * p.detach()
        regulariser = torch.log(1 - (p * t).sum(dim=1))
        expected = (2.0 * regulariser - p[range(5), labels].log()).mean()
        criterion.positions = positions
        value = criterion(logits, labels)
        assert_close(value, expected)
        assert_close(criterion.targets, targets)
        assert_close(*(torch.autograd.grad(v, logits)[0] for v in (value, expected)))


def test_without_strength_and_in_evaluation_it_is_the_cross_entropy():
    logits, labels = torch.randn(3, 2), torch.tensor([0, 1, 1])
    criterion = EarlyLearningRegularization(strength=0)
    criterion.set_n_rows(3)
    criterion.positions = torch.arange(3)
    assert_close(criterion(logits, labels), F.cross_entropy(logits, labels))
    criterion.strength = 3.0
    before = criterion.targets.clone()
    assert_close(criterion.eval()(logits, labels), F.cross_entropy(logits, labels))
    assert_close(criterion.targets, before)


def test_extreme_logits_have_finite_losses_and_gradients():
    criterion = EarlyLearningRegularization(momentum=0.0)
    criterion.set_n_rows(2)
    criterion.positions = torch.arange(2)
    logits = torch.tensor([[1e4, -1e4], [-1e4, 1e4]], requires_grad=True)
    loss = criterion(logits, torch.tensor([0, 0]))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    least = 3 * math.log(1e-4)
    sure = criterion(logits[:1].repeat(2, 1), torch.tensor([0, 0])).item()
    assert sure == pytest.approx(least, rel=1e-3)


class Watch(Callback):
    """Keep what every batch was, by position, and the net's prediction."""

    seen = []

    def on_batch_end(self, net, batch=None, training=False, y_pred=None, **kwargs):
        if training:
            self.seen.append((batch.positions.clone(), y_pred.detach().softmax(dim=1)))


def loop_over(seen, n_rows, momentum):
    targets = torch.zeros(n_rows, 3)
    for positions, probabilities in seen:
        for position, p in zip(positions.tolist(), probabilities, strict=True):
            targets[position] = momentum * targets[position] + (1 - momentum) * p
    return targets


def test_targets_of_rows_and_copies_are_updated_through_shuffled_batches(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    rows = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    monkeypatch.setattr(Watch, "seen", [])
    net = make_net()
    net.set_params(callbacks=[*net.callbacks, ("watch", Watch())], criterion__momentum=0.8)
    collector = DynamicsCollector(net, random_state=0).fit(rows, y)
    targets = collector.estimator_.criterion_.targets
    assert targets.shape == (360, 3)
    assert_close(targets, loop_over(Watch.seen, 360, 0.8))
    assert not torch.equal(Watch.seen[0][0].sort().values, Watch.seen[0][0])


@pytest.mark.parametrize("split", [None, "given"])
def test_targets_are_updated_in_a_training_by_skorch_alone(noisy_blobs, monkeypatch, split):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(Watch, "seen", [])
    torch.manual_seed(0)
    net = make_plain_net(max_epochs=8)
    net.set_params(callbacks=[*net.callbacks, ("watch", Watch())])
    if split:
        held_out = TensorDataset(torch.from_numpy(X[:50]), torch.from_numpy(y[:50]))
        net.set_params(train_split=predefined_split(held_out))
    net.fit(X, y)
    assert_close(net.criterion_.targets, loop_over(Watch.seen, 300, 0.7))
    assert net.iterator_train is torch.utils.data.DataLoader
    assert (net.predict(X) == y).mean() > 0.5
    before = net.criterion_.targets.clone()
    net.partial_fit(X, y)
    assert not torch.equal(net.criterion_.targets, before)
    assert_close(net.criterion_.targets, loop_over(Watch.seen, 300, 0.7))
    with pytest.raises(ValueError, match="targets of 300 rows, and now gets 200"):
        net.partial_fit(X[:200], y[:200])


def test_without_positions_it_says_what_to_do(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_plain_net().set_params(callbacks=[])
    with pytest.raises(RuntimeError, match=r"Add PassPositions\(\) to the callbacks"):
        net.fit(X, y)


def test_several_processes_are_refused(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr("skdynacor.training.net_training.n_processes_of", lambda net: 2)
    with pytest.raises(ValueError, match=r"EarlyLearningRegularization keeps .* in one process"):
        DynamicsCollector(make_net()).fit(X, y)


class Killed(BaseException):
    pass


class KillAt(Callback):
    at = 2

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) - 1 == self.at:
            raise Killed


def test_an_interrupted_training_continues_with_its_targets(noisy_blobs, tmp_path, monkeypatch):
    X, y, _ = noisy_blobs
    net = make_net(callbacks=[("kill", KillAt())])
    whole, cut = (
        DynamicsCollector(net, checkpoint_dir=tmp_path / name, random_state=0) for name in "ab"
    )
    with pytest.raises(Killed):
        cut.fit(X, y)
    monkeypatch.setattr(KillAt, "at", None)
    cut.fit(X, y)
    whole.fit(X, y)
    assert_array_equal(whole.dynamics_, cut.dynamics_)
    assert_close(*(c.estimator_.criterion_.targets for c in (whole, cut)))


def test_targets_are_part_of_the_state(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = make_plain_net().fit(X, y)
    path = str(tmp_path / "criterion.pt")
    net.save_params(f_criterion=path)
    other = make_plain_net().initialize()
    other.load_params(f_criterion=path)
    assert_close(other.criterion_.targets, net.criterion_.targets)
    assert_close(pickle.loads(pickle.dumps(net)).criterion_.targets, net.criterion_.targets)


def test_fewer_label_errors_are_memorised(noisy_blobs):
    X, y, wrong = noisy_blobs
    memorised = []
    for strength in (0.0, 3.0):
        net = make_net(max_epochs=40, module__dropout=0.0, criterion__strength=strength, lr=0.1)
        trained = DynamicsCollector(net, random_state=0).fit(X, y).estimator_
        memorised.append(np.mean(trained.predict(X)[wrong] == y[wrong]))
    assert memorised[0] > memorised[1] + 0.1
