import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.dynacor.detection.distinct_trajectories import distinct_trajectories


@pytest.mark.parametrize("values", [(-1.0, 1.0), (0, 1), (2.5, 9.0), (False, True)])
@pytest.mark.parametrize("n_epochs", [1, 7, 8, 20, 63, 64, 65, 130])
def test_two_valued_rows_are_found_once(n_epochs, values):
    rng = np.random.default_rng(n_epochs)
    kinds = rng.choice(values, (30, n_epochs))
    T, T_copies = kinds[rng.integers(0, 30, 500)], kinds[rng.integers(0, 30, 41)]
    distinct, (of_rows, of_copies) = distinct_trajectories(T, T_copies)
    assert_array_equal(distinct[of_rows], T)
    assert_array_equal(distinct[of_copies], T_copies)
    assert len(distinct) == len(np.unique(np.concatenate([T, T_copies]), axis=0))


def test_rows_that_differ_late_stay_apart():
    T = np.ones((3, 100))
    T[1, 99] = T[2, 64] = -1
    distinct, _ = distinct_trajectories(T)
    assert len(distinct) == 3


def test_real_values_are_kept_as_they_are():
    T = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    distinct, (first, second) = distinct_trajectories(T[:30], T[30:])
    assert_array_equal(distinct, T)
    assert_array_equal(np.concatenate([first, second]), np.arange(50))


def test_one_value_and_no_copies():
    distinct, (rows, copies) = distinct_trajectories(np.full((5, 3), 4.0), np.empty((0, 3)))
    assert_array_equal(distinct, [[4.0, 4.0, 4.0]])
    assert_array_equal(rows, np.zeros(5))
    assert copies.size == 0


def test_more_rows_than_a_chunk():
    T = np.where(np.random.default_rng(0).random((70_000, 3)) < 0.5, -1, 1).astype(np.int8)
    distinct, (rows,) = distinct_trajectories(T)
    assert len(distinct) == 8
    assert_array_equal(distinct[rows], T)
