"""Nets to train: plain torch modules, and skorch classifiers made of them.

They import torch and skorch and nothing of skdynacor. A new net is a module of its own, with a
``make_..._classifier`` beside it that says how it is trained.
"""

from ._dropout import ByteDropout
from ._mlp import MLP, make_mlp_classifier, make_quick_mlp_classifier
from ._resnet import RandomCropFlip, ResNet18, ResNet34, make_resnet_classifier

__all__ = [
    "MLP",
    "ByteDropout",
    "RandomCropFlip",
    "ResNet18",
    "ResNet34",
    "make_mlp_classifier",
    "make_quick_mlp_classifier",
    "make_resnet_classifier",
]
