"""Cross-validation of cleaning, scored by the given labels."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedKFold, check_cv

from ..utils.sklearn_private import safe_indexing

# Default number of folds, and the numbers of rows with which cleaning is cross-validated. With
# fewer rows, dropping right labels harms more, and training costs less.
_N_FOLDS = 5
_FEWEST, _MOST = 50, 2000


class AccuracyGain(NamedTuple):
    """Gain in accuracy on held-out rows, by their given labels."""

    mean: float
    error: float  # standard error of the mean


def make_trial_folds(cv, codes, seed):
    """Make the folds by the ``cv`` of ``LabelCleaningClassifier``; None for no cross-validation."""
    if cv == "auto":
        n_folds = min(_N_FOLDS, np.bincount(codes).min())
        if n_folds < 2 or not _FEWEST <= len(codes) < _MOST:
            return None
        cv = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return None if cv is None else list(check_cv(cv, codes, classifier=True).split(codes, codes))


def gain_in_accuracy(fit_plain, fit_cleaned, X, y, verdicts, folds):
    """Cross-validate two functions that return a fitted classifier by the given labels.

    ``fit_plain`` takes X and y, ``fit_cleaned`` also the verdicts, (n_samples,) or None.
    Wrong labels lower both accuracies. As long as most labels of each class are right, the better
    classifier still agrees with more of them.
    """
    differences = []
    for train, test in folds:
        rows, labels = safe_indexing(X, train), y[train]
        held_out, given = safe_indexing(X, test), y[test]
        known = None if verdicts is None else verdicts[train]
        plain = fit_plain(rows, labels).predict(held_out) == given
        cleaned = fit_cleaned(rows, labels, known).predict(held_out) == given
        differences.append(cleaned.astype(float) - plain)
    differences = np.concatenate(differences)
    return AccuracyGain(
        float(differences.mean()), float(differences.std() / np.sqrt(len(differences)))
    )
