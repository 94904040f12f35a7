"""Sparse rows are judged as the same rows are where they are dense."""

import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from skorch import NeuralNetClassifier
from torch import nn

from skdynacor import (
    CorruptedArray,
    CorruptedCopies,
    CorruptedRows,
    DynamicsCollector,
    LabelCorruptor,
    make_dynacor_pipeline,
)
from skdynacor.datasets import make_label_noise
from skdynacor.groundwork.moments import mean_and_scale
from skdynacor.groundwork.sparse_rows import to_canonical
from skdynacor.nets import make_mlp_classifier
from skdynacor.recording.replay import hash_rows

FORMATS = [
    getattr(scipy.sparse, f"{name}_{kind}")
    for name in ("csr", "csc")
    for kind in ("array", "matrix")
]
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


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_the_pipeline_makes_the_same_of_sparse_and_of_dense_rows(words, recipe):
    X, y = words
    pipe = make_dynacor_pipeline(recipe=recipe, random_state=0).set_params(labelcorruptor__jitter=0)
    dense = clone(pipe).fit(X, y)
    for sparse_X in (*(make(X) for make in FORMATS), untidy(X)):
        sparse = clone(pipe).fit(sparse_X, y)
        assert_array_equal(sparse[1]._row_keys, dense[1]._row_keys)
        assert_allclose(sparse[1].dynamics_, dense[1].dynamics_, atol=1e-4)
        assert_array_equal(sparse[2].flags_, dense[2].flags_)
        assert 20 < sparse[2].flags_.sum() < 150
        assert_array_equal(sparse.predict(sparse_X), sparse[2].flags_)
        assert_array_equal(sparse.predict(X), sparse[2].flags_)
    assert_array_equal(dense.predict(scipy.sparse.csr_array(X)), dense[2].flags_)


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


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize(
    "classifier",
    [
        make_mlp_classifier(max_epochs=3),
        PLAIN,
        clone(PLAIN).set_params(iterator_train__collate_fn=torch.utils.data.default_collate),
        FOREST,
        LogisticRegression(warm_start=True, max_iter=5),
    ],
    ids=["mlp", "plain", "collated", "forest", "logistic"],
)
def test_classifiers_record_what_they_record_of_dense_rows(words, classifier, held_out):
    X, y = words
    sparse_X = scipy.sparse.csr_array(X)
    copies = LabelCorruptor(jitter=0, random_state=0).fit_transform(sparse_X, y)
    dense_copies = LabelCorruptor(jitter=0, random_state=0).fit_transform(X, y)
    collector = DynamicsCollector(
        classifier, signal="logit_difference", held_out=held_out, random_state=0
    )
    dense, sparse = clone(collector), clone(collector)
    T, sparse_T = dense.fit_transform(dense_copies, y), sparse.fit_transform(copies, y)
    assert type(sparse_T) is CorruptedArray
    assert_allclose(sparse_T, T, rtol=1e-3, atol=1e-3)
    assert_allclose(sparse_T.corrupted.data, T.corrupted.data, rtol=1e-3, atol=1e-3)
    assert_array_equal(sparse.transform(sparse_X), sparse_T)
    unseen = sparse_X[:70] * 2
    expected = dense.transform(unseen.toarray())
    assert np.ptp(expected) > 0
    assert_allclose(sparse.transform(unseen), expected, rtol=1e-3, atol=1e-3)
    twin = pickle.loads(pickle.dumps(sparse))
    assert_array_equal(twin.transform(unseen), sparse.transform(unseen))


def test_partners_beside_a_classifier_of_scikit_learn(words):
    X, y = words
    collector = DynamicsCollector(
        LogisticRegression(max_iter=5),
        held_out=True,
        partners=[("woods", FOREST)],
        random_state=0,
    )
    weights = [clone(collector).fit(rows, y).weights_ for rows in (X, scipy.sparse.csc_matrix(X))]
    assert "woods" in weights[0]
    assert weights[1] == pytest.approx(weights[0], rel=0.01)


@pytest.mark.parametrize("held_out", [False, True])
def test_classifiers_that_treat_sparse_rows_otherwise(words, held_out):
    X, y = words
    X = scipy.sparse.csr_array(X)
    sgd = SGDClassifier(loss="log_loss", random_state=0)  # its intercept moves less where sparse
    collector = DynamicsCollector(sgd, held_out=held_out, random_state=0)
    T = collector.fit_transform(X, y)
    assert np.mean(T[:, -1] > 0) > 0.45  # by chance, one third agree
    assert_array_equal(collector.transform(X), T)


def test_batches_from_workers(words):
    X, y = words
    X, T = scipy.sparse.csr_array(X), []
    for workers in ({}, {"iterator_train__num_workers": 1, "iterator_valid__num_workers": 1}):
        net = make_mlp_classifier(max_epochs=2, **workers)
        collector = DynamicsCollector(net, random_state=0, signal="confidence").fit(X, y)
        T.append(np.concatenate([collector.dynamics_, collector.transform(X[:9] * 2)]))
    assert_allclose(*T, atol=1e-5)


def test_classifiers_that_take_none_say_so(words):
    X, y = words
    collector = DynamicsCollector(HistGradientBoostingClassifier(max_iter=2))
    with pytest.raises(TypeError, match=r"HistGradientBoosting.* takes no sparse rows.*toarray"):
        collector.fit(scipy.sparse.csr_array(X), y)
    assert not hasattr(collector, "classes_")


@pytest.mark.parametrize("estimator", [LabelCorruptor(), DynamicsCollector(FOREST)])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.astype(complex), "Complex data not supported"),
        (lambda X: X * np.inf, "infinity"),
    ],
)
def test_numbers_that_nothing_trains_on(words, estimator, change, message):
    X, y = words
    with pytest.raises(ValueError, match=message):
        clone(estimator).fit(change(scipy.sparse.csr_array(X)), y)


@pytest.mark.parametrize("classifier", [None, LogisticRegression()])
def test_missing_values_are_refused_where_nothing_takes_them(words, classifier):
    X, y = words
    X = scipy.sparse.csr_array(X)
    X.data[3] = np.nan
    corruptor = LabelCorruptor(random_state=0)
    corrupted = corruptor.fit_transform(X, y)
    assert np.isnan(corrupted.data).sum() == 1
    with pytest.raises(ValueError, match="X contains NaN"):
        DynamicsCollector(classifier).fit(corrupted, y)


def test_numbers_of_other_kinds(words):
    X, y = words
    counts = scipy.sparse.csr_array(np.round(3 * X))
    T = [
        make_dynacor_pipeline(LogisticRegression(max_iter=3), random_state=0).fit_predict(rows, y)
        for rows in (counts, counts.astype(np.int64), counts.astype(np.float64))
    ]
    assert_array_equal(T[0], T[1])
    assert_array_equal(T[0], T[2])


def test_copies_of_another_kind_are_refused(words):
    X, y = words
    sparse = scipy.sparse.csr_array(X)
    labels, sources = (y[:2] + 1) % 3, np.arange(2)
    for rows, data, message in [
        (CorruptedRows(sparse, CorruptedCopies(X[:2], labels, sources)), "dense", "sparse"),
        (CorruptedArray(X, CorruptedCopies(sparse[:2], labels, sources)), "sparse", "dense"),
    ]:
        with pytest.raises(ValueError, match=f"copies are {data}, X is {message}"):
            DynamicsCollector(FOREST).fit(rows, y)


def test_memory_tells_corruptions_apart(words, tmp_path):
    X, y = words
    X = scipy.sparse.csr_array(X)
    net = make_mlp_classifier(max_epochs=2)
    memory = joblib.Memory(tmp_path, verbose=0)
    pipe = make_dynacor_pipeline(net, recipe="paper", memory=memory, random_state=0)
    plain = clone(pipe).set_params(memory=None)
    for gamma in (0.1, 0.3, 0.1):
        n_copies = round(gamma * 300)
        pipe.set_params(labelcorruptor__gamma=gamma).fit(X, y)
        plain.set_params(labelcorruptor__gamma=gamma).fit(X, y)
        assert_array_equal(pipe[2].flags_, plain[2].flags_)
        corrupted = pipe[0].fit_transform(X, y)
        assert corrupted.corrupted.data.shape == (n_copies, 40)


def test_a_training_in_a_folder_is_taken_up(words, tmp_path):
    X, y = words
    X = scipy.sparse.csr_array(X)
    net = make_mlp_classifier(max_epochs=2)
    collector = DynamicsCollector(net, checkpoint_dir=tmp_path / "a", random_state=0)
    T = clone(collector).fit_transform(X, y)
    assert_array_equal(clone(collector).fit_transform(untidy(X.toarray()), y), T)
    with pytest.raises(ValueError, match="holds another training; what differs: X"):
        clone(collector).fit(X * 2, y)


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


def test_missing_values_of_sparse_rows_are_refused_by_the_default(words):
    X = scipy.sparse.csr_array(words[0])
    X.data[3] = np.nan
    with pytest.raises(ValueError, match=r"X contains NaN\.\nDynamicsCollector does not"):
        make_dynacor_pipeline(random_state=0).fit(X, words[1])
