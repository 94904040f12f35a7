"""Recording bootstrapped forests out of bag: by the trees that were not told of a row."""

from functools import partial
from numbers import Integral

import numpy as np
import torch
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from ..groundwork.progress_bar import SILENCE
from ..groundwork.sparse_rows import stack_rows
from ..groundwork.telling_columns import take_columns
from .progress import share_that_agree
from .recordings import Recording
from .signals import logits_from_probabilities
from .staged_training import LOGITS_AT_ONCE, check_signals, parts, prepare, spread, told_first
from .tree_units import in_units, to_callers_units, units_of

# Of more rows a tree sees this many, unless the forest says how many: what a tree costs grows
# faster than what it learns.
_MOST_ROWS_PER_TREE = 100_000

# The share of the work that is done when all trees are grown, and have yet to judge.
_GROWING = 0.85


def is_bagged(classifier):
    """Tell whether a classifier is a forest whose trees each leave rows out."""
    forests = ExtraTreesClassifier, RandomForestClassifier
    return isinstance(classifier, forests) and bool(classifier.bootstrap)


class TrainedForest:
    """A forest, to be asked stage by stage of its growth.

    Parameters
    ----------
    classifier : scikit-learn forest
        Fitted.
    n_classes : int
    stages : list of int
        How many trees there are at the end of each stage.
    columns : ndarray of shape (n_taken,) or None, default=None
        Positions of the features that it was grown on; ``None`` stands for all.
    """

    averages_stages = False  # the whole forest knows best

    def __init__(self, classifier, n_classes, stages, columns=None):
        self.columns = columns
        self.classifier = classifier
        self.n_classes = n_classes
        self.stages = stages
        self.rows_at_once = max(1, LOGITS_AT_ONCE // (len(stages) * n_classes))

    def staged_logits(self, X):
        """Yield the logits of rows at each stage, (n_samples, n_classes), the last first."""
        everywhere = np.ones(X.shape[0], dtype=bool)
        masks = [everywhere] * len(self.classifier.estimators_)
        return reversed([to_logits(*votes) for votes in self.votes(X, masks)])

    def leaves(self, X):
        """Give the leaf of each tree that rows fall into, (n_samples, n_trees)."""
        return self.classifier.apply(take_columns(X, self.columns))

    def votes(self, X, masks):
        """Yield the votes that rows have got by the end of each stage.

        Parameters
        ----------
        X : ndarray or csr_array of shape (n_samples, n_features), float32
        masks : iterable of ndarray of shape (n_samples,), bool
            For each tree, the rows that it may judge.

        Yields
        ------
        sums : ndarray of shape (n_samples, n_classes)
        counts : ndarray of shape (n_samples,)
        """
        forest = self.classifier
        sums, counts = np.zeros((X.shape[0], self.n_classes)), np.zeros(X.shape[0])
        classes = np.asarray(forest.classes_, dtype=int)  # of the labels that it was fitted on
        X = take_columns(X, self.columns)

        def judge(tree, mask):
            rows = np.flatnonzero(mask)
            return rows, tree.predict_proba(X[rows], check_input=False)

        # Trees are added up in their order, so that the number of jobs changes no digit.
        work = Parallel(n_jobs=forest.n_jobs, require="sharedmem", return_as="generator")
        judged = work(
            delayed(judge)(tree, mask) for tree, mask in zip(forest.estimators_, masks, strict=True)
        )
        for n_trees, (rows, probabilities) in enumerate(judged, start=1):
            sums[np.ix_(rows, classes)] += probabilities
            counts[rows] += 1
            if n_trees in self.stages:
                yield sums, counts


def to_logits(sums, counts):
    """Turn votes into logits, (n_samples, n_classes); one more vote is spread over all classes."""
    shares = (sums + 1 / sums.shape[1]) / (counts[:, None] + 1)
    return logits_from_probabilities(torch.from_numpy(shares).float())


def record_out_of_bag(
    classifier,
    X,
    copies,
    labels,
    n_classes,
    *,
    signals,
    n_stages,
    seed,
    told,
    sources=None,
    columns=None,
    n_jobs=None,
    progress=SILENCE,
):
    """Grow a forest once and record every row by the trees that left it out, as the forest grows.

    Parameters
    ----------
    classifier : scikit-learn forest
        See ``is_bagged``.
    X : ndarray or csr_array of shape (n_samples, n_features)
    copies : ndarray or csr_array of shape (n_copies, n_features)
    labels : ndarray of shape (n_samples + n_copies,), dtype int64
        From 0 to n_classes − 1.
    n_classes : int
    signals : list of callable
        ``(logits, labels) -> (n,)``.
    n_stages : int
        How many stages of the growth to record, at most.
    seed : int
    told : ndarray of shape (n_trained,)
        Positions of the rows and copies that trees are grown on, in the order that they draw from.
    sources : ndarray of shape (n_copies,) or None, default=None
        The rows that the copies were made of, if trees are not told of the copies: these are judged
        by the trees that left their rows out.
    columns : ndarray of shape (n_taken,) or None, default=None
        Positions of the features to grow on; ``None`` takes all.
    n_jobs : int or None, default=None
        That of the forest, if it has none of its own.
    progress : Report or Silence, default=SILENCE
        Is told how far the growth is, and the judging.

    Returns
    -------
    recording : Recording
        Of a ``TrainedForest``; its logits are those of the last stage.

    Raises
    ------
    ValueError
        If the rows have more than one dimension, or a signal is NaN.
    """
    model = prepare(classifier, X, np.random.default_rng(seed)).set_params(oob_score=False)
    if model.n_jobs is None:
        model.set_params(n_jobs=n_jobs)
    n_told, arranged = len(told), told_first(told, len(labels))
    rows, labels = stack_rows(X, copies, arranged[: X.shape[0]]), labels[arranged]
    model.set_params(**limits(model, n_told))
    progress.begin()
    n_trees, n_parts = model.n_estimators, n_stages if progress.shown else 1
    examples = take_columns(rows[:n_told], columns)
    for n_grown in _grow(model, examples, labels[:n_told], n_parts):
        progress.reach(_GROWING * n_grown / n_trees, f"tree {n_grown}/{n_trees}")
    stages = spread(len(model.estimators_), n_stages)
    trained = TrainedForest(model, n_classes, stages, columns)
    places = np.argsort(arranged)
    told_as = np.arange(n_told)  # which row of the training a row stands for
    if sources is not None:
        told_as = np.append(told_as, places[sources])

    def left_out(sample):
        mask = np.ones(n_told, dtype=bool)
        mask[sample] = False
        return mask[told_as]

    given = torch.from_numpy(labels)
    record = np.empty((len(signals), len(labels), len(trained.stages)), dtype=np.float32)
    masks = map(left_out, model.estimators_samples_)
    own, n_kept = slice(X.shape[0]), len(trained.stages)
    for stage, votes in enumerate(trained.votes(rows, masks)):
        logits = to_logits(*votes)
        for part in parts(len(labels), max(1, LOGITS_AT_ONCE // n_classes)):
            for signal, trails in zip(signals, record, strict=True):
                trails[part, stage] = signal(logits[part], given[part]).numpy()
        judged = (stage + 1) / n_kept
        agreement = partial(share_that_agree, logits[own], given[own])
        progress.reach(_GROWING + (1 - _GROWING) * judged, f"stage {stage + 1}/{n_kept}", agreement)
    check_signals(record)
    return Recording(trained, record[:, places], logits.numpy()[places])


def limits(forest, n_told):
    """Give the parameters that bound the cost of a forest, where rows are very many."""
    if forest.max_samples is not None or n_told <= _MOST_ROWS_PER_TREE:
        return {}
    # Trees leave out more rows, so that fewer are enough for as many votes on each.
    left_out = np.exp(-_MOST_ROWS_PER_TREE / n_told)
    n_trees = int(np.ceil(forest.n_estimators * np.exp(-1) / left_out))
    return {"max_samples": _MOST_ROWS_PER_TREE, "n_estimators": n_trees}


def _grow(forest, rows, labels, n_parts):
    """Fit a forest, in parts where these make the same trees; yield how many there are."""
    n_trees, warm_start = forest.n_estimators, forest.warm_start
    # A generator would go on drawing, and weights that follow from labels warn of parts.
    if not isinstance(forest.random_state, Integral) or isinstance(forest.class_weight, str):
        n_parts = 1
    n_parts = min(n_parts, max(1, n_trees // effective_n_jobs(forest.n_jobs)))
    units, n_grown = units_of(rows), 0
    rows = in_units(rows, units)
    for size in spread(n_trees, n_parts):
        forest.set_params(warm_start=n_parts > 1, n_estimators=size).fit(rows, labels)
        to_callers_units(forest.estimators_[n_grown:], units)
        n_grown = size
        yield size
    forest.set_params(warm_start=warm_start)
