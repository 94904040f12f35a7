"""Folds for cross-fitting."""

import numpy as np
import pytest
from sklearn.model_selection import KFold, RepeatedStratifiedKFold, ShuffleSplit, StratifiedKFold

from skdynacor.out_of_sample.folds import make_folds

CODES = np.repeat([0, 1, 2], [60, 30, 10])
CLASSES = np.array(["a", "b", "c"])


def split(cv=None, codes=CODES, groups=None, seed=0):
    return make_folds(cv, codes, groups, CLASSES, seed)


@pytest.mark.parametrize("cv", [2, 3, 7])
def test_an_int_makes_stratified_folds_that_cover_each_sample_once(cv):
    folds = split(cv)
    assert len(folds) == cv
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(100))
    for train, test in folds:
        assert not np.intersect1d(train, test).size
        assert np.abs(np.bincount(CODES[test]) - np.array([60, 30, 10]) / cv).max() < 1.01


@pytest.mark.parametrize(("n_samples", "n_folds"), [(100, 4), (899, 4), (900, 2), (3000, 2)])
def test_few_samples_are_halved_twice(n_samples, n_folds):
    folds = split(codes=np.arange(n_samples) % 3)
    assert len(folds) == n_folds
    assert len({tuple(test) for _, test in folds}) == n_folds
    assert set(np.bincount(np.concatenate([test for _, test in folds]))) == {n_folds // 2}


def test_the_seed_decides_the_folds():
    first, same, other = (split(2, seed=seed)[0][0] for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_group_is_never_on_both_sides():
    groups = np.arange(100) // 4
    for train, test in split(3, groups=groups):
        assert not np.intersect1d(groups[train], groups[test]).size


def test_a_class_of_one_sample_is_missing_where_it_is_tested():
    codes = np.append(np.arange(40) % 2, 2)
    without = [train for train, _ in split(2, codes) if 40 not in train]
    assert len(without) == 1


def test_classes_smaller_than_the_folds_bound_their_number():
    assert len(split(5, np.arange(9) % 3)) == 3


def test_repeated_folds_test_each_sample_several_times():
    folds = split(RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0))
    assert set(np.bincount(np.concatenate([test for _, test in folds]))) == {3}


@pytest.mark.parametrize(
    ("cv", "codes", "message"),
    [
        (KFold(2), CODES, "leaves the class 'b' out of the training samples of fold 2"),
        (KFold(3), np.sort(np.arange(99) % 3), "out of the training samples of fold 1"),
        (ShuffleSplit(2, random_state=0), CODES, "never tests"),
        (2, np.arange(3), "Some class needs two samples"),
        (5, np.append(np.zeros(20, int), 1), "leaves the class 'b' out"),
    ],
)
def test_folds_that_cannot_score_every_sample_are_refused(cv, codes, message):
    with pytest.raises(ValueError, match=message):
        split(cv, codes)


def test_splitters_get_the_groups():
    groups = np.arange(100) // 4

    class Splitter(StratifiedKFold):
        def split(self, X, y, groups=None):
            assert groups is not None
            return super().split(X, y)

    assert len(split(Splitter(2), groups=groups)) == 2
