"""Robust training: losses for nets, and DivideMix.

The losses are criteria for any skorch classifier, also for that of ``DynamicsCollector``.
"""

from ._criteria import GeneralizedCrossEntropy, SymmetricCrossEntropy
from ._divide_mix_classifier import DivideMixClassifier
from ._early_learning import EarlyLearningRegularization, PassPositions

__all__ = [
    "DivideMixClassifier",
    "EarlyLearningRegularization",
    "GeneralizedCrossEntropy",
    "PassPositions",
    "SymmetricCrossEntropy",
]
