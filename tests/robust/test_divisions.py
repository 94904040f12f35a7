import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator

from skdynacor.robust._divisions import DetectorDivision, LossDivision, low_loss_probability


@pytest.fixture
def losses():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.gamma(2, 0.1, 700), rng.normal(4, 0.5, 300)]).astype(np.float32)


def test_two_groups_of_losses_are_separated(losses):
    probability = low_loss_probability(losses, 0)
    assert probability[:700].mean() > 0.98
    assert probability[700:].mean() < 0.02


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_unit_of_losses_does_not_matter(losses, scale):
    moved = low_loss_probability(scale * losses.astype(np.float64) + 5, 0)
    np.testing.assert_allclose(moved, low_loss_probability(losses, 0), atol=1e-4)


@pytest.mark.parametrize("shares", [(900, 100), (500, 500), (100, 900)])
def test_the_probability_never_rises_with_the_loss(shares):
    rng = np.random.default_rng(1)
    losses = np.concatenate([rng.normal(1, 0.05, shares[0]), rng.normal(2, 0.8, shares[1])])
    probability = low_loss_probability(losses, 0)
    assert (np.diff(probability[np.argsort(losses)]) <= 0).all()
    assert probability[losses.argmin()] == probability.max() > 0.5
    assert probability[losses.argmax()] < 0.5


def test_equal_losses_are_of_right_labels():
    assert_array_equal(low_loss_probability(np.full(5, 0.3), 0), np.ones(5))
    two = low_loss_probability(np.array([0.1, 0.1, 2.0, 2.0, 2.0]), 0)
    assert_array_equal(two > 0.5, [True, True, False, False, False])


def test_losses_are_averaged_over_epochs():
    division = LossDivision(torch.tensor([0, 0, 1, 1, 0]), random_state=0)
    division.update(torch.zeros(5, 2))
    assert_array_equal(division.clean_probability(), np.ones(5))
    for _ in range(3):
        division.update(torch.tensor([[4.0, -4.0]]).repeat(5, 1))
    division.update(torch.tensor([[-4.0, 4.0]]).repeat(5, 1))  # the last epoch alone disagrees
    assert_array_equal(division.clean_probability() > 0.5, [True, True, False, False, True])


class Witness(BaseEstimator):
    """A detector that keeps what it was given, and flags rows of low dynamics."""

    given = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, T):
        self.given.append((T, self.random_state))
        return self

    def predict_proba(self, T):
        noisy = (np.asarray(T).mean(axis=1) < 0).astype(float)
        return np.column_stack([1 - noisy, noisy])


def test_a_detector_gets_the_dynamics_of_rows_and_copies(monkeypatch):
    monkeypatch.setattr(Witness, "given", [])
    labels = torch.tensor([0, 1, 0, 1, 1, 0])  # of four rows and two copies
    sources, rng = np.array([2, 0]), np.random.default_rng(0)
    division = DetectorDivision(Witness(), labels, sources, rng)
    epochs = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(0))
    for logits in epochs:
        division.update(logits)
    probability = division.clean_probability()
    [(T, seed)] = Witness.given
    dynamics = np.where(labels[:, None] == epochs.argmax(dim=2).T, 1, -1)
    assert_array_equal(T, dynamics[:4])
    assert_array_equal(T.corrupted.data, dynamics[4:])
    assert T.corrupted.labels.tolist() == [1, 0]
    assert T.corrupted.sources.tolist() == [2, 0]
    assert_array_equal(probability, dynamics[:4].mean(axis=1) >= 0)
    assert isinstance(seed, int)
    division.clean_probability()
    assert Witness.given[1][1] == seed
