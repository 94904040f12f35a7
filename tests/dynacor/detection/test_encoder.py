"""Eq. 3 to 9 against a literal transcription, row by row, in plain Python."""

import pytest
import torch
from torch.testing import assert_close

from skdynacor.dynacor.detection import encoder as eq


def literal_cos(a, b):
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / torch.sqrt(sum(x * x for x in a)) / torch.sqrt(sum(y * y for y in b))


def literal_q(z, clean, noisy):
    to_noisy = 1 / (1 + (1 - literal_cos(z, noisy)))
    to_clean = 1 / (1 + (1 - literal_cos(z, clean)))
    return to_noisy / (to_noisy + to_clean)


def literal_mean(rows):
    return sum(rows) / len(rows)


def literal_losses(Z, Z_copies, centroids):
    """Eq. 3, 5, 6, 7 and 9 over lists of embeddings, one per row."""
    q = [literal_q(z, *centroids) for z in Z]
    q_copies = [literal_q(z, *centroids) for z in Z_copies]
    everyone = q + q_copies
    s_noisy, s_clean = sum(everyone), sum(1 - v for v in everyone)
    cluster = 0
    for v in everyone:
        a, b = v**2 / s_noisy, (1 - v) ** 2 / s_clean
        p = (a / (a + b)).detach()
        cluster = cluster + p * torch.log(p / v) + (1 - p) * torch.log((1 - p) / (1 - v))
    align = 0
    for noisy in (True, False):
        members = [z for z, v in zip(Z, q, strict=True) if (v > 0.5) == noisy]
        copies = [z for z, v in zip(Z_copies, q_copies, strict=True) if (v > 0.5) == noisy]
        align = align + 0.5 * (1 - literal_cos(literal_mean(members), literal_mean(copies)))
    flagged = [v.item() for v in q_copies if v > 0.5]
    clean = [v.item() for v in q if v <= 0.5]
    score = (sum(flagged) / len(flagged) - sum(clean) / len(clean)) ** 2
    return torch.stack(everyone), cluster / len(everyone), align, score


def alignment(embeddings, *groups):
    return eq.alignment_loss(eq.group_sums(embeddings, *groups))


@pytest.fixture
def problem():
    """Seven distinct embeddings, shared by 12 originals and 6 copies."""
    generator = torch.Generator().manual_seed(5)
    embeddings = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    centroids = torch.stack([embeddings[:3].mean(dim=0), embeddings[3:].mean(dim=0)])
    originals = torch.tensor([0, 0, 0, 1, 2, 2, 3, 4, 4, 1, 1, 6])
    copies = torch.tensor([3, 4, 5, 5, 0, 2])
    return embeddings.requires_grad_(), centroids.requires_grad_(), originals, copies


def test_weighted_equations_are_the_literal_ones_over_all_rows(problem):
    embeddings, centroids, originals, copies = problem
    w_originals = originals.bincount(minlength=7).double()
    w_copies = copies.bincount(minlength=7).double()
    weights = w_originals + w_copies

    q = eq.noise_probability(embeddings, centroids)
    p = eq.target_probability(q, weights).detach()
    cluster = eq.cluster_loss(q, p, weights)
    align = alignment(embeddings, eq.flag(q), w_originals, w_copies)
    score = eq.validation_score(q.detach(), w_originals, w_copies)
    gradients = torch.autograd.grad(cluster + 0.5 * align, [embeddings, centroids])

    literal = literal_losses(list(embeddings[originals]), list(embeddings[copies]), list(centroids))
    assert_close(q[torch.cat([originals, copies])], literal[0])
    assert_close(cluster, literal[1])
    assert_close(align, literal[2])
    assert score == pytest.approx(literal[3])
    expected = torch.autograd.grad(literal[1] + 0.5 * literal[2], [embeddings, centroids])
    assert_close(gradients, expected)
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_a_missing_group_drops_out_of_the_alignment():
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    flags = torch.tensor([False, True])
    ones = torch.ones(2)
    no_flagged_copy = torch.tensor([1.0, 0.0])
    assert alignment(embeddings, flags, ones, no_flagged_copy) == 0
    assert alignment(embeddings, flags, ones, torch.zeros(2)) == 0


@pytest.mark.parametrize("q", [[0.4, 0.45], [0.6, 0.7]])
def test_without_flagged_copies_or_clean_originals_the_score_is_zero(q):
    assert eq.validation_score(torch.tensor(q), torch.ones(2), torch.ones(2)) == 0.0


def test_a_tie_is_clean():
    assert not eq.flag(torch.tensor([0.5])).any()


def test_identical_centroids_leave_everything_undecided():
    centroids = torch.ones(2, 3)
    assert_close(eq.noise_probability(torch.randn(5, 3), centroids), torch.full((5,), 0.5))


@pytest.fixture
def weighted_trajectories():
    generator = torch.Generator().manual_seed(1)
    trajectories = torch.where(torch.rand(40, 9, generator=generator) < 0.5, 1.0, -1.0)
    w_originals = torch.randint(0, 6, (40,), generator=generator).float()
    w_copies = torch.randint(0, 3, (40,), generator=generator).float()
    return trajectories, w_originals, w_copies


def fit(trajectories, w_originals, w_copies, chunk=10_000, keep=10_000, n_epochs=4):
    torch.manual_seed(0)

    def means(embeddings):
        return torch.stack(
            [eq.weighted_mean(embeddings, w_originals), eq.weighted_mean(embeddings, w_copies)]
        )

    stages = eq.fit_encoder(
        trajectories,
        w_originals,
        w_copies,
        means,
        alpha=0.5,
        n_epochs=n_epochs,
        lr=1e-3,
        chunk=chunk,
        keep=keep,
    )
    return stages[-1].encoder, stages[-1].centroids, [stage.score for stage in stages], stages


def test_chunks_train_as_the_whole(weighted_trajectories):
    encoder, centroids, scores, _ = fit(*weighted_trajectories)
    for keep in (0, 10_000):
        pieces = fit(*weighted_trajectories, chunk=7, keep=keep)
        assert_close(scores, pieces[2], rtol=1e-4, atol=1e-6)
        assert_close(centroids, pieces[1], rtol=1e-4, atol=1e-6)
        # Adam makes rounding of the smallest gradients show.
        assert_close(encoder.state_dict(), pieces[0].state_dict(), rtol=1e-3, atol=1e-4)
    assert len(scores) == 5


def test_distinct_trajectories_train_as_all_the_rows(weighted_trajectories):
    trajectories, w_originals, w_copies = weighted_trajectories
    encoder, centroids, scores, _ = fit(*weighted_trajectories)
    originals = trajectories.repeat_interleave(w_originals.long(), dim=0)
    copies = trajectories.repeat_interleave(w_copies.long(), dim=0)
    is_copy = torch.cat([torch.zeros(len(originals)), torch.ones(len(copies))])
    every_row = fit(torch.cat([originals, copies]), 1 - is_copy, is_copy)
    assert_close(scores, every_row[2], rtol=1e-4, atol=1e-6)
    assert_close(centroids, every_row[1], rtol=1e-4, atol=1e-6)
    assert_close(encoder.state_dict(), every_row[0].state_dict(), rtol=1e-3, atol=1e-5)


def test_every_stage_is_kept_as_it_was(weighted_trajectories):
    trajectories, w_originals, w_copies = weighted_trajectories
    _, _, scores, stages = fit(*weighted_trajectories)
    for stage, expected in zip(stages, fit(*weighted_trajectories, n_epochs=0)[3], strict=False):
        assert_close(stage.encoder.state_dict(), expected.encoder.state_dict())
    for stage in stages:
        q = eq.noise_probability(stage.encoder(trajectories), stage.centroids).detach()
        assert eq.validation_score(q, w_originals, w_copies) == pytest.approx(stage.score, rel=1e-4)
    assert len({round(score, 8) for score in scores}) == len(scores)


def test_one_epoch_of_one_trajectory():
    encoder = eq.DynamicsEncoder(n_epochs=1, n_dims=5)
    assert encoder(torch.ones(1, 1)).shape == (1, 5)
