import pickle

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from skdynacor import DynamicsCollector
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import (
    EarlyLearningRegularization,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(7, 4, generator=generator, dtype=torch.float64)
    return logits.requires_grad_(), torch.tensor([0, 1, 2, 3, 0, 1, 2])


def literal_gce(p, given, q):
    return ((1 - (p * given).sum(dim=1) ** q) / q).mean()


def literal_sce(p, given, alpha, beta, clip):
    log_given = torch.where(given == 1, 0.0, clip)  # log 0 = clip
    cross_entropy, reverse = -(given * p.log()).sum(dim=1), -(p * log_given).sum(dim=1)
    return (alpha * cross_entropy + beta * reverse).mean()


@pytest.mark.parametrize(
    ("criterion", "literal", "params"),
    [
        *((GeneralizedCrossEntropy, literal_gce, {"q": q}) for q in (0.01, 0.7, 1)),
        (SymmetricCrossEntropy, literal_sce, {"alpha": 0.1, "beta": 1.0, "clip": -4.0}),
        (SymmetricCrossEntropy, literal_sce, {"alpha": 6.0, "beta": 0.1, "clip": -6.0}),
    ],
)
def test_values_and_gradients_are_those_of_the_formula(batch, criterion, literal, params):
    logits, labels = batch
    value = criterion(**params)(logits, labels)
    expected = literal(logits.softmax(dim=1), F.one_hot(labels, 4), **params)
    assert_close(value, expected)
    assert_close(*(torch.autograd.grad(v, logits)[0] for v in (value, expected)))


@pytest.mark.parametrize("q", [1e-300, 1e-9])
def test_limits(batch, q):
    cross_entropy = F.cross_entropy(*batch)
    assert_close(GeneralizedCrossEntropy(q)(*batch), cross_entropy)
    assert_close(SymmetricCrossEntropy(1, 0)(*batch), cross_entropy)


@pytest.mark.parametrize("criterion", [GeneralizedCrossEntropy(), SymmetricCrossEntropy()])
def test_extreme_logits_have_finite_losses_and_gradients(criterion):
    logits = torch.tensor([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0]], requires_grad=True)
    loss = criterion(logits, torch.tensor([0, 0, 0]))
    loss.backward()
    assert loss.isfinite()
    assert loss > 0
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GeneralizedCrossEntropy(0), r"'q' parameter .* range \(0.0, 1.0\]. Got 0 instead"),
        (lambda: GeneralizedCrossEntropy("0.5"), "parameter of .* must be a float"),
        (lambda: SymmetricCrossEntropy(-1), "'alpha' .* Got -1"),
        (lambda: SymmetricCrossEntropy(clip=0), r"'clip' .* range \(-inf, 0.0\)"),
        (lambda: EarlyLearningRegularization(-1), "'strength' .* Got -1"),
        (lambda: EarlyLearningRegularization(momentum=1), r"\[0.0, 1.0\). Got 1"),
    ],
)
def test_bad_parameters_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "params",
    [
        {"criterion": GeneralizedCrossEntropy, "criterion__q": 0.5},
        {"criterion": SymmetricCrossEntropy, "criterion__alpha": 0.5},
    ],
)
def test_nets_train_by_them_and_give_probabilities(noisy_blobs, params):
    X, y, wrong = noisy_blobs
    net = make_mlp_classifier(max_epochs=20, batch_size=32, **params)
    collector = DynamicsCollector(net, random_state=0).fit(X, y)
    trained = pickle.loads(pickle.dumps(collector)).estimator_
    probabilities = trained.predict_proba(X)
    assert_close(probabilities.sum(axis=1), torch.ones(300).numpy())
    agrees = probabilities.argmax(axis=1) == y
    assert agrees[~wrong].mean() > 0.9
    assert agrees[wrong].mean() < 0.1
    assert "0.5" in str(trained.criterion_)
