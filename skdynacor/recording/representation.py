"""How trained models see rows: by a net's last hidden layer, by a forest's leaves."""

from functools import partial, singledispatch

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.preprocessing import normalize

from .halves import TrainedHalves
from .net_training import TrainedNet
from .out_of_bag import TrainedForest


@singledispatch
def spaces_of(trained, n_samples):
    """Give the spaces that rows can be compared in, see ``DynamicsCollector.spaces``.

    Parameters
    ----------
    trained : TrainedNet, TrainedForest, TrainedHalves or any other model
    n_samples : int
        Of the training.

    Returns
    -------
    spaces : list of (ndarray of shape (n_samples,), callable)
        None for a model without an inner view of rows, as boosting.
    """
    return []


@spaces_of.register
def _(trained: TrainedNet, n_samples):
    return [(np.ones(n_samples, dtype=bool), partial(last_hidden_layer, trained))]


@spaces_of.register
def _(trained: TrainedForest, n_samples):
    return [(np.ones(n_samples, dtype=bool), partial(shared_leaves, trained))]


@spaces_of.register
def _(trained: TrainedHalves, n_samples):
    first, second = (spaces_of(each, n_samples) for each in (trained.first, trained.second))
    half = trained.half
    return [(~half, space) for _, space in first] + [(half, space) for _, space in second]


def last_hidden_layer(trained, X):
    """Give what the last linear layer of a trained net gets, scaled to a length of 1.

    Parameters
    ----------
    trained : TrainedNet
    X : ndarray of shape (n_samples, ...) or csr_array of shape (n_samples, n_features)

    Returns
    -------
    directions : ndarray of shape (n_samples, n_units), float32
    """
    rows = X if issparse(X) else X.astype(np.float32, copy=False)
    return normalize(trained.hidden_units(rows).numpy())


def shared_leaves(trained, X):
    """Give the leaves that rows fall into; the product of two rows is the share that they share.

    Parameters
    ----------
    trained : TrainedForest
    X : ndarray or csr_array of shape (n_samples, n_features)

    Returns
    -------
    directions : csr_array of shape (n_samples, n_nodes), float32
        Of length 1, with one entry per tree.
    """
    leaves = trained.leaves(X.astype(np.float32, copy=False))
    sizes = np.array([tree.tree_.node_count for tree in trained.classifier.estimators_])
    n_samples, n_trees = leaves.shape
    columns = (leaves + np.cumsum(sizes) - sizes).ravel()
    starts = np.arange(0, columns.size + 1, n_trees)
    values = np.full(columns.size, n_trees**-0.5, dtype=np.float32)
    return csr_array((values, columns, starts), shape=(n_samples, sizes.sum()))
