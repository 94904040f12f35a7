import math

import pytest
import torch
from torch.testing import assert_close

from skdynacor.robust import _mix_match as mix_match


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_sharpening_raises_to_a_power_and_scales():
    p = torch.tensor([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]], dtype=torch.float64)
    squares = torch.tensor([[0.25, 0.09, 0.04], [1.0, 0.0, 0.0]], dtype=torch.float64)
    assert_close(mix_match.sharpen(p, 0.5), squares / squares.sum(dim=1, keepdim=True))
    assert_close(mix_match.sharpen(p, 1.0), p)
    assert_close(mix_match.sharpen(p[:1], 1e-3), torch.eye(3, dtype=torch.float64)[:1])
    many = torch.full((1, 10_000), 1e-4)
    assert_close(mix_match.sharpen(many, 0.01), many)


def test_labels_are_refined_by_their_probability_to_be_right():
    labels, w = torch.tensor([0, 0, 1]), torch.tensor([1.0, 0.0, 0.7], dtype=torch.float64)
    views = [
        torch.tensor([[0.2, 0.8], [0.2, 0.8], [0.9, 0.1]], dtype=torch.float64),
        torch.tensor([[0.4, 0.6], [0.4, 0.6], [0.7, 0.3]], dtype=torch.float64),
    ]
    refined = mix_match.refine_labels(labels, w, views, 1.0)
    expected = [[1.0, 0.0], [0.3, 0.7], [0.3 * 0.8, 0.7 + 0.3 * 0.2]]
    assert_close(refined, torch.tensor(expected, dtype=torch.float64))
    sharpened = mix_match.refine_labels(labels, w, views, 0.5)
    assert_close(sharpened, mix_match.sharpen(refined, 0.5))


def test_labels_are_guessed_by_the_mean_of_all():
    views = [torch.tensor([[0.2, 0.8]]), torch.tensor([[0.6, 0.4]])]
    assert_close(mix_match.guess_labels(views, 1.0), torch.tensor([[0.4, 0.6]]))
    squares = torch.tensor([[0.16, 0.36]]) / 0.52
    assert_close(mix_match.guess_labels(views, 0.5), squares)


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 5, 5)])
def test_rows_and_targets_are_mixed_alike(generator, shape):
    rows, targets = draw(generator, *shape), draw(generator, 4, 3)
    weights = torch.tensor([1.0, 0.5, 0.75, 0.9], dtype=torch.float64)
    others = torch.tensor([1, 0, 0, 3])
    mixed, mixed_targets = mix_match.mix_up(rows, targets, weights, others)
    for i, (weight, other) in enumerate(zip(weights, others, strict=True)):
        assert_close(mixed[i], weight * rows[i] + (1 - weight) * rows[other])
        assert_close(mixed_targets[i], weight * targets[i] + (1 - weight) * targets[other])


def test_rows_have_the_larger_weight_in_their_mixture():
    torch.manual_seed(0)
    weights = mix_match.draw_weights(20_000, 4.0)
    assert 0.5 <= weights.min() < 0.51
    assert 0.9 < weights.max() < 1
    # E max(l, 1 − l) of Beta(4, 4), by quadrature
    grid = torch.linspace(0, 1, 10_001)
    density = (grid * (1 - grid)) ** 3
    expected = (torch.maximum(grid, 1 - grid) * density).sum() / density.sum()
    assert weights.mean().item() == pytest.approx(expected.item(), abs=0.005)
    assert_close(mix_match.draw_weights(3, 0.0), torch.ones(3))


def test_losses_and_their_gradients_are_those_of_the_formulas(generator):
    logits = draw(generator, 5, 3).requires_grad_()
    targets = draw(generator, 5, 3).softmax(dim=1)
    s = torch.exp(logits) / torch.exp(logits).sum(dim=1, keepdim=True)
    rows, classes = range(5), range(3)
    cross_entropy = sum(-targets[i, c] * torch.log(s[i, c]) for i in rows for c in classes) / 5
    squares = sum((s[i, c] - targets[i, c]) ** 2 for i in rows for c in classes) / 5
    means = [sum(s[i, c] for i in rows) / 5 for c in classes]
    prior = sum(math.log(1 / 3) / 3 - torch.log(mean) / 3 for mean in means)
    for value, expected in [
        (mix_match.supervised_loss(logits, targets), cross_entropy),
        (mix_match.unsupervised_loss(logits, targets), squares),
        (mix_match.prior_loss(logits), prior),
    ]:
        assert_close(value, expected)
        gradients = [
            torch.autograd.grad(v, logits, retain_graph=True)[0] for v in (value, expected)
        ]
        assert_close(*gradients)


def test_the_prior_loss_is_least_where_classes_are_predicted_equally_often():
    balanced = torch.tensor([[50.0, -50.0], [-50.0, 50.0]])
    assert_close(mix_match.prior_loss(balanced), torch.tensor(0.0))
    assert mix_match.prior_loss(balanced[:1]).isfinite()
    assert mix_match.prior_loss(balanced[:1]) > 10


def test_the_weight_of_unlabelled_rows_rises_linearly():
    assert [mix_match.ramp_up(done) for done in (0, 1, 2.5, 5, 9)] == [0, 0.2, 0.5, 1, 1]
