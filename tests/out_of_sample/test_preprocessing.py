"""Columns of one scale, without tails and gaps."""

import numpy as np
from numpy.testing import assert_allclose

from skdynacor.out_of_sample.preprocessing import find_long_tails, make_preprocessing

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(500, 1))


def test_long_tails_are_found():
    counts = RNG.poisson(0.1, size=(500, 1)) * RNG.exponential(50, size=(500, 1))
    X = np.hstack([NORMAL, 1e300 * NORMAL, np.exp(3 * NORMAL), counts, np.ones((500, 1))])
    assert find_long_tails(X).tolist() == [False, False, True, True, False]


def test_columns_are_of_one_scale_and_gaps_marked():
    X = np.hstack([1e-3 * NORMAL, np.exp(3 * NORMAL), 1.7e9 + NORMAL, NORMAL])
    X[7, 3] = np.nan
    preprocessing = make_preprocessing(len(X))
    columns = preprocessing.fit_transform(X)
    assert columns.shape == (500, 5)
    assert_allclose(columns.mean(axis=0), 0, atol=1e-6)
    assert_allclose(columns.std(axis=0), 1, atol=1e-6)
    (mark,) = [column for column in columns.T if len(np.unique(column)) == 2]
    assert np.flatnonzero(mark == mark.max()).tolist() == [7]
    assert_allclose(preprocessing.transform(X[:9]), columns[:9], atol=1e-6)


def test_ranks_of_a_long_tail_are_those_of_its_logarithm():
    ranks = make_preprocessing(500).fit_transform(np.exp(3 * NORMAL))
    assert (np.argsort(ranks[:, 0]) == np.argsort(NORMAL[:, 0])).all()
    assert np.abs(ranks).max() < 2


def test_empty_and_constant_columns_stay():
    X = np.hstack([np.full((50, 1), np.nan), np.ones((50, 1)), NORMAL[:50]])
    assert np.isfinite(make_preprocessing(50).fit_transform(X)).all()
