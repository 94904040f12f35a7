"""The encoder of trajectories and Eq. 3 to 9 of the paper, as pure functions.

Every function works on distinct trajectories and takes how many rows share each, so it gives what
it would give on all the rows. Shapes: ``n`` distinct trajectories, ``n_epochs`` long, in an
embedding space of ``d`` dimensions. Weights are float tensors of shape (n,): ``w_originals`` counts
the original rows, ``w_copies`` the corrupted copies that share a trajectory.
"""

import copy
import itertools
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ._arrays import to_arrays, to_tensors


class DynamicsEncoder(nn.Module):
    """Map trajectories (n, n_epochs) to embeddings (n, n_dims).

    Three convolutions along the epochs, 1 → 16 → 32 → 32 channels, and a linear layer.

    NOTE[DIFF]: 64 dimensions in place of 512 by default, which is less to compute.

    Parameters
    ----------
    n_epochs : int
    n_dims : int, default=64
    """

    def __init__(self, n_epochs, n_dims=64):
        super().__init__()
        self.sizes = n_epochs, n_dims
        self.convolutions = nn.Sequential(
            nn.Conv1d(1, 16, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv1d(16, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv1d(32, 32, kernel_size=3, padding=1),
            nn.ReLU(),
        )
        self.linear = nn.Linear(32 * n_epochs, n_dims)

    def __getstate__(self):
        return {"sizes": self.sizes, "weights": to_arrays(self.state_dict())}

    def __setstate__(self, state):
        with torch.device("meta"):  # draws no random numbers
            self.__init__(*state["sizes"])
        self.load_state_dict(to_tensors(state["weights"]), assign=True)

    def forward(self, trajectories):
        channels = self.convolutions(trajectories[:, None])  # (n, 32, n_epochs)
        return self.linear(channels.flatten(start_dim=1))  # (n, n_dims)


def cosine_distance(a, b):
    """d(a, b) = 1 − cos(a, b) along the last dimension, which a and b share."""
    return 1 - F.cosine_similarity(a, b, dim=-1)


def weighted_mean(values, weights):
    """Mean over the first dimension, each entry counted ``weights`` times."""
    return torch.tensordot(weights, values, dims=1) / weights.sum()


def noise_probability(embeddings, centroids):
    """Eq. 3: q_noisy, (n,).

    Parameters
    ----------
    embeddings : tensor of shape (n, d)
    centroids : tensor of shape (2, d)
        Clean, noisy.
    """
    # One centroid at a time: together they would make copies of shape (n, 2, d).
    distances = [cosine_distance(embeddings, centroid) for centroid in centroids]
    closeness = 1 / (1 + torch.stack(distances, dim=1))  # (n, 2)
    return closeness[:, 1] / closeness.sum(dim=1)


def flag(q_noisy):
    """Eq. 4: 1[q_noisy > q_clean], (n,) bool."""
    return q_noisy > 0.5


def target_probability(q_noisy, weights):
    """Eq. 5: p_noisy, (n,), a sharpened q_noisy that evens out the clusters' sizes."""
    noisy = q_noisy**2 / (weights * q_noisy).sum()
    clean = (1 - q_noisy) ** 2 / (weights * (1 - q_noisy)).sum()
    return noisy / (noisy + clean)


def cluster_loss(q_noisy, p_noisy, weights):
    """Eq. 6: mean of KL(p ‖ q) over the rows.

    NOTE[DIFF]: a mean where the text has a sum, so that the weight α of the alignment does not
    depend on how many rows there are.
    """
    divergence = torch.special.xlogy(p_noisy, p_noisy / q_noisy) + torch.special.xlogy(
        1 - p_noisy, (1 - p_noisy) / (1 - q_noisy)
    )
    return weighted_mean(divergence, weights)


def alignment_groups(flags, w_originals, w_copies):
    """Weights (originals, copies), (n,) each, of the noisy and of the clean cluster.

    NOTE[DIFF]: a cluster without originals or without copies drops out; the text leaves the case
    open.
    """
    pairs = [(w_originals * members, w_copies * members) for members in (flags, ~flags)]
    return [pair for pair in pairs if all(weights.any() for weights in pair)]


def alignment_loss(means):
    """Eq. 7: half the distances of originals' and copies' means, (d,) each, of every cluster."""
    return sum(cosine_distance(*pair) / 2 for pair in means)


def validation_score(q_noisy, w_originals, w_copies):
    """Eq. 9: how far apart flagged copies and unflagged originals are, a float in [0, 1].

    It is 0 if no copy is flagged or every original is: then nothing tells them apart.
    """
    flagged_copies = w_copies * flag(q_noisy)
    clean_originals = w_originals * ~flag(q_noisy)
    if not (flagged_copies.any() and clean_originals.any()):
        return 0.0
    gap = weighted_mean(q_noisy, flagged_copies) - weighted_mean(q_noisy, clean_originals)
    return float(gap**2)


class Stage(NamedTuple):
    """What training has come to after an epoch."""

    encoder: DynamicsEncoder
    centroids: torch.Tensor  # (2, d): clean, noisy
    score: float  # Eq. 9


def fit_encoder(
    trajectories, w_originals, w_copies, make_centroids, *, alpha, n_epochs, lr, chunk, keep
):
    """Train an encoder and its centroids.

    Every epoch is one step on all the rows. The encoder runs on a chunk of trajectories at a time,
    which is quicker than all at once. Where there are more than ``keep``, it runs twice: once for
    q_noisy and the means of the groups, from which the loss and its gradient at these follow, and
    once more to carry that gradient on to the weights. The gradient is that of the whole; memory is
    that of the embeddings and of a chunk.

    Parameters
    ----------
    trajectories : tensor of shape (n, n_epochs_recorded)
    w_originals, w_copies : tensor of shape (n,)
        Without copies, all zero: then flagged originals stand for copies in Eq. 9.
    make_centroids : callable
        ``make_centroids(embeddings)`` gives the first centroids (clean, noisy), (2, d).
    alpha : float
        Weight of the alignment, Eq. 8.
    n_epochs : int
    lr : float
        Adam's step size.
    chunk, keep : int
        Numbers of trajectories.

    Returns
    -------
    stages : list of Stage, of length n_epochs + 1
        Before the first step and after each.
    """
    encoder = DynamicsEncoder(trajectories.shape[1]).to(trajectories.device)
    weights = w_originals + w_copies
    noise_examples = w_copies if w_copies.any() else w_originals
    chunks = trajectories.split(chunk)
    whole = len(trajectories) <= keep

    with torch.no_grad():
        centroids = make_centroids(torch.cat([encoder(part) for part in chunks]))
    centroids.requires_grad_()
    optimizer = torch.optim.Adam([*encoder.parameters(), centroids], lr=lr, weight_decay=1e-4)

    stages = []
    for epoch in range(n_epochs + 1):
        with torch.set_grad_enabled(whole):
            embeddings = torch.cat([encoder(part) for part in chunks])  # (n, d)
            q_noisy = noise_probability(embeddings, centroids)
        score = validation_score(q_noisy.detach(), w_originals, noise_examples)
        stages.append(Stage(copy.deepcopy(encoder), centroids.detach().clone(), score))
        if epoch == n_epochs:
            break
        target = target_probability(q_noisy, weights).detach()
        groups = alignment_groups(flag(q_noisy), w_originals, w_copies)
        means = [tuple(weighted_mean(embeddings, w) for w in pair) for pair in groups]
        inputs = [q_noisy, *itertools.chain(*means)]
        if not whole:
            for tensor in inputs:
                tensor.requires_grad_()
        loss = cluster_loss(q_noisy, target, weights) + alpha * alignment_loss(means)
        optimizer.zero_grad()
        loss.backward()
        if not whole:
            shares = [w / w.sum() for w in itertools.chain(*groups)]
            parts = [each.split(chunk) for each in (q_noisy.grad, *shares)]
            for part, q_grad, *part_shares in zip(chunks, *parts, strict=True):
                embeddings = encoder(part)
                reached = q_grad @ noise_probability(embeddings, centroids)
                for share, mean in zip(part_shares, inputs[1:], strict=True):
                    reached = reached + share @ embeddings @ mean.grad
                reached.backward()
        optimizer.step()
    return stages
