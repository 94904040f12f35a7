"""Dropout by bytes: as often as it says, each entry by itself."""

import numpy as np
import pytest
import torch

from skdynacor.nets import ByteDropout


def dropped(p, shape, seed=0):
    torch.manual_seed(seed)
    return ByteDropout(p)(torch.ones(shape)) == 0


@pytest.mark.parametrize("p", [0.01, 0.1, 0.5, 0.9])
def test_entries_are_dropped_as_often_as_it_says(p):
    share = round(256 * p) / 256
    n = 400_000
    found = dropped(p, (n,)).double()
    assert found.mean() == pytest.approx(share, abs=5 * (share * (1 - share) / n) ** 0.5)
    # Each of the eight bytes of a word alike.
    by_byte = found.reshape(-1, 8).mean(dim=0)
    error = 5 * (share * (1 - share) / (n / 8)) ** 0.5
    assert (by_byte - share).abs().max() < error


def test_entries_are_dropped_independently():
    found = dropped(0.5, (20_000, 24)).double().numpy()
    correlations = np.corrcoef(found.T)  # also of neighbours within a word, and across words
    np.fill_diagonal(correlations, 0)
    assert np.abs(correlations).max() < 5.5 / np.sqrt(20_000)
    flat = found.ravel()
    for lag in (1, 8, 24, 64):
        assert abs(np.corrcoef(flat[:-lag], flat[lag:])[0, 1]) < 5 / np.sqrt(len(flat))
    assert not np.array_equal(found, dropped(0.5, (20_000, 24), seed=1).double().numpy())


def test_kept_entries_are_scaled_so_that_the_mean_stays():
    for p in (0.1, 0.5):
        torch.manual_seed(0)
        kept = ByteDropout(p)(torch.full((300_000,), 3.0))
        assert len(kept.unique()) == 2
        assert kept.mean() == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (2, 3, 5, 7)])
def test_any_shape(shape):
    assert ByteDropout()(torch.ones(shape)).shape == shape


def test_gradients_pass_where_values_do():
    torch.manual_seed(0)
    X = torch.rand(50, 11, dtype=torch.float64, requires_grad=True)
    out = ByteDropout(0.25)(X)
    out.sum().backward()
    torch.testing.assert_close(X.grad, out.detach() / X.detach())
    assert out.dtype == torch.float64


def test_nothing_is_dropped_in_evaluation_or_at_p_0():
    X = torch.rand(10, 10)
    assert ByteDropout(0.5).eval()(X) is X
    assert ByteDropout(0)(X) is X


@pytest.mark.parametrize("p", [-0.1, 1, 1.5])
def test_other_probabilities_are_refused(p):
    with pytest.raises(ValueError, match=rf"in the range \[0.0, 1.0\). Got {p} instead"):
        ByteDropout(p)
