import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdynacor.displays.intervals import share_interval


def test_intervals_hold_the_share():
    n_hits = np.arange(11)
    low, high = share_interval(n_hits, 10)
    assert (low <= n_hits / 10).all()
    assert (high >= n_hits / 10).all()
    assert (low[0], high[-1]) == (0, 1)
    assert_allclose(low, 1 - high[::-1])


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_intervals_cover_19_times_in_20(share):
    rng = np.random.default_rng(0)
    low, high = share_interval(rng.binomial(200, share, 5000), 200)
    assert ((low < share) & (share < high)).mean() == pytest.approx(0.95, abs=0.03)
