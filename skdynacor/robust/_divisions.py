"""Divisions of rows into clean and noisy ones by a net's predictions after every epoch."""

import warnings

import numpy as np
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from ..dynacor.corrupted_array import CorruptedArray, CorruptedCopies
from ..dynacor.recording.signals import cross_entropy, quantized_logit_difference
from ..utils.random_numbers import set_random_states

#: Losses whose range is smaller than this count as equal, in nats.
_LEAST_SPAN = 1e-6


def low_loss_probability(losses, random_state):
    """Posterior of the lower of two Gaussians fitted to losses, (n_samples,).

    It never rises with the loss, and is 1 where all losses are equal.
    """
    span = np.ptp(losses)
    if span < _LEAST_SPAN:
        return np.ones(len(losses))
    levels = (losses.astype(np.float64) - losses.min()) / span
    # k-means, which initialises the mixture, takes numpy arrays only.
    with config_context(array_api_dispatch=False), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of two distinct losses, say
        mixture = GaussianMixture(2, random_state=random_state).fit(levels[:, None])
        probability = mixture.predict_proba(levels[:, None])[:, mixture.means_[:, 0].argmin()]
    # NB: the wider Gaussian takes both tails, also the far end of the other's.
    order = np.argsort(levels, kind="stable")
    middle = np.searchsorted(levels[order], mixture.means_.min())
    probability[order[middle:]] = np.minimum.accumulate(probability[order[middle:]])
    probability[order[:middle]] = probability[order[middle : middle + 1]].max(initial=0)
    return probability


class LossDivision:
    """Divides by the mean loss over all epochs so far; labels (n_samples,) are int64."""

    def __init__(self, labels, random_state):
        self.labels = labels
        self.random_state = random_state
        self.sum, self.n_epochs = 0, 0

    def update(self, logits):
        """Add the logits of an epoch, (n_samples, n_classes)."""
        self.sum = self.sum + cross_entropy(logits, self.labels)
        self.n_epochs += 1

    def clean_probability(self):
        """Probability that each label is right, (n_samples,)."""
        return low_loss_probability((self.sum / self.n_epochs).numpy(), self.random_state)


class DetectorDivision:
    """Divides by a detector on the trajectories so far, with those of corrupted copies.

    The ``detector`` is cloned for each division; ``labels`` (n_samples + n_copies,), int64, end
    with those of the copies, and ``sources`` (n_copies,) are the copies' rows.
    """

    def __init__(self, detector, labels, sources, rng):
        self.detector = set_random_states(clone(detector), rng)
        self.labels, self.sources = labels, sources
        self.signals = []

    def update(self, logits):
        """Add the logits of an epoch, (n_samples + n_copies, n_classes)."""
        self.signals.append(quantized_logit_difference(logits, self.labels))

    def clean_probability(self):
        """Probability that each row's label is right, (n_samples,)."""
        dynamics = torch.stack(self.signals, dim=1).numpy()
        n = len(dynamics) - len(self.sources)
        copies = CorruptedCopies(dynamics[n:], self.labels[n:].numpy(), self.sources)
        T = CorruptedArray(dynamics[:n], copies)
        return clone(self.detector).fit(T).predict_proba(T)[:, 0]
