"""Sparse rows are recorded as the same rows are where they are dense."""

import pickle

import numpy as np
import pytest
import scipy.sparse
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from skorch import NeuralNetClassifier
from torch import nn

from skdynacor import CorruptedArray, DynamicsCollector
from skdynacor.datasets import make_label_noise
from skdynacor.nets import make_mlp_classifier
from skdynacor.utils.moments import mean_and_scale
from skdynacor.utils.row_lookup import hash_rows
from skdynacor.utils.sparse_rows import to_canonical

FOREST = RandomForestClassifier(20, min_samples_leaf=3)


@pytest.fixture(scope="module")
def words():
    """X, noisy y: 300 rows of three classes, each with words of its own."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    frequent = 0.1 + 0.3 * (np.arange(40) % 3 == y[:, None])
    X = (rng.random((300, 40)) < frequent) * rng.random((300, 40))
    return X.astype(np.float32), make_label_noise(y, "symmetric", 0.2, random_state=0)[0]


def untidy(X):
    """Store zeros, duplicates and unsorted columns, of 64 bits."""
    tidy = scipy.sparse.coo_array(X)
    row, column = (np.concatenate([each, each, [0]])[::-1] for each in (tidy.row, tidy.col))
    data = np.concatenate([tidy.data / 2, tidy.data / 2, [0]])[::-1]
    order = np.argsort(row, kind="stable")
    ends = np.cumsum(np.bincount(row, minlength=len(X)))
    parts = data[order], column[order].astype(np.int64), np.concatenate([[0], ends])
    sparse = scipy.sparse.csr_array(parts, shape=X.shape)
    assert not sparse.has_canonical_format
    return sparse


class Plain(nn.Linear):
    """A module that knows nothing of sparse tensors, and says so."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)

    def forward(self, X):
        assert not X.is_sparse
        return super().forward(X)


PLAIN = NeuralNetClassifier(
    Plain, criterion=nn.CrossEntropyLoss, lr=0.1, max_epochs=3, batch_size=32, verbose=0
)
COLLATED = clone(PLAIN).set_params(iterator_train__collate_fn=torch.utils.data.default_collate)
MLP = make_mlp_classifier(max_epochs=3)
WORKERS = {"iterator_train__num_workers": 1, "iterator_valid__num_workers": 1}


@pytest.mark.parametrize(
    "estimator",
    [MLP, clone(MLP).set_params(**WORKERS), PLAIN, COLLATED, FOREST, LogisticRegression()],
    ids=["mlp", "workers", "plain", "collated", "forest", "logistic"],
)
def test_dynamics_are_those_of_dense_rows(words, estimator):
    X, y = words
    sparse_X = scipy.sparse.csr_array(X)
    collector = DynamicsCollector(estimator, signal="logit_difference", n_stages=3, random_state=0)
    dense, sparse = clone(collector), clone(collector)
    T, sparse_T = dense.fit_transform(X, y), sparse.fit_transform(sparse_X, y)
    assert type(sparse_T) is CorruptedArray
    assert_allclose(sparse_T, T, rtol=1e-2, atol=1e-3)
    for same in (sparse_X, scipy.sparse.csc_matrix(X), untidy(X), X):
        assert_array_equal(sparse.transform(same), sparse_T)
    unseen = sparse_X[:70] * 2
    expected = dense.transform(unseen.toarray())
    assert np.ptp(expected) > 0
    assert_allclose(sparse.transform(unseen), expected, rtol=1e-2, atol=1e-3)
    for (_, represent), (_, expect) in zip(
        sparse.representations(), dense.representations(), strict=True
    ):
        assert_allclose(represent(unseen), expect(unseen.toarray()), atol=1e-3)
    twin = pickle.loads(pickle.dumps(sparse))
    assert_array_equal(twin.transform(unseen), sparse.transform(unseen))


def test_classifiers_that_take_none_say_so(words):
    X, y = words
    collector = DynamicsCollector(HistGradientBoostingClassifier(max_iter=2))
    with pytest.raises(TypeError, match=r"HistGradientBoosting.* takes no sparse rows.*toarray"):
        collector.fit(scipy.sparse.csr_array(X), y)
    assert not hasattr(collector, "classes_")


@pytest.mark.parametrize("estimator", [None, LogisticRegression()])
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "X contains NaN"), (np.inf, "infinity"), (1j, "Complex data")]
)
def test_numbers_that_nothing_trains_on(words, estimator, value, message):
    X, y = words
    X = scipy.sparse.csr_array(X, dtype=np.result_type(X, type(value)))
    X.data[3] = value
    with pytest.raises(ValueError, match=message):
        DynamicsCollector(estimator).fit(X, y)


# --- what it stands on -------------------------------------------------------------------------


@pytest.mark.parametrize("n_features", [40, 20_000])
def test_keys_of_sparse_rows_are_those_of_dense_ones(n_features):
    X = scipy.sparse.random(9, n_features, 0.1, "csr", np.float64, 0).toarray()
    X[1], X[2, 5] = X[0], -X.max()
    X[3:5, 7] = np.nan
    X[4] = X[3]
    keys = hash_rows(X)
    assert len(set(keys.tolist())) == 7
    assert_array_equal(hash_rows(to_canonical(untidy(X).astype(np.float32))), keys)


def test_moments_are_those_of_dense_rows():
    rng = np.random.default_rng(0)
    X = (rng.random((5000, 7)) < 0.2) * rng.normal(size=(5000, 7))
    X[:, 1], X[:, 2], X[:, 3], X[5, 4] = 0, 0.1, np.nan, np.nan
    X[:, 5] += 1000
    X[:4000, 6] = np.nan
    for given, wanted in zip(
        mean_and_scale(scipy.sparse.csr_array(X)), mean_and_scale(X), strict=True
    ):
        assert_allclose(given, wanted, rtol=1e-6, atol=1e-12)
    assert_array_equal(mean_and_scale(scipy.sparse.csr_array(X))[1][1:4], 0)


def test_the_canonical_form_changes_nothing_that_is_given():
    X = untidy(np.eye(3))
    before = X.data.copy(), X.indices.copy()
    tidy = to_canonical(X)
    assert (tidy.nnz, tidy.indices.dtype) == (3, np.int32)
    assert_array_equal(X.data, before[0])
    assert_array_equal(X.indices, before[1])
    assert np.shares_memory(to_canonical(tidy).data, tidy.data)
