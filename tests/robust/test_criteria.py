import pickle

import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn
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


def literal_gce(logits, labels, q):
    """The formula, row by row."""
    total = 0
    for row, label in zip(logits, labels, strict=True):
        p = torch.exp(row) / torch.exp(row).sum()
        total = total + (1 - p[label] ** q) / q
    return total / len(logits)


def literal_sce(logits, labels, alpha, beta, clip):
    """Both cross-entropies as sums over all classes, with log 0 = clip."""
    total = 0
    for row, label in zip(logits, labels, strict=True):
        p = torch.exp(row) / torch.exp(row).sum()
        for c in range(len(p)):
            given, log_given = (1.0, 0.0) if c == label else (0.0, clip)
            total = total - alpha * given * torch.log(p[c]) - beta * p[c] * log_given
    return total / len(logits)


CASES = [
    *((GeneralizedCrossEntropy, literal_gce, {"q": q}) for q in (0.01, 0.7, 1)),
    *(
        (SymmetricCrossEntropy, literal_sce, {"alpha": alpha, "beta": beta, "clip": clip})
        for alpha, beta, clip in [(0.1, 1.0, -4.0), (6.0, 0.1, -6.0)]
    ),
]


@pytest.mark.parametrize(("criterion", "literal", "params"), CASES)
def test_values_and_gradients_are_those_of_the_formula(batch, criterion, literal, params):
    logits, labels = batch
    value, expected = criterion(**params)(logits, labels), literal(logits, labels, **params)
    assert_close(value, expected)
    assert_close(*(torch.autograd.grad(v, logits)[0] for v in (value, expected)))
    assert torch.autograd.gradcheck(criterion(**params), (logits, labels))


def test_limits(batch):
    logits, labels = batch
    cross_entropy = F.cross_entropy(logits, labels)
    assert_close(GeneralizedCrossEntropy(1e-9)(logits, labels), cross_entropy)
    p = logits.softmax(dim=1).gather(dim=1, index=labels[:, None])[:, 0]
    assert_close(GeneralizedCrossEntropy(1)(logits, labels), (1 - p).mean())
    assert_close(SymmetricCrossEntropy(1, 0)(logits, labels), cross_entropy)
    # The mean absolute error over classes and label is 2 (1 − p).
    given = F.one_hot(labels, 4)
    absolute_error = (logits.softmax(dim=1) - given).abs().sum(dim=1).mean()
    assert_close(SymmetricCrossEntropy(0, 1, clip=-2)(logits, labels), absolute_error)


@pytest.mark.parametrize("criterion", [GeneralizedCrossEntropy(), SymmetricCrossEntropy()])
def test_extreme_logits_have_finite_losses_and_gradients(criterion):
    logits = torch.tensor([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0]], requires_grad=True)
    loss = criterion(logits, torch.tensor([0, 0, 0]))
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
    assert loss > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GeneralizedCrossEntropy(0), r"'q' parameter .* range \(0.0, 1.0\]. Got 0 instead"),
        (lambda: GeneralizedCrossEntropy(1.5), "Got 1.5"),
        (lambda: SymmetricCrossEntropy(-1), "'alpha' .* Got -1"),
        (lambda: SymmetricCrossEntropy(clip=0), r"'clip' .* range \(-inf, 0.0\)"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message):
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
    trained = pickle.loads(pickle.dumps(collector)).classifier_
    probabilities = trained.predict_proba(X)
    assert_close(probabilities.sum(axis=1), torch.ones(300).numpy())
    agrees = probabilities.argmax(axis=1) == y
    assert agrees[~wrong].mean() > 0.9
    assert agrees[wrong].mean() < 0.1
    assert "0.5" in str(trained.criterion_)


def test_a_softmax_before_them_is_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    module = nn.Sequential(nn.Linear(4, 3), nn.Softmax(dim=-1))
    net = NeuralNetClassifier(module, criterion=GeneralizedCrossEntropy)
    with pytest.raises(ValueError, match="Remove the softmax"):
        DynamicsCollector(net).fit(X, y)


def test_other_types_are_refused():
    for make in (
        lambda: GeneralizedCrossEntropy("0.5"),
        lambda: SymmetricCrossEntropy(alpha=None),
        lambda: EarlyLearningRegularization(momentum=[0.5]),
    ):
        with pytest.raises(ValueError, match=r"parameter of .* must be a float"):
            make()


@pytest.mark.parametrize("q", [1e-300, 1e-40, 1e-12])
def test_near_zero_it_is_the_cross_entropy(q):
    logits, labels = 4 * torch.eye(3), torch.tensor([0, 2, 1])
    assert_close(GeneralizedCrossEntropy(q)(logits, labels), F.cross_entropy(logits, labels))
