"""CORES: a sample sieve that drops rows during the training."""

import math
from numbers import Real

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn
from torch.nn import functional as F

from ..dynacor.recording.dynamics_collector import DynamicsCollector
from ..nets import make_mlp_classifier
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.sklearn_private import Interval
from ._transductive_detector import TransductiveDetector

#: Lower bound of probabilities, without which the regulariser is unbounded below.
LOWEST_PROBABILITY = 1e-8


def class_losses(logits):
    """Give the cross-entropy of every label, (n_samples, n_classes), in nats."""
    return -F.log_softmax(logits, dim=1).clamp(min=math.log(LOWEST_PROBABILITY))


def of_label(losses, labels):
    """Pick each row's own label, (n_samples,)."""
    return losses.gather(dim=1, index=labels[:, None])[:, 0]


def sieve_margin(logits, labels):
    """Subtract the label's loss from the mean loss over all classes, (n_samples,), in nats.

    The sieve keeps rows where it is not negative.
    """
    losses = class_losses(logits)
    return losses.mean(dim=1) - of_label(losses, labels)


class CORESLoss(nn.Module):
    """Cross-entropy less ``beta`` times its mean over labels drawn from ``prior``, (n_classes,).

    While ``sieving``, rows outside the sieve have no loss.
    """

    def __init__(self, prior):
        super().__init__()
        self.register_buffer("prior", torch.as_tensor(prior).float())
        self.beta, self.sieving = 0.0, False

    def forward(self, logits, labels):
        """Map logits (n_samples, n_classes) and labels (n_samples,) to a scalar."""
        losses = class_losses(logits)
        loss = of_label(losses, labels) - self.beta * losses @ self.prior
        if self.sieving:
            loss = loss * (sieve_margin(logits.detach(), labels) >= 0)
        return loss.mean()


class SieveSchedule(Callback):
    """Plain cross-entropy for a tenth of the epochs; ``beta`` rises over the next three tenths.

    The sieve is used after three tenths.
    """

    def __init__(self, beta):
        self.beta = beta

    def on_epoch_begin(self, net, **kwargs):
        done = (len(net.history) - 1) / net.max_epochs
        net.criterion_.beta = self.beta * float(np.clip((done - 0.1) / 0.3, 0, 1))
        net.criterion_.sieving = done >= 0.3


class CORES(TransductiveDetector):
    """Flag rows outside a sieve after training on the rows inside.

    A regulariser makes the net confident. A row is in the sieve while the loss of its label is at
    most the mean loss over all classes. Rows outside at the last epoch are flagged.

    Parameters
    ----------
    estimator : skorch.NeuralNet or None, default=None
        The net to train, see ``DynamicsCollector``; its module returns logits, its criterion is
        replaced.
    beta : float >= 0, default=2
        Weight of the regulariser.
    device : str, default="auto"
        Where to train, see ``DynamicsCollector``.
    random_state : int, RandomState instance or None, default=None
        Determines the training. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_score_ : ndarray of shape (n_samples,)
        Loss of the label less the mean loss over all classes, at the last epoch, in nats: positive
        where a row is flagged.
    noise_rate_ : float
        Share of rows flagged.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    Notes
    -----
    NOTE[DIFF]: the paper trains a ResNet for 100 epochs, with a schedule in epochs; here it is in
    shares of the number of epochs.

    References
    ----------
    .. [1] Cheng et al., "Learning with Instance-Dependent Label Noise: A Sample Sieve Approach",
       ICLR 2021. https://doi.org/10.48550/arXiv.2010.02347

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.baselines import CORES
    >>> X, y = load_digits(return_X_y=True)
    >>> y[:3] = [5, 5, 5]
    >>> cores = CORES(random_state=0).fit(X, y)
    >>> cores.flags_[:3]
    array([ True,  True,  True])
    """

    _parameter_constraints: dict = {
        "estimator": [NeuralNet, None],
        "beta": [Interval(Real, 0, None, closed="left")],
        "device": [str],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, beta=2, device="auto", random_state=None):
        self.estimator = estimator
        self.beta = beta
        self.device = device
        self.random_state = random_state

    def _detect(self, X, codes):
        rng = make_rng(self.random_state, "CORES")
        collector = DynamicsCollector(
            self._make_net(np.bincount(codes) / len(codes)),
            signal=sieve_margin,
            device=self.device,
            random_state=draw_random_state(rng),
        )
        margin = collector.fit_transform(X, codes)[:, -1]
        return margin < 0, -margin

    def _make_net(self, prior):
        net = make_mlp_classifier() if self.estimator is None else clone(self.estimator)
        criterion = net.criterion if isinstance(net.criterion, type) else type(net.criterion)
        if criterion is not nn.CrossEntropyLoss:
            raise ValueError(
                "CORES replaces the cross-entropy of a net whose module returns logits; this one "
                f"has criterion={criterion.__name__}. Set criterion=torch.nn.CrossEntropyLoss, and "
                "have the module return logits."
            )
        callbacks = [] if net.callbacks in (None, "disable") else list(net.callbacks)
        callbacks.append(("sieve", SieveSchedule(self.beta)))
        return net.set_params(criterion=CORESLoss, criterion__prior=prior, callbacks=callbacks)
