"""Nets to train: plain torch modules, and skorch classifiers made of them."""

from ._mlp import MLP, make_mlp_classifier
from ._resnet import RandomCropFlip, ResNet18, ResNet34, make_resnet_classifier

__all__ = [
    "MLP",
    "RandomCropFlip",
    "ResNet18",
    "ResNet34",
    "make_mlp_classifier",
    "make_resnet_classifier",
]
