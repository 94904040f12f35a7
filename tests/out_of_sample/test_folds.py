"""Folds for cross-fitting."""

import numpy as np
import pytest
from sklearn.model_selection import KFold, RepeatedStratifiedKFold, ShuffleSplit, StratifiedKFold

from skdynacor.out_of_sample.folds import make_folds, number_groups

CODES = np.repeat([0, 1, 2], [60, 30, 10])
CLASSES = np.array(["a", "b", "c"])


def split(cv=None, codes=CODES, groups=None, seed=0, **options):
    if groups is None and (cv is None or isinstance(cv, int)):
        groups = np.arange(len(codes))
    return make_folds(cv, codes, groups, CLASSES, seed, **options)


def test_equal_rows_are_groups_unless_the_caller_names_others():
    keys = np.array([7, 7, 5, 5, 3, 2], dtype=np.uint64)
    assert number_groups(keys).tolist() == [3, 3, 2, 2, 1, 0]
    assert number_groups(keys, np.array([*"bbaacd"])).tolist() == [1, 1, 0, 0, 2, 3]


@pytest.mark.parametrize("cv", [2, 3, 7])
def test_an_int_makes_stratified_folds_that_cover_each_sample_once(cv):
    folds = split(cv)
    assert len(folds) == cv
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(100))
    for train, test in folds:
        assert not np.intersect1d(train, test).size
        assert np.abs(np.bincount(CODES[test]) - np.array([60, 30, 10]) / cv).max() < 1.01


def test_folds_are_repeated_with_other_folds():
    folds = split(default=3, n_repeats=2)
    assert len({tuple(test) for _, test in folds}) == 6
    assert set(np.bincount(np.concatenate([test for _, test in folds]))) == {2}
    assert len(split(3, default=2, n_repeats=2)) == 3


def test_the_seed_decides_the_folds():
    first, same, other = (split(2, seed=seed)[0][0] for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_group_is_never_on_both_sides_and_classes_stay_balanced(size):
    codes, groups = np.repeat([0, 1], 120), np.arange(240) // size
    for train, test in split(3, codes, groups):
        assert not np.intersect1d(groups[train], groups[test]).size
        assert np.abs(np.bincount(codes[test]) - 40).max() <= size


def test_large_groups_are_spread_over_the_folds():
    groups = np.repeat(np.arange(23), [10] * 3 + [1] * 20)
    for _, test in split(3, np.arange(50) % 2, groups):
        assert abs(len(test) - 50 / 3) < 6


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
        (2, np.arange(3), "class needs two samples"),
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
