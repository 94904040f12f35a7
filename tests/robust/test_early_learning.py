import copy
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
from skdynacor.robust import EarlyLearningRegularization, FollowRows


def make_net(**params):
    return make_mlp_classifier(
        **{"max_epochs": 4, "batch_size": 32, "criterion": EarlyLearningRegularization, **params}
    )


def make_plain_net(**params):
    return make_net(
        callbacks=[FollowRows()], module__n_features=4, module__n_classes=3, lr=0.01, **params
    )


def literal_loss(logits, labels, targets, strength, momentum):
    """The formula, row by row; moves the targets."""
    total = 0
    for i, (row, label) in enumerate(zip(logits, labels, strict=True)):
        p = torch.exp(row) / torch.exp(row).sum()
        t = momentum * targets[i] + (1 - momentum) * p.detach()
        targets[i] = t
        inner = sum(p[c] * t[c] for c in range(len(p)))
        total = total - torch.log(p[label]) + strength * torch.log(1 - inner)
    return total / len(logits)


def test_values_and_gradients_are_those_of_the_formula():
    generator = torch.Generator().manual_seed(0)
    criterion = EarlyLearningRegularization(strength=2.0, momentum=0.6)
    criterion.follow(9)
    targets, labels = torch.zeros(9, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    for _ in range(3):
        positions = torch.randperm(9, generator=generator)[:5]
        logits = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        criterion.positions, own = positions, targets[positions]
        pure = copy.deepcopy(criterion)  # a call moves targets
        value, expected = criterion(logits, labels), literal_loss(logits, labels, own, 2.0, 0.6)
        targets[positions] = own
        assert_close(value, expected)
        assert_close(criterion.targets, targets)
        assert_close(*(torch.autograd.grad(v, logits)[0] for v in (value, expected)))
    # With momentum, but no part of p in t, the target is a constant for gradcheck, too.
    pure.momentum = 1.0
    assert torch.autograd.gradcheck(pure, (logits, labels))


def test_without_strength_and_in_evaluation_it_is_the_cross_entropy():
    logits, labels = torch.randn(3, 2), torch.tensor([0, 1, 1])
    criterion = EarlyLearningRegularization(strength=0)
    criterion.follow(3)
    criterion.positions = torch.arange(3)
    assert_close(criterion(logits, labels), F.cross_entropy(logits, labels))
    criterion.strength = 3.0
    before = criterion.targets.clone()
    assert_close(criterion.eval()(logits, labels), F.cross_entropy(logits, labels))
    assert_close(criterion.targets, before)


def test_extreme_logits_have_finite_losses_and_gradients():
    criterion = EarlyLearningRegularization(momentum=0.0)
    criterion.follow(2)
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
    """Keep what every batch was, by position, and what the net made of it."""

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


@pytest.mark.parametrize("held_out", [False, True])
def test_targets_follow_rows_and_copies_through_shuffled_batches(
    noisy_blobs, monkeypatch, held_out
):
    X, y, _ = noisy_blobs
    rows = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    monkeypatch.setattr(Watch, "seen", [])
    net = make_net()
    net.set_params(callbacks=[*net.callbacks, ("watch", Watch())], criterion__momentum=0.8)
    collector = DynamicsCollector(net, held_out=held_out, random_state=0).fit(rows, y)
    targets = collector.classifier_.criterion_.targets
    assert targets.shape == (360, 3)
    seen = Watch.seen[: len(Watch.seen) // 2] if held_out else Watch.seen  # the first half's
    assert_close(targets, loop_over(seen, 360, 0.8))
    assert (targets.sum(dim=1) == 0).any() == held_out
    assert not torch.equal(seen[0][0].sort().values, seen[0][0])


@pytest.mark.parametrize("split", [None, "given"])
def test_targets_follow_rows_in_a_training_by_skorch_alone(noisy_blobs, monkeypatch, split):
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


def test_following_rows_twice_does_no_harm(noisy_blobs):
    X, y, _ = noisy_blobs
    records = [
        DynamicsCollector(make_net(callbacks=callbacks), held_out=True, random_state=0)
        .fit(X, y)
        .dynamics_
        for callbacks in ([], [FollowRows()])
    ]
    assert_array_equal(*records)


def test_without_positions_it_says_what_to_do(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_plain_net().set_params(callbacks=[])
    with pytest.raises(RuntimeError, match=r"Add FollowRows\(\) to the callbacks"):
        net.fit(X, y)


def test_several_processes_are_refused(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr("skdynacor.recording.net_training.n_processes_of", lambda net: 2)
    with pytest.raises(ValueError, match=r"EarlyLearningRegularization keeps .* in one process"):
        DynamicsCollector(make_net()).fit(X, y)


class Killed(BaseException):
    pass


class KillAt(Callback):
    at = None

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) - 1 == self.at:
            raise Killed


def test_a_training_that_was_cut_goes_on_with_its_targets(noisy_blobs, tmp_path, monkeypatch):
    X, y, _ = noisy_blobs
    net = make_net(callbacks=[("kill", KillAt())])
    collectors = {
        name: DynamicsCollector(
            net, signal="logit_difference", checkpoint_dir=tmp_path / name, random_state=0
        )
        for name in ("whole", "cut")
    }
    collectors["whole"].fit(X, y)
    monkeypatch.setattr(KillAt, "at", 2)
    with pytest.raises(Killed):
        collectors["cut"].fit(X, y)
    monkeypatch.setattr(KillAt, "at", None)
    collectors["cut"].fit(X, y)
    one, other = collectors.values()
    assert_array_equal(one.dynamics_, other.dynamics_)
    assert_close(*(c.classifier_.criterion_.targets for c in (one, other)))


def test_targets_are_part_of_the_state(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = make_plain_net().fit(X, y)
    path = str(tmp_path / "criterion.pt")
    net.save_params(f_criterion=path)
    other = make_plain_net().initialize()
    other.load_params(f_criterion=path)
    assert_close(other.criterion_.targets, net.criterion_.targets)
    assert_close(pickle.loads(pickle.dumps(net)).criterion_.targets, net.criterion_.targets)


def test_wrong_labels_are_learnt_by_heart_less(noisy_blobs):
    X, y, wrong = noisy_blobs
    memorised = []
    for strength in (0.0, 3.0):
        net = make_net(max_epochs=40, module__dropout=0.0, criterion__strength=strength, lr=0.1)
        trained = DynamicsCollector(net, random_state=0).fit(X, y).classifier_
        memorised.append(np.mean(trained.predict(X)[wrong] == y[wrong]))
    assert memorised[0] > memorised[1] + 0.1


@pytest.mark.parametrize(
    ("params", "message"),
    [({"strength": -1}, "'strength' .* Got -1"), ({"momentum": 1}, r"\[0.0, 1.0\). Got 1")],
)
def test_parameters_out_of_range_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        EarlyLearningRegularization(**params)
