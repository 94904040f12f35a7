import math

import pytest
import torch
from numpy.testing import assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn
from torch.testing import assert_close

from skdynacor.baselines import CORES
from skdynacor.baselines._cores import CORESLoss, sieve_margin
from skdynacor.nets import make_mlp_classifier


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    logits[-1] = torch.tensor([0.0, 40.0, 1.0])  # a probability below the bound
    return logits.requires_grad_(), torch.tensor([0, 1, 2, 0, 1, 2, 0, 0])


def literal_loss(logits, labels, prior, beta, sieving):
    """The sum over the batch, row by row, of v [l(label) − beta E l(random label)]."""
    total = 0
    for row, label in zip(logits, labels, strict=True):
        shares = [torch.exp(row[c]) / torch.exp(row).sum() for c in range(3)]
        losses = [-torch.log(share) if share > 1e-8 else -math.log(1e-8) for share in shares]
        inside = losses[label] <= sum(losses) / 3
        if inside or not sieving:
            total = total + losses[label] - beta * sum(prior[c] * losses[c] for c in range(3))
    return total / len(logits)


@pytest.mark.parametrize(("beta", "sieving"), [(0.0, False), (2.0, False), (2.0, True)])
def test_the_loss_is_the_literal_one(batch, beta, sieving):
    logits, labels = batch
    prior = [0.5, 0.25, 0.25]
    loss = CORESLoss(prior).double()
    loss.beta, loss.sieving = beta, sieving
    outside = sieve_margin(logits, labels) < 0
    assert outside.any()
    assert not outside.all()
    value, expected = loss(logits, labels), literal_loss(logits, labels, prior, beta, sieving)
    assert_close(value, expected)
    gradient, expected = (torch.autograd.grad(v, logits)[0] for v in (value, expected))
    assert_close(gradient, expected)
    assert (gradient[outside] == 0).all() == sieving


class Watch(Callback):
    seen = []

    def on_epoch_end(self, net, **kwargs):
        self.seen.append((round(net.criterion_.beta, 2), net.criterion_.sieving))


def test_the_schedule(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(Watch, "seen", [])
    net = make_mlp_classifier(max_epochs=10, callbacks=[("watch", Watch())])
    detector = CORES(net, beta=3, random_state=0).fit(X, y)
    rise = [0, 0, 1, 2, 3, 3, 3, 3, 3, 3]
    assert Watch.seen == [(beta, epoch >= 3) for epoch, beta in enumerate(rise)]
    assert_array_equal(detector.flags_, detector.noise_score_ > 0)


def test_the_regulariser_sieves_out_more_wrong_labels(noisy_blobs):
    X, y, wrong = noisy_blobs
    net = make_mlp_classifier(max_epochs=15, batch_size=32)
    found = [
        CORES(net, beta=beta, random_state=2).fit(X, y).flags_[wrong].mean() for beta in (0, 2)
    ]
    assert found[0] + 0.05 < found[1]


def test_a_net_with_another_criterion_is_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    module = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=-1))
    with pytest.raises(ValueError, match=r"criterion=NLLLoss.*CrossEntropyLoss"):
        CORES(NeuralNetClassifier(module)).fit(X, y)
