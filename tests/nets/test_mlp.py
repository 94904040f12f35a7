import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.testing import assert_close

from skdynacor.nets import MLP, make_mlp_classifier


def scaled(X):
    X = torch.as_tensor(X, dtype=torch.float32)
    mlp = MLP(X.shape[1], 4, feature_mean=X.mean(0), feature_scale=X.std(0, correction=0))
    return (X - mlp.center) * mlp.factor


@pytest.mark.parametrize("units", [np.ones(6), 10.0 ** np.arange(-3, 3), np.full(6, 1e4)])
def test_rows_get_a_norm_whatever_the_units(units):
    X = np.random.default_rng(0).normal(size=(2000, 6)) * units + 5 * units
    assert_close(scaled(X).square().sum(1).mean(), torch.tensor(72.0), rtol=1e-3, atol=0)


def test_features_of_one_unit_keep_their_proportions():
    spread = np.array([1.0, 2.0, 30.0])
    X = np.random.default_rng(0).normal(size=(2000, 3))
    X /= X.std(axis=0)
    assert_close(
        scaled(X * spread).std(0) / scaled(X * spread).std(0)[0], torch.tensor(spread).float()
    )
    assert_close(scaled(X * [1, 2, 40]).std(0), scaled(X).std(0), rtol=1e-3, atol=1e-4)


def test_constant_features_are_ignored():
    X = np.random.default_rng(0).normal(size=(100, 3))
    X[:, 1] = 1e6
    rows = scaled(X)
    assert (rows[:, 1] == 0).all()
    assert rows.isfinite().all()
    assert scaled(np.ones((10, 2))).abs().sum() == 0


def test_without_mean_and_scale_inputs_are_unchanged():
    mlp = MLP(3, 2)
    assert_close((torch.ones(1, 3) - mlp.center) * mlp.factor, torch.ones(1, 3))


def test_the_learning_rate_falls_to_the_end_of_whatever_training():
    X, y = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32), np.arange(40) % 2
    for epochs in (3, 8):
        net = make_mlp_classifier(module__n_features=2, module__n_classes=2).set_params(
            max_epochs=epochs
        )
        rates = clone(net).fit(X, y.astype(np.int64)).history[:, "event_lr"]
        assert rates[0] == pytest.approx(0.02)
        assert rates == sorted(rates, reverse=True)
        assert len(rates) == epochs
        assert rates[-1] == pytest.approx(
            0.01 * (1 + np.cos(np.pi * (epochs - 1) / epochs)), abs=1e-5
        )


def test_settings_can_be_replaced():
    net = make_mlp_classifier(lr=0.5, module__hidden_units=7, max_epochs=2)
    assert (net.lr, net.max_epochs, net.module__hidden_units) == (0.5, 2, 7)


@pytest.mark.parametrize(
    ("n_features", "hidden_units"), [(3, 512), (4096, 512), (50_000, 41), (200_000, 32)]
)
def test_the_hidden_layer_is_narrow_for_very_many_features(n_features, hidden_units):
    assert MLP(n_features, 2).layers[0].weight.shape == (hidden_units, n_features)
    assert MLP(n_features, 2, hidden_units=8).layers[0].weight.shape == (8, n_features)


def test_sparse_rows_give_the_same_outputs_and_gradients():
    rng = np.random.default_rng(0)
    X = torch.tensor((rng.random((20, 9)) < 0.3) * rng.normal(size=(20, 9))).float()
    mlp = MLP(9, 3, feature_mean=X.mean(0), feature_scale=X.std(0, correction=0), dropout=0.0)
    outputs, gradients = [], []
    for rows in (X, X.to_sparse_coo()):
        mlp.zero_grad()
        outputs.append(mlp(rows))
        outputs[-1].square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in mlp.parameters()])
    assert_close(*outputs, rtol=1e-4, atol=1e-5)
    assert_close(*gradients, rtol=1e-4, atol=1e-4)
