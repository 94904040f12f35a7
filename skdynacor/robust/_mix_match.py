"""The formulas of DivideMix's semi-supervised steps: pure functions of tensors.

Probabilities and targets have the shape (n_samples, n_classes) throughout.
"""

import math

import torch
from torch.nn import functional as F

#: Over this many epochs after the warm-up, the weight of the unlabelled rows rises.
RAMP = 5


def sharpen(probabilities, temperature):
    """Raise probabilities to the power 1/temperature, and scale each row to sum to 1."""
    # Relative to the largest, of which no power underflows.
    relative = probabilities / probabilities.amax(dim=1, keepdim=True)
    powers = relative.pow(1 / temperature)
    return powers / powers.sum(dim=1, keepdim=True)


def refine_labels(labels, clean_probability, probabilities, temperature):
    """Co-refinement: mix labels with a net's predictions, by the probability that they are right.

    ``labels`` and ``clean_probability`` have the shape (n_samples,); ``probabilities`` is a list,
    one for each augmentation of the rows.
    """
    predicted = torch.stack(probabilities).mean(dim=0)
    given = F.one_hot(labels, predicted.shape[1]).to(predicted)
    return sharpen(predicted.lerp(given, clean_probability[:, None].to(predicted)), temperature)


def guess_labels(probabilities, temperature):
    """Co-guessing: mean predictions of both nets for all augmentations of the rows."""
    return sharpen(torch.stack(probabilities).mean(dim=0), temperature)


def mix_up(rows, targets, weights, others):
    """Mix rows (n_samples, ...) and targets with those at other positions.

    ``weights`` (n_samples,) are those of the row itself; ``others`` (n_samples,) are positions.
    """
    of_rows = weights.reshape(-1, *[1] * (rows.ndim - 1))  # (n_samples, 1, ...)
    return rows[others].lerp(rows, of_rows), targets[others].lerp(targets, weights[:, None])


def draw_weights(n_samples, alpha):
    """Draw l from Beta(alpha, alpha), and return max(l, 1 − l), (n_samples,)."""
    if alpha == 0:  # the limit: nothing is mixed
        return torch.ones(n_samples)
    drawn = torch.distributions.Beta(alpha, alpha).sample((n_samples,))
    return torch.maximum(drawn, 1 - drawn)


def supervised_loss(logits, targets):
    """Mean cross-entropy, a scalar."""
    return -(targets * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


def unsupervised_loss(logits, targets):
    """Mean squared distance of probabilities and targets, a scalar."""
    return (logits.softmax(dim=1) - targets).square().sum(dim=1).mean()


def prior_loss(logits):
    """Kullback-Leibler divergence KL(uniform ‖ mean prediction), a scalar, in nats."""
    n_samples, n_classes = logits.shape
    log_mean = F.log_softmax(logits, dim=1).logsumexp(dim=0) - math.log(n_samples)  # (n_classes,)
    return -math.log(n_classes) - log_mean.mean()


def ramp_up(epochs_done):
    """Factor of the unlabelled rows' weight, which rises linearly from 0 to 1."""
    return min(1.0, epochs_done / RAMP)
