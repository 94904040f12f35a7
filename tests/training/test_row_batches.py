"""Batches hold the requested rows and their positions."""

import pickle

import numpy as np
import pytest
import scipy.sparse
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch.dataset import Dataset
from torch.utils.data import DataLoader, default_collate

from skdynacor import DynamicsCollector
from skdynacor.nets import make_mlp_classifier
from skdynacor.training.row_batches import (
    ArrayRows,
    IndexedBatch,
    SomeRows,
    SparseRows,
    as_fetched,
)

X = np.arange(20.0).reshape(10, 2)
COPIES = 100 + np.arange(6.0).reshape(3, 2)
TARGETS = torch.arange(13) % 3
EVERYTHING = np.concatenate([X, COPIES]).astype(np.float32)


def sparse(**params):
    return SparseRows(*map(scipy.sparse.csr_array, (X, COPIES)), TARGETS, "cpu", **params)


@pytest.mark.parametrize(
    "dataset",
    [
        ArrayRows(X, COPIES, TARGETS, "cpu"),
        ArrayRows(X.astype(np.uint8), COPIES, TARGETS, "cpu"),
        sparse(),
        sparse(dense=False),
    ],
    ids=["dense", "bytes", "sparse", "sparse tensors"],
)
def test_rows_and_copies_come_in_the_order_asked_for(dataset):
    positions = [12, 3, 10, 0, 3]
    batch = dataset.__getitems__(positions)
    rows, labels = batch
    assert rows.dtype == torch.float32
    assert_array_equal(rows.to_dense(), EVERYTHING[positions])
    assert_array_equal(labels, TARGETS[positions])
    assert_array_equal(batch.positions, positions)
    assert len(dataset) == 13
    row, label = dataset[11]
    assert_array_equal(row.to_dense(), EVERYTHING[11])
    assert label == TARGETS[11]


def test_some_rows_keep_their_positions_in_the_whole():
    some = SomeRows(ArrayRows(X, COPIES, TARGETS, "cpu"), np.array([1, 4, 11]))
    batches = list(DataLoader(some, batch_size=2, collate_fn=as_fetched))
    assert [batch.positions.tolist() for batch in batches] == [[1, 4], [11]]
    assert_array_equal(torch.cat([batch[0] for batch in batches]), EVERYTHING[[1, 4, 11]])


def test_batches_cross_processes_and_devices():
    batch = IndexedBatch(torch.ones(2, 3), torch.zeros(2), torch.arange(2))
    for same in (pickle.loads(pickle.dumps(batch)), batch.to("cpu")):
        assert type(same) is IndexedBatch
        assert_array_equal(same[0], batch[0])
        assert_array_equal(same.positions, batch.positions)


@pytest.mark.parametrize(
    "served",
    [
        {"iterator_train__pin_memory": True},
        {"dataset": Dataset, "dataset__length": 300},
        {"iterator_train__collate_fn": default_collate, "iterator_train__num_workers": 2},
    ],
    ids=str,
)
def test_however_rows_are_served_the_dynamics_are_the_same(noisy_blobs, served):
    X, y, _ = noisy_blobs
    T, expected = (
        DynamicsCollector(
            make_mlp_classifier(max_epochs=2, **params), signal="logit_difference", random_state=0
        ).fit_transform(X, y)
        for params in (served, {})
    )
    assert_allclose(T, expected, rtol=1e-3, atol=1e-3)
