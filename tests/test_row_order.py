"""Rows are ordered by what they hold."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from skdynacor.groundwork.row_order import number_classes, order_rows
from skdynacor.groundwork.sparse_rows import to_canonical

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)
KINDS = {
    "numbers": RNG.normal(size=(200, 4)),
    "few values": RNG.integers(0, 3, (200, 4)).astype(float),
    "images": RNG.integers(0, 2, (200, 1, 4, 4)).astype(np.float32),
    "missing": np.where(RNG.random((200, 5)) < 0.4, np.nan, RNG.integers(0, 4, (200, 5))),
    "constant": np.column_stack([np.zeros(200), RNG.normal(size=200)]),
    "one": np.ones((200, 2)),
}
KINDS["sparse"] = to_canonical(csr_array(KINDS["few values"]))
KINDS["empty"] = csr_array((200, 4))
by_kind = pytest.mark.parametrize("X", KINDS.values(), ids=KINDS)


def contents(X, labels, order):
    rows = X.toarray() if hasattr(X, "toarray") else X
    return rows[order].reshape(200, -1), labels[order]


@by_kind
def test_the_same_rows_come_in_the_same_order(X):
    order = order_rows(X, LABELS)
    assert_array_equal(np.sort(order), np.arange(200))
    shuffled = RNG.permutation(200)
    again = order_rows(X[shuffled], LABELS[shuffled])
    for one, other in zip(
        contents(X, LABELS, order),
        contents(X[shuffled], LABELS[shuffled], again),
        strict=True,
    ):
        assert_array_equal(other, one)


@by_kind
@pytest.mark.parametrize(
    "told_otherwise",
    [lambda X: X * 8.0, lambda X: X.astype(np.float32)],
    ids=["another unit", "single precision"],
)
def test_units_and_precision_do_not_matter(X, told_otherwise):
    assert_array_equal(order_rows(told_otherwise(X), LABELS), order_rows(X, LABELS))


@pytest.mark.parametrize("kind", ["numbers", "few values", "missing", "images"])
def test_the_origin_does_not_matter(kind):
    X = KINDS[kind]
    assert_array_equal(order_rows(X + 5, LABELS), order_rows(X, LABELS))


@pytest.mark.parametrize("kind", ["numbers", "few values", "sparse", "missing"])
def test_names_of_classes_do_not_matter(kind):
    X, renamed = KINDS[kind], np.array([2, 0, 1])[LABELS]
    assert_array_equal(order_rows(X, renamed), order_rows(X, LABELS))


def test_rows_are_sorted_by_one_feature_after_the_other_and_by_their_label():
    X = np.array([[1, 5], [0, 9], [1, 4], [0, 9], [np.nan, 0], [0, 8], [0, 9]])
    labels = np.array([0, 1, 1, 0, 0, 1, 1])
    # Of the three rows alike, those of class 1 come first, as its rows do on average.
    assert_array_equal(order_rows(X, labels), [5, 1, 6, 3, 2, 0, 4])


def test_sparse_rows_have_the_order_of_dense_ones():
    X = RNG.choice([-2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, np.nan], (200, 6))
    sparse = to_canonical(csr_array(X))
    assert_array_equal(order_rows(sparse, LABELS), order_rows(X, LABELS))


def test_features_are_read_only_as_far_as_rows_are_alike():
    X = np.column_stack([np.arange(200) // 2, RNG.normal(size=(200, 3))])
    X[:100, 0] = np.arange(1000, 1100)
    read = []

    class Spied:
        shape = X.shape

        def __getitem__(self, key):
            rows, column = key
            read.append((column, len(rows)))
            return X[key]

    assert_array_equal(order_rows(Spied(), LABELS), order_rows(X, LABELS))
    assert read == [(0, 200), (1, 100)]


def test_classes_are_numbered_as_they_appear():
    numbers, classes = number_classes(np.array([4, 4, 0, 7, 0]))
    assert_array_equal(numbers, [0, 0, 1, 2, 1])
    assert_array_equal(classes, [4, 0, 7])
