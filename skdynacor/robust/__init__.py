"""Training in spite of wrong labels: losses for nets, and DivideMix.

The losses are criteria for any skorch classifier, also for the one that ``DynamicsCollector``
trains; ``DivideMixClassifier`` is a classifier by itself. All import recording, corruption and
nets, and none of them flags labels: that is what detectors are for.
"""

from .criteria import GeneralizedCrossEntropy, SymmetricCrossEntropy
from .divide_mix_classifier import DivideMixClassifier
from .early_learning import EarlyLearningRegularization, FollowRows

__all__ = [
    "DivideMixClassifier",
    "EarlyLearningRegularization",
    "FollowRows",
    "GeneralizedCrossEntropy",
    "SymmetricCrossEntropy",
]
