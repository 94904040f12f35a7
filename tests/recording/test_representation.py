"""How trained models see rows."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from torch import nn

from skdynacor import DynamicsCollector
from skdynacor.nets import make_mlp_classifier
from skdynacor.nets.mlp import make_sgd_classifier


class Convolution(nn.Module):
    """A net whose last layer is not linear."""

    def __init__(self, n_classes):
        super().__init__()
        self.layer = nn.Conv1d(1, n_classes, 4)

    def forward(self, X):
        return self.layer(X[:, None, :])[:, :, 0]


def units_of(net, X):
    """What the last layer of the default net gets, by hand, in directions."""
    module = net.module_.eval()
    with torch.no_grad():
        units = module.layers[:-1]((torch.from_numpy(X) - module.center) * module.factor).numpy()
    return units / np.linalg.norm(units, axis=1, keepdims=True)


def test_last_hidden_layer_is_what_the_last_layer_gets(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(quick_net, random_state=0).fit(X, y)
    [(seen_in, view)] = collector.spaces()
    assert seen_in.all()
    assert_allclose(view(X), units_of(collector.classifier_, X), rtol=1e-5, atol=1e-6)


def test_sparse_rows_are_seen_as_dense_ones(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(quick_net, random_state=0).fit(csr_array(X), y)
    loaders = collector.classifier_.get_params_for("iterator_valid")
    [(_, view)] = collector.spaces()
    assert_allclose(view(csr_array(X)), view(X), rtol=1e-4, atol=1e-5)
    assert collector.classifier_.get_params_for("iterator_valid") == loaders


def test_no_row_is_looked_at_by_a_net_that_was_told_its_label(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(max_epochs=2)
    collector = DynamicsCollector(net, held_out=True, random_state=0).fit(X, y)
    (by_first, first), (by_second, second) = collector.spaces()
    assert_array_equal(by_first, ~by_second)
    halves = collector._heard.recorded
    assert_allclose(first(X), units_of(halves.first.classifier, X), rtol=1e-5, atol=1e-6)
    assert_allclose(second(X), units_of(halves.second.classifier, X), rtol=1e-5, atol=1e-6)
    # The first net judged its rows: what it is asked of them anew is what was recorded.
    epochs = [logits.numpy() for logits in halves.first.staged_logits(X)]
    assert_allclose(np.mean(epochs, axis=0)[by_first], collector.beliefs_.logits[by_first], 1e-4)


def test_a_net_without_linear_layers_is_seen_by_what_it_puts_out(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_sgd_classifier(Convolution, lr=0.01, max_epochs=2)
    collector = DynamicsCollector(net, random_state=0).fit(X, y)
    [(_, view)] = collector.spaces()
    outputs = collector.classifier_.forward(X).numpy()
    outputs /= np.linalg.norm(outputs, axis=1, keepdims=True)
    assert_allclose(view(X), outputs, atol=1e-6)


@pytest.mark.parametrize(
    ("classifier", "n_spaces"),
    [
        (RandomForestClassifier(10, random_state=0), 1),
        (HistGradientBoostingClassifier(max_iter=5, random_state=0), 0),
    ],
)
def test_trees_are_seen_by_leaves_and_boosting_not_at_all(classifier, n_spaces, noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(classifier, held_out=True, random_state=0).fit(X, y)
    spaces = collector.spaces()
    assert len(spaces) == n_spaces
    for _, view in spaces:
        directions = view(X)
        assert_allclose((directions @ directions.T).diagonal(), 1, rtol=1e-6)
