"""A few trees, grown for no more than to tell whether a classifier is far ahead of any forest."""

import numpy as np
from sklearn.base import clone

from ..noise_model.noise_model import CLEARLY_AHEAD, lead_over
from .out_of_bag import to_logits
from .tree_units import in_units, to_callers_units, units_of

# How many trees are grown, as long as it is open which of the two is better.
_N_TREES = (8, 16, 32, 64)
# How many standard errors a lead must be from what is asked to leave no doubt.
_SURE_BY = 4.0
# Rows that they are told and that they judge, at most.
_MOST_ROWS = 100_000


def is_ahead_of_trees(logits, forests, X, labels, told, seed):
    """Tell whether a classifier is clearly ahead of forests that are told the same rows.

    A tree's vote costs little where each judges all rows that the others do, unlike out of bag. The
    forest's cross-entropy falls by as much again from some trees to any number as it did from half
    of them, so that few are enough. Where the first forest leaves doubt, the next is asked, too.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        What the classifier makes of the rows.
    forests : list of scikit-learn forest
        Whose kinds of trees to grow.
    X : array of shape (n_samples, n_features)
    labels : ndarray of shape (n_samples,)
    told : ndarray of shape (n_samples,), bool
        The rows that the classifier was told of; the others are judged.
    seed : int

    Returns
    -------
    ahead : bool
        By the share of their cross-entropy that ``CLEARLY_AHEAD`` names.
    """
    examples, judged = (_some(np.flatnonzero(mask)) for mask in (told, ~told))
    task = X[examples], labels[examples], X[judged], labels[judged]
    for forest in forests:
        lead = _lead(logits[judged], forest, *task, seed)
        if lead.share <= CLEARLY_AHEAD or not _is_open(lead):
            break
    return lead.share > CLEARLY_AHEAD


def _lead(logits, forest, examples, example_labels, rows, labels, seed):
    """Give the lead over a forest, grown for as long as it is open who is better."""
    model = clone(forest).set_params(
        bootstrap=False, max_samples=None, oob_score=False, warm_start=True, random_state=seed
    )
    rows, units = rows.astype(np.float32, copy=False), units_of(examples)
    examples = in_units(examples, units)
    votes, before, n_voted = np.zeros(logits.shape), None, 0
    for n_trees in _N_TREES:
        model.set_params(n_estimators=n_trees).fit(examples, example_labels)
        to_callers_units(model.estimators_[n_voted:], units)
        columns = np.asarray(model.classes_, dtype=int)
        for tree in model.estimators_[n_voted:]:
            votes[:, columns] += tree.predict_proba(rows, check_input=False)
        n_voted = n_trees
        of_forest = to_logits(votes, np.full(len(votes), n_trees)).numpy()
        lead = lead_over(of_forest, logits, labels, before)
        if before is not None and not _is_open(lead):
            break
        before = lead.cross_entropy
    return lead


def _is_open(lead):
    """Tell whether more trees, or others, may say something else."""
    return abs(lead.share - CLEARLY_AHEAD) <= _SURE_BY * lead.error


def _some(positions):
    """Thin out evenly what is too much for a trial."""
    return positions[:: 1 + (len(positions) - 1) // _MOST_ROWS]
