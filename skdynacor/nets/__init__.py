"""Nets to train: plain torch modules, and skorch classifiers made of them."""

from ._mlp import MLP, make_mlp_classifier

__all__ = ["MLP", "make_mlp_classifier"]
