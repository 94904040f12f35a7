"""Parameters of a net that are set from the data, or switched off."""

import pytest
from numpy.testing import assert_allclose
from skorch import NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import nn

from skdynacor import DynamicsCollector


def make_net(module, **params):
    settings = {"criterion": nn.CrossEntropyLoss, "max_epochs": 2, "verbose": 0, "lr": 0.01}
    return NeuralNetClassifier(module, **{**settings, **params})


class Module(nn.Module):
    def __init__(self, n_features, n_classes, feature_mean, feature_scale, n_channels=None):
        super().__init__()
        self.parameters_given = n_features, n_classes, feature_mean, feature_scale, n_channels
        self.layers = nn.Sequential(nn.Flatten(), nn.LazyLinear(n_classes))

    def forward(self, X):
        return self.layers(X)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_module_parameters_are_set_from_the_data_unless_set_by_the_user(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_net(Module)
    n_features, n_classes, mean, scale, _ = (
        DynamicsCollector(net).fit(X, y).estimator_.module_.parameters_given
    )
    assert (n_features, n_classes) == (4, 3)
    assert_allclose(mean, X.mean(axis=0), rtol=1e-4)
    assert_allclose(scale, X.std(axis=0), rtol=1e-4)
    assert not hasattr(net, "module__n_features")
    images = X.reshape(300, 1, 2, 2)
    assert DynamicsCollector(net).fit(images, y).estimator_.module_.parameters_given[-1] == 1
    net.set_params(module__feature_mean="mine")
    assert DynamicsCollector(net).fit(X, y).estimator_.module_.parameters_given[2] == "mine"


def test_the_split_that_skorch_makes_by_default_is_switched_off_and_others_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    net = make_net(nn.Linear(4, 3))
    fitted = DynamicsCollector(net).fit(X, y).estimator_
    assert fitted.train_split is None
    assert sum(fitted.history[0, "batches", :, "train_batch_size"]) == 300
    assert net.train_split.cv == 5
    with pytest.raises(ValueError, match=r"holds out rows.*Set train_split=None"):
        DynamicsCollector(net.set_params(train_split=ValidSplit(3))).fit(X, y)
