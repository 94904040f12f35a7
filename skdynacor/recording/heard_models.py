"""The models that are heard once the training is done, and what they make of further rows."""

import numpy as np

from ..corrupted_array import Beliefs
from .partners import is_net
from .replay import judge_by_stages, logits_over_stages


class HeardModels:
    """Trained models, each with the weight of its logits.

    Parameters
    ----------
    trained : dict of str to TrainedNet, TrainedStages, TrainedCopies, TrainedForest, TrainedHalves
        The first is the one whose trajectories are recorded.
    weights : dict of str to float
        Those of models that were trained to the end; others than the heard ones may be among them.
    separable : bool
        See ``Beliefs``.
    """

    def __init__(self, trained, weights, separable):
        self.trained = trained
        self.weights = weights
        self.separable = separable

    @property
    def recorded(self):
        """The model whose trajectories are recorded."""
        return next(iter(self.trained.values()))

    @property
    def classifiers(self):
        """What the models are, or one half of each is."""
        return [model.classifier for model in self.trained.values()]

    @property
    def rows_at_once(self):
        """How many rows to judge at a time."""
        return min(model.rows_at_once for model in self.trained.values())

    def describe(self, name, n_epochs):
        """Say, in a list, how long a model was trained, where that is recorded, and its weight."""
        said = []
        if self.trained.get(name) is self.recorded:
            said.append(f"{n_epochs} {'epochs' if is_net(self.recorded.classifier) else 'stages'}")
        if name not in self.weights:
            said.append("not needed")
        elif len(self.weights) > 1:
            said.append(f"weight {self.weights[name]:.2f}")
        return said

    def beliefs(self, logits, labels, classes):
        """Make ``Beliefs`` of what the models make of some rows."""
        return Beliefs(logits, labels, classes, self.separable)

    def judge(self, X, labels, signal, n_epochs):
        """Judge rows that were not in the training, see ``judge_by_stages``."""
        (name, recorded), *others = self.trained.items()
        T, logits, labels = judge_by_stages(recorded, X, labels, signal, n_epochs)
        logits = np.float32(self.weights[name]) * logits
        for name, model in others:
            logits = logits + np.float32(self.weights[name]) * logits_over_stages(model, X)
        return T, logits, labels
