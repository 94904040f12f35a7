"""The encoder of trajectories and Eq. 3 to 9 of the paper, as pure functions.

Every function works on distinct trajectories and takes how many rows share each, so it gives what
it would give on all the rows. Shapes: ``n`` distinct trajectories, ``n_epochs`` long, in an
embedding space of ``d`` dimensions. Weights are float tensors of shape (n,): ``w_originals`` counts
the original rows, ``w_copies`` the corrupted copies that share a trajectory.
"""

import copy
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ...utils.progress import no_progress
from ...utils.weights import to_arrays, to_tensors


class DynamicsEncoder(nn.Module):
    """Map trajectories (n, n_epochs) to embeddings (n, n_dims).

    Three convolutions along the epochs, 1 → 16 → 32 → 32 channels, and a linear layer.

    NOTE[DIFF]: 64 dimensions in place of 512 by default, which is less to compute.
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
    """Eq. 3: q_noisy, (n,), for centroids (clean, noisy), (2, d)."""
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


def group_sums(embeddings, flags, w_originals, w_copies):
    """Sums of the embeddings of flagged originals, flagged copies, and the same unflagged, (4, d).

    The sums of parts add up to the sums of the whole.
    """
    groups = [w * members for members in (flags, ~flags) for w in (w_originals, w_copies)]
    return torch.stack(groups) @ embeddings


def alignment_loss(sums):
    """Eq. 7: half the distances of originals' and copies' means, of either cluster.

    Sums stand for means, as a cosine distance asks for directions alone.

    NOTE[DIFF]: a cluster without originals or without copies, whose sum is zero, drops out; the
    text leaves the case open.
    """
    pairs = [pair for pair in sums.reshape(2, 2, -1) if pair.any(dim=1).all()]
    return sum(cosine_distance(*pair) / 2 for pair in pairs)


def validation_score(q_noisy, w_originals, w_copies):
    """Eq. 9: squared gap between flagged copies and unflagged originals, a float in [0, 1].

    It is 0 if no copy is flagged or every original is.
    """
    flagged_copies = w_copies * flag(q_noisy)
    clean_originals = w_originals * ~flag(q_noisy)
    if not (flagged_copies.any() and clean_originals.any()):
        return 0.0
    gap = weighted_mean(q_noisy, flagged_copies) - weighted_mean(q_noisy, clean_originals)
    return float(gap**2)


class Stage(NamedTuple):
    """The encoder, the centroids and the score after an epoch of training."""

    encoder: DynamicsEncoder
    centroids: torch.Tensor  # (2, d): clean, noisy
    score: float  # Eq. 9


def fit_encoder(
    trajectories,
    w_originals,
    w_copies,
    make_centroids,
    *,
    alpha,
    n_epochs,
    lr,
    chunk,
    keep,
    advance=no_progress,
):
    """Train an encoder and its centroids; return stages, before the first step and after each.

    Every epoch is one step on all the rows. The encoder runs on a ``chunk`` of trajectories at a
    time, which is quicker than all at once, and gives what the losses need: q_noisy and the sums of
    the groups. With more trajectories than ``keep``, it runs twice: the second time to carry the
    gradient at these on to the weights. The gradient is that of the whole; memory is that of a
    chunk.

    Without copies, flagged originals replace them in Eq. 9. ``make_centroids(embeddings)`` gives
    the first centroids (clean, noisy), (2, d).
    """
    encoder = DynamicsEncoder(trajectories.shape[1]).to(trajectories.device)
    weights = w_originals + w_copies
    noise_examples = w_copies if w_copies.any() else w_originals
    chunks = [part.split(chunk) for part in (trajectories, w_originals, w_copies)]
    whole = len(trajectories) <= keep

    with torch.no_grad():
        centroids = make_centroids(torch.cat([encoder(part) for part in chunks[0]]))
    centroids.requires_grad_()
    optimizer = torch.optim.Adam([*encoder.parameters(), centroids], lr=lr, weight_decay=1e-4)

    def summarise(part, *part_weights):
        embeddings = encoder(part)
        q_noisy = noise_probability(embeddings, centroids)
        return q_noisy, group_sums(embeddings, flag(q_noisy), *part_weights)

    stages = []
    for epoch in range(n_epochs + 1):
        with torch.set_grad_enabled(whole):
            q_parts, sums_parts = zip(*map(summarise, *chunks), strict=True)
            q_noisy, sums = torch.cat(q_parts), sum(sums_parts)
        score = validation_score(q_noisy.detach(), w_originals, noise_examples)
        stages.append(Stage(copy.deepcopy(encoder), centroids.detach().clone(), score))
        if epoch == n_epochs:
            break
        if not whole:
            q_noisy.requires_grad_(), sums.requires_grad_()
        target = target_probability(q_noisy, weights).detach()
        loss = cluster_loss(q_noisy, target, weights) + alpha * alignment_loss(sums)
        optimizer.zero_grad()
        loss.backward()
        if not whole:
            sums_grad = torch.zeros_like(sums) if sums.grad is None else sums.grad
            for q_grad, *part in zip(q_noisy.grad.split(chunk), *chunks, strict=True):
                torch.autograd.backward(summarise(*part), [q_grad, sums_grad])
        optimizer.step()
        advance(1, "encoder")
    return stages
