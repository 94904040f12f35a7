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


def lead_over_trees(logits, forests, X, labels, trainings, seed):
    """Tell by how much a classifier is ahead of forests that are told the same rows.

    A tree's vote costs little where each judges all rows that the others do, unlike out of bag. The
    forest's cross-entropy falls by as much again from some trees to any number as it did from half
    of them, so that few are enough. Where the first forest leaves doubt, the next is asked, too:
    on few rows, forests differ. Several trainings are asked about where there was doubt.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        What the classifier makes of the rows.
    forests : list of scikit-learn forest
        Whose kinds of trees to grow.
    X : array of shape (n_samples, n_features)
    labels : ndarray of shape (n_samples,)
    trainings : list of (ndarray of shape (n_told,), ndarray of shape (n_judged,))
        Positions of the rows that each of the classifier's trainings was told of, and of those that
        it judges.
    seed : int

    Returns
    -------
    lead : Lead
        Over the forest that was asked last, see ``is_ahead`` and ``is_open``.
    """
    trainings = [(_some(told), _some(judged)) for told, judged in trainings]
    for forest in forests:
        lead = _lead(logits, forest, X, labels, trainings, seed)
        if not is_ahead(lead) or (len(trainings) == 1 and not is_open(lead)):
            break
    return lead


def is_ahead(lead):
    """Tell whether a lead is as large as ``CLEARLY_AHEAD`` asks."""
    return lead.share > CLEARLY_AHEAD


def is_open(lead):
    """Tell whether more trees, other ones or more rows may say something else."""
    return abs(lead.share - CLEARLY_AHEAD) <= _SURE_BY * lead.error


def _lead(logits, forest, X, labels, trainings, seed):
    """Give the lead over a forest, grown for as long as it is open who is better."""
    growing = [
        _Growing(forest, X[told], labels[told], X[judged], seed) for told, judged in trainings
    ]
    judged = np.concatenate([judged for _, judged in trainings])
    before = None
    for n_trees in _N_TREES:
        votes = np.concatenate([each.votes_of(n_trees, logits.shape[1]) for each in growing])
        of_forest = to_logits(votes, np.full(len(votes), n_trees)).numpy()
        lead = lead_over(of_forest, logits[judged], labels[judged], before)
        if before is not None and not is_open(lead):
            break
        before = lead.cross_entropy
    return lead


class _Growing:
    """A forest that is told some rows, and judges others, as it grows."""

    def __init__(self, forest, examples, labels, rows, seed):
        self.forest = clone(forest).set_params(
            bootstrap=False, max_samples=None, oob_score=False, warm_start=True, random_state=seed
        )
        self.units = units_of(examples)
        self.examples, self.labels = in_units(examples, self.units), labels
        self.rows = rows.astype(np.float32, copy=False)
        self.votes, self.n_voted = 0.0, 0

    def votes_of(self, n_trees, n_classes):
        """Grow until there are so many trees; give their votes, (n_rows, n_classes)."""
        self.forest.set_params(n_estimators=n_trees).fit(self.examples, self.labels)
        trees = self.forest.estimators_[self.n_voted :]
        to_callers_units(trees, self.units)
        votes = np.zeros((self.rows.shape[0], n_classes))
        columns = np.asarray(self.forest.classes_, dtype=int)
        for tree in trees:
            votes[:, columns] += tree.predict_proba(self.rows, check_input=False)
        self.votes, self.n_voted = self.votes + votes, n_trees
        return self.votes


def _some(positions):
    """Thin out evenly what is too much for a trial."""
    return positions[:: 1 + (len(positions) - 1) // _MOST_ROWS]
