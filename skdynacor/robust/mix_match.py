"""The formulas of DivideMix's semi-supervised steps: pure functions of tensors.

Probabilities and targets have the shape (n_samples, n_classes) throughout.
"""

import math

import torch
from torch.nn import functional as F


def sharpen(probabilities, temperature):
    """Raise probabilities to the power 1/temperature, and scale each row to sum to 1."""
    # Relative to the largest, of which no power underflows.
    relative = probabilities / probabilities.amax(dim=1, keepdim=True)
    powers = relative.pow(1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


def refine_labels(labels, clean_probability, beliefs, temperature):
    """Co-refinement: move labels towards what a net makes of the rows, where they are in doubt.

    Parameters
    ----------
    labels : tensor of shape (n_samples,), int64
    clean_probability : tensor of shape (n_samples,)
        That each label is right.
    beliefs : list of tensor
        What the net makes of each augmentation of the rows.
    temperature : float

    Returns
    -------
    targets : tensor of shape (n_samples, n_classes)
    """
    belief = torch.stack(beliefs).mean(dim=0)
    given = F.one_hot(labels, belief.shape[1]).to(belief)
    return sharpen(belief.lerp(given, clean_probability[:, None].to(belief)), temperature)


def guess_labels(beliefs, temperature):
    """Co-guessing: take for a row without a label what the nets make of it.

    Parameters
    ----------
    beliefs : list of tensor
        What each net makes of each augmentation of the rows.
    temperature : float

    Returns
    -------
    targets : tensor of shape (n_samples, n_classes)
    """
    return sharpen(torch.stack(beliefs).mean(dim=0), temperature)


def mix_up(rows, targets, shares, partners):
    """Mix each row with another, and their targets alike.

    Parameters
    ----------
    rows : tensor of shape (n_samples, ...)
    targets : tensor of shape (n_samples, n_classes)
    shares : tensor of shape (n_samples,)
        Of the row itself in the mixture.
    partners : tensor of shape (n_samples,), int64
        Positions of the other rows.

    Returns
    -------
    rows : tensor of shape (n_samples, ...)
    targets : tensor of shape (n_samples, n_classes)
    """
    of_rows = shares.reshape(-1, *[1] * (rows.ndim - 1))
    return rows[partners].lerp(rows, of_rows), targets[partners].lerp(targets, shares[:, None])


def draw_shares(n_samples, concentration):
    """Draw from Beta(concentration, concentration) what rows keep of themselves, at least half."""
    if concentration == 0:  # the limit: all of one row or of the other
        return torch.ones(n_samples)
    drawn = torch.distributions.Beta(concentration, concentration).sample((n_samples,))
    return torch.maximum(drawn, 1 - drawn)


def supervised_loss(logits, targets):
    """Give the mean cross-entropy, a scalar."""
    return -(targets * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


def unsupervised_loss(logits, targets):
    """Give the mean squared distance of probabilities and targets, a scalar."""
    return (logits.softmax(dim=1) - targets).square().sum(dim=1).mean()


def prior_loss(logits):
    """Give how far the mean prediction is from equal shares of all classes, a scalar.

    The Kullback-Leibler divergence KL(uniform ‖ mean prediction), in nats.
    """
    n_samples, n_classes = logits.shape
    log_mean = F.log_softmax(logits, dim=1).logsumexp(dim=0) - math.log(n_samples)  # (n_classes,)
    return -math.log(n_classes) - log_mean.mean()


def ramp_up(epochs_done, n_epochs):
    """Let a weight rise from 0 to 1 along a line over some epochs."""
    return min(1.0, epochs_done / n_epochs) if n_epochs else 1.0
