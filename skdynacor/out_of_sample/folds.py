"""Groups of samples that belong together, and folds for cross-fitting."""

import numpy as np
from sklearn.model_selection import check_cv


def number_groups(row_keys, groups=None):
    """Number the groups of samples that share a fold, (n_samples,), from 0.

    Those are the caller's ``groups``, or equal rows, which have equal keys. Both together would
    join nearly all rows where features take few values.
    """
    return np.unique(row_keys if groups is None else groups, return_inverse=True)[1]


def make_folds(cv, codes, groups, classes, seed, default=2, n_repeats=1):
    """Split samples into a list of (train, test) folds.

    An int ``cv`` stratifies by class and shuffles, so that samples of one group share a fold;
    ``None`` makes ``default`` folds ``n_repeats`` times. Other splitters get the groups, if any.
    """
    if cv is not None and not isinstance(cv, int | np.integer):
        cv = check_cv(cv, codes, classifier=True)
        folds = list(cv.split(np.zeros(len(codes)), codes, groups))
        _check_tested(folds, codes, cv)
        _check_classes(folds, codes, classes, cv, least=len(classes))
        return folds
    n_groups = groups.max() + 1
    n_splits = min(int(cv or default), n_groups, np.bincount(codes).max())
    if n_groups == 1:
        raise ValueError(
            "All rows are equal, or of one group, so that no row can be scored by models that were "
            "not trained on a copy of it; pass features in which rows differ."
        )
    if n_splits < 2:
        raise ValueError(
            f"Cross-fitting needs two folds at least; there are {len(codes)} samples in {n_groups} "
            f"groups (equal rows are one group) and {len(classes)} classes, and cv={cv}. Some "
            "class needs two samples, in two groups."
        )
    folds = []
    for repeat in range(n_repeats if cv is None else 1):
        rng = np.random.default_rng([seed, repeat])
        fold = _deal_groups(codes, groups, n_splits, rng)
        folds += [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_splits)]
    # A class of one sample, or in one group, cannot be in all training folds; two classes must be.
    _check_classes(folds, codes, classes, cv, least=2)
    return folds


def _deal_groups(codes, groups, n_splits, rng):
    """Deal groups to folds, (n_samples,), by class and size; a group's class is its commonest."""
    n_groups, n_classes = groups.max() + 1, codes.max() + 1
    pairs, counts = np.unique(groups * n_classes + codes, return_counts=True)
    commonest = np.empty(n_groups, dtype=int)
    by_count = np.argsort(counts, kind="stable")
    commonest[pairs[by_count] // n_classes] = pairs[by_count] % n_classes
    shuffled = rng.permutation(n_groups)
    fold = np.empty(n_groups, dtype=int)
    fold[np.lexsort((shuffled, -np.bincount(groups), commonest))] = np.arange(n_groups) % n_splits
    return fold[groups]


def _check_tested(folds, codes, cv):
    missing = np.setdiff1d(np.arange(len(codes)), np.concatenate([test for _, test in folds]))
    if len(missing):
        raise ValueError(
            f"cv={cv!r} never tests {len(missing)} of {len(codes)} samples, the first of them row "
            f"{missing[0]}; every sample needs probabilities. Use StratifiedKFold, for instance."
        )


def _check_classes(folds, codes, classes, cv, least):
    """Check that every training fold has at least ``least`` classes."""
    n_classes = len(np.unique(codes))
    for number, (train, _) in enumerate(folds, start=1):
        absent = np.setdiff1d(codes, codes[train])
        if n_classes - len(absent) < least:
            raise ValueError(
                f"cv={cv!r} leaves the class {classes[absent].tolist()[0]!r} out of the training "
                f"samples of fold {number}, where it cannot be learnt. Use StratifiedKFold, for "
                "instance, fewer folds, or drop classes of one sample, or of copies of one."
            )
