"""What a net makes of rows does not depend on the names of classes."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from skdynacor import DynamicsCollector
from skdynacor.nets import MLP, ResNet18, make_mlp_classifier, make_resnet_classifier
from skdynacor.nets.class_order import draw_in_order
from skdynacor.recording.net_setup import prepare


def test_classes_get_the_weights_of_their_places():
    layer = nn.Linear(2, 3)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    draw_in_order(layer, None)
    assert torch.equal(layer.weight, weight)
    draw_in_order(layer, np.array([2, 0, 1]))
    assert torch.equal(layer.weight[[2, 0, 1]], weight)
    assert torch.equal(layer.bias[[2, 0, 1]], bias)
    assert layer.weight.requires_grad


@pytest.mark.parametrize("module", [lambda **p: MLP(4, 3, **p), lambda **p: ResNet18(3, **p)])
def test_outputs_follow_the_classes(module):
    X = torch.rand(5, 4) if module().__class__ is MLP else torch.rand(5, 3, 8, 8)
    outputs = []
    for class_order in ([0, 1, 2], [2, 0, 1]):
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(module(class_order=class_order).eval()(X))
    assert_array_equal(outputs[1][:, [2, 0, 1]], outputs[0])


@pytest.mark.parametrize("images", [False, True])
def test_names_of_classes_change_no_trajectory(noisy_blobs, images):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(max_epochs=4)
    if images:
        X, y = X[:80].reshape(80, 1, 2, 2).repeat(4, axis=2).repeat(4, axis=3), y[:80]
        net = make_resnet_classifier(18, module__width=2, max_epochs=2, batch_size=40)
    collector = DynamicsCollector(net, signal="logit_difference", random_state=0)
    T = collector.fit_transform(X, y)
    renamed = collector.fit_transform(X, np.array([1, 2, 0])[y])
    assert_allclose(renamed, T, rtol=1e-3, atol=1e-3)
    assert_allclose(renamed.beliefs.logits[:, [1, 2, 0]], T.beliefs.logits, rtol=1e-3, atol=1e-3)


def test_a_training_that_lacks_a_class_names_all():
    X, y = np.zeros((6, 4), dtype=np.float32), np.array([3, 3, 0, 1, 0, 1])
    net, _ = prepare(make_mlp_classifier(), X, X[:0], y, 5, "cpu")
    assert_array_equal(net.module__class_order, [3, 0, 1, 2, 4])
    net.initialize()
