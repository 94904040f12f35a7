"""Who judges which labels are right, after every epoch of a net."""

import warnings

import numpy as np
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from ..corrupted_array import Beliefs, CorruptedArray, CorruptedCopies
from ..groundwork.random_numbers import draw_random_state
from ..recording.signals import cross_entropy, find_signal

#: Losses that span less than this are all alike, in nats.
_LEAST_SPAN = 1e-6


def low_loss_probability(losses, random_state):
    """Give the probability that each row belongs to those of low loss.

    Two Gaussians are fitted to the losses, scaled to [0, 1]; where all are alike, it is 1.

    Parameters
    ----------
    losses : ndarray of shape (n_samples,)
    random_state : int

    Returns
    -------
    probability : ndarray of shape (n_samples,)
        Nowhere larger for a larger loss.
    """
    span = np.ptp(losses)
    if span < _LEAST_SPAN:
        return np.ones(len(losses))
    levels = (losses.astype(np.float64) - losses.min()) / span
    # k-means, where the mixture starts, knows numpy only.
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


class LossMixture:
    """Takes labels for right ones whose loss was low so far, on average over the epochs.

    Parameters
    ----------
    labels : tensor of shape (n_samples,), int64
    random_state : int
    """

    def __init__(self, labels, random_state):
        self.labels = labels
        self.random_state = random_state
        self.sum, self.n_epochs = 0, 0

    def watch(self, logits):
        """Take note of what the net makes of the rows after an epoch, (n_samples, n_classes)."""
        self.sum = self.sum + cross_entropy(logits, self.labels)
        self.n_epochs += 1

    def clean_probability(self):
        """Give the probability that each label is right, (n_samples,)."""
        return low_loss_probability((self.sum / self.n_epochs).numpy(), self.random_state)


class DetectorOfTrails:
    """Lets a detector judge the trajectories so far, beside those of copies planted with the rows.

    Parameters
    ----------
    detector : estimator
        Cloned for each judgment. ``fit`` takes a ``CorruptedArray``, ``predict_proba`` gives the
        probabilities of being clean and of being noisy.
    signal : str or callable
        What it reads, see ``DynamicsCollector``.
    labels : tensor of shape (n_samples + n_copies,), int64
    sources : ndarray of shape (n_copies,)
        The row that each copy is of.
    classes : ndarray of shape (n_classes,)
    rng : numpy.random.Generator
        Draws each ``random_state`` that the detector leaves at None.
    """

    def __init__(self, detector, signal, labels, sources, classes, rng):
        unset = [
            name
            for name, value in sorted(detector.get_params().items())
            if name.rpartition("__")[2] == "random_state" and value is None
        ]
        self.detector = clone(detector)
        self.detector.set_params(**{name: draw_random_state(rng) for name in unset})
        self.signal = find_signal(signal)
        self.labels, self.sources, self.classes = labels, sources, classes
        self.trails, self.sum = [], 0

    def watch(self, logits):
        """Take note of what the net makes of rows and copies, (n_samples + n_copies, n_classes)."""
        self.trails.append(self.signal(logits, self.labels))
        self.sum = self.sum + logits

    def clean_probability(self):
        """Give the probability that each row's label is right, (n_samples,)."""
        trails = torch.stack(self.trails, dim=1).numpy()
        logits, labels = (self.sum / len(self.trails)).numpy(), self.labels.numpy()
        n = len(labels) - len(self.sources)
        of_rows, of_copies = (
            Beliefs(logits[part], labels[part], self.classes) for part in (slice(n), slice(n, None))
        )
        planted = self.classes[labels[n:]]
        copies = CorruptedCopies(trails[n:], planted, self.sources, of_copies)
        T = CorruptedArray(trails[:n], copies, of_rows)
        return clone(self.detector).fit(T).predict_proba(T)[:, 0]
