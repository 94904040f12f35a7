"""Training a net on some rows, and evaluating it at every epoch."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import SequentialSampler

from skdynacor.nets import make_mlp_classifier
from skdynacor.training.accelerated_nets import weights_of
from skdynacor.training.net_training import TrainedNet, train_net


class Positions(Callback):
    """Remember the rows of every batch, and the weights after every epoch."""

    def initialize(self):
        self.batches, self.weights = [], []

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        self.batches.append(batch.positions.tolist())

    def on_epoch_end(self, net, **kwargs):
        self.weights.append(weights_of(net))


def train(net, X, y, rows, seed=0):
    seen = Positions()
    net, to_logits = train_net(
        net,
        X,
        X[:0],
        y,
        3,
        rows=rows,
        device="cpu",
        seed=seed,
        make_callbacks=lambda net, dataset, to_logits: [seen],
    )
    return TrainedNet(net, seen.weights, to_logits), seen.batches


def test_only_the_rows_asked_for_are_trained_on(noisy_blobs):
    X, y, _ = noisy_blobs
    rows = np.arange(0, 300, 3)
    net = make_mlp_classifier(max_epochs=2, batch_size=32)
    trained, batches = train(net, X, y, rows)
    for epoch in (batches[:4], batches[4:]):
        assert sorted(np.concatenate(epoch)) == rows.tolist()
    without_the_others = np.where(np.isin(np.arange(300), rows)[:, None], X, 0)
    net.set_params(module__feature_mean=X.mean(0), module__feature_scale=X.std(0))
    one, other = (train(net, each, y, rows)[0].mean_logits(X) for each in (X, without_the_others))
    assert_allclose(one, other)
    assert trained.mean_logits(X).shape == (300, 3)


@pytest.mark.parametrize("shuffle", [True, False])
def test_batch_norm_gets_no_batch_of_one_row(noisy_blobs, shuffle):
    X, y, _ = noisy_blobs
    net = NeuralNetClassifier(
        nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3)),
        criterion=nn.CrossEntropyLoss,
        max_epochs=1,
        batch_size=8,
        iterator_train__shuffle=shuffle,
        verbose=0,
    )
    _, batches = train(net, X, y, np.arange(33))
    assert [len(batch) for batch in batches] == [8, 8, 8, 8, 2]


def test_a_sampler_is_refused_with_some_rows(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(
        iterator_train__sampler=SequentialSampler(range(300)), iterator_train__shuffle=False
    )
    with pytest.raises(ValueError, match="iterator_train__sampler does not know of"):
        train(net, X, y, np.arange(200))


@pytest.fixture(scope="module")
def trained(noisy_blobs):
    X, y, _ = noisy_blobs
    return train(make_mlp_classifier(max_epochs=3), X, y, np.arange(300))[0]


def test_a_row_does_not_depend_on_the_rows_beside_it(noisy_blobs, trained):
    X, _, _ = noisy_blobs
    alone = np.concatenate([trained.mean_logits(row[None]) for row in X[:20]])
    assert_allclose(alone, trained.mean_logits(X)[:20], rtol=1e-6)


def test_modules_that_compute_in_single_precision_alone_are_evaluated_in_it(noisy_blobs):
    class Single(nn.Linear):
        def forward(self, X):
            return super().forward(X.float())

    X, y, _ = noisy_blobs
    net = NeuralNetClassifier(
        Single(4, 3), criterion=nn.CrossEntropyLoss, max_epochs=1, lr=0.01, verbose=0
    )
    trained, _ = train(net, X, y, np.arange(300))
    weight, bias = (trained.checkpoints[0][name].numpy() for name in ("weight", "bias"))
    assert_allclose(trained.mean_logits(X), X @ weight.T + bias, rtol=1e-3, atol=1e-3)


def test_representations_are_directions_and_survive_pickle(noisy_blobs, trained):
    X, _, _ = noisy_blobs
    representation = trained.representation(X)
    assert representation.shape == (300, 512)
    assert_allclose(np.linalg.norm(representation, axis=1), 1, rtol=1e-5)
    twin = pickle.loads(pickle.dumps(trained))
    assert_array_equal(twin.representation(X), representation)
    assert all(torch.is_tensor(value) for value in twin.checkpoints[0].values())


def test_a_criterion_gets_the_positions_of_each_batch(noisy_blobs):
    class WithPositions(nn.CrossEntropyLoss):
        needs_positions = True
        seen = ()

        def set_n_rows(self, n_rows):
            type(self).n_rows = n_rows

        def forward(self, outputs, labels):
            if self.training:
                type(self).seen = (*self.seen, *self.positions.tolist())
            return super().forward(outputs, labels)

    X, y, _ = noisy_blobs
    train(make_mlp_classifier(max_epochs=1, criterion=WithPositions), X, y, np.arange(200))
    assert WithPositions.n_rows == 300
    assert sorted(WithPositions.seen) == list(range(200))
