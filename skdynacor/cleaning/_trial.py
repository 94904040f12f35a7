"""Cross-validation of whether cleaning pays, scored by the given labels."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedKFold, check_cv

from ..utils.sklearn_private import safe_indexing

# By default there is a trial of this many folds where there are rows enough for one, and so few
# that each row dropped by mistake is missed, while training once more costs little.
_N_FOLDS = 5
_FEWEST, _MOST = 50, 2000


class AccuracyGain(NamedTuple):
    """How much more accurate a classifier is on held-out rows, by the labels given."""

    mean: float
    error: float  # standard error of the mean, of rows that both score


def make_trial_folds(cv, codes, seed):
    """Make the folds of a trial; None where there is to be none.

    Parameters
    ----------
    cv : "auto", int, cross-validation generator or None
    codes : ndarray of shape (n_samples,)
        The given labels, from 0 to n_classes − 1.
    seed : int
        Shuffles the rows of ``"auto"``.

    Returns
    -------
    folds : list of (train, test) or None
        Positions of rows.
    """
    if cv == "auto":
        n_folds = min(_N_FOLDS, np.bincount(codes).min())
        if n_folds < 2 or not _FEWEST <= len(codes) < _MOST:
            return None
        cv = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return None if cv is None else list(check_cv(cv, codes, classifier=True).split(codes, codes))


def gain_in_accuracy(fit_plain, fit_cleaned, X, y, folds):
    """Compare two ways of training on rows held out, whose labels may be wrong, too.

    Wrong labels among them lower both accuracies; as long as right ones are the most in each class,
    the better classifier agrees with more of the labels.

    Parameters
    ----------
    fit_plain, fit_cleaned : callable
        ``(X, y) -> classifier``, fitted.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
    y : ndarray of shape (n_samples,)
    folds : list of (train, test)
        Positions of rows.

    Returns
    -------
    gain : AccuracyGain
    """
    differences = []
    for train, test in folds:
        rows, labels = safe_indexing(X, train), y[train]
        held_out, given = safe_indexing(X, test), y[test]
        plain, cleaned = (
            fit(rows, labels).predict(held_out) == given for fit in (fit_plain, fit_cleaned)
        )
        differences.append(cleaned.astype(float) - plain)
    differences = np.concatenate(differences)
    return AccuracyGain(
        float(differences.mean()), float(differences.std() / np.sqrt(len(differences)))
    )
