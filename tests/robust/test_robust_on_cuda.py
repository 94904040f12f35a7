"""Skipped without a CUDA device."""

import pytest
import torch
from numpy.testing import assert_allclose

from skdynacor import DynaCorDetector, DynamicsCollector
from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import DivideMixClassifier, EarlyLearningRegularization

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def test_targets_live_where_the_net_does(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = make_mlp_classifier(max_epochs=3, criterion=EarlyLearningRegularization)
    collector = DynamicsCollector(net, checkpoint_dir=tmp_path, random_state=0).fit(X, y)
    targets = collector.estimator_.criterion_.targets
    assert targets.is_cuda
    assert_allclose(targets.sum(dim=1).cpu(), 1 - 0.7**3, rtol=1e-4)


@pytest.mark.parametrize("detector", [None, DynaCorDetector()])
def test_two_nets_train_on_the_device(noisy_blobs, detector):
    X, y, wrong = noisy_blobs
    classifier = DivideMixClassifier(detector=detector, random_state=0).fit(X, y)
    assert next(classifier.nets_[1].module_.parameters()).is_cuda
    assert (classifier.predict(X) == y)[~wrong].mean() > 0.95
