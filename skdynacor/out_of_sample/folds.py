"""Folds for cross-fitting."""

import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv

#: Fewer samples than this are halved twice, as results vary between single draws.
_FEW_SAMPLES = 900


def make_folds(cv, codes, groups, classes, seed):
    """Split samples into a list of (train, test) folds.

    An int ``cv`` stratifies by class and shuffles; ``None`` makes two folds, twice for few samples.
    Samples of one group, if there are ``groups``, share a fold.
    """
    rows = np.zeros(len(codes))  # splitters only count them
    n_repeats = 2 if cv is None and len(codes) < _FEW_SAMPLES else 1
    cv = 2 if cv is None else cv
    if not isinstance(cv, int | np.integer):
        cv = check_cv(cv, codes, classifier=True)
        folds = list(cv.split(rows, codes, groups))
        _check_tested(folds, codes, cv)
        _check_classes(folds, codes, classes, cv, least=len(classes))
        return folds
    n_groups = len(codes) if groups is None else len(np.unique(groups))
    n_splits = min(int(cv), n_groups, np.bincount(codes).max())
    if n_splits < 2:
        raise ValueError(
            f"Cross-fitting needs two folds at least; there are {len(codes)} samples in {n_groups} "
            f"groups and {len(classes)} classes, and cv={cv}. Some class needs two samples, in two "
            "groups."
        )
    make = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        warnings.filterwarnings("ignore", message="The number of unique classes is greater")
        for repeat in range(n_repeats):
            cv = make(n_splits, shuffle=True, random_state=(seed + repeat) % 2**32)
            folds += cv.split(rows, codes, groups)
    folds = [(train, test) for train, test in folds if len(test)]
    # A class of one sample, or in one group, cannot be in all training folds; two classes must be.
    _check_classes(folds, codes, classes, cv, least=2)
    return folds


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
                "instance, fewer folds, or drop classes of one sample."
            )
