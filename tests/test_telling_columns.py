"""Columns that are constant, or there twice, say nothing."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from skdynacor.groundwork import telling_columns as module
from skdynacor.groundwork.sparse_rows import to_canonical
from skdynacor.groundwork.telling_columns import take_columns, telling_columns

NAN = np.nan
X = np.array(
    [
        # twins      constant  minus zero  missing         apart late
        [1.0, 0, 1.0, 7, NAN, 0.0, -0.0, NAN, NAN, 2.0, 5, 5],
        [3.0, 0, 3.0, 7, NAN, 4.0, 4.00, 6.0, 6.0, NAN, 6, 6],
        [3.0, 0, 3.0, 7, NAN, 4.0, 4.00, 6.0, 6.0, 2.0, 6, 8],
    ]
)
COLUMNS, PLACES = [0, 5, 7, 9, 10, 11], [0, -1, 0, -1, -1, 1, 1, 2, 2, 3, 4, 5]


@pytest.mark.parametrize("chunk", [1, 2, 256])
@pytest.mark.parametrize(
    "kind", [np.asarray, np.float32, np.asfortranarray, lambda X: to_canonical(csr_array(X))]
)
def test_the_first_of_equal_columns_speaks_for_all(monkeypatch, kind, chunk):
    monkeypatch.setattr(module, "_CHUNK", chunk)
    columns, places = telling_columns(kind(X))
    assert_array_equal(columns, COLUMNS)
    assert_array_equal(places, PLACES)


def test_sparse_columns_that_are_never_stored_are_constant():
    sparse = to_canonical(csr_array([[0.0, 2.0, 3.0, 2.0], [0.0, 2.0, 0.0, 2.0]]))
    telling = telling_columns(sparse)
    assert_array_equal(telling.columns, [2])
    assert_array_equal(telling.places, [-1, -1, 0, -1])


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_all_are_taken_where_none_says_anything_or_each_does(kind):
    for rows in (np.ones((3, 4)), np.eye(3), np.zeros((3, 1)), np.ones((1, 3))):
        telling = telling_columns(kind(rows))
        assert telling.taken is None
        assert_array_equal(telling.columns, np.arange(rows.shape[1]))
        assert_array_equal(telling.places, telling.columns)
        assert take_columns(rows, telling.taken) is rows


def test_pixels_are_columns():
    images = np.zeros((5, 1, 2, 2), dtype=np.uint8)
    images[1, 0, 0, 1] = images[1, 0, 1, 1] = 200
    telling = telling_columns(images)
    assert_array_equal(telling.taken, [1])
    assert_array_equal(telling.places, [-1, 0, -1, 0])


def test_rows_are_read_only_as_far_as_columns_are_alike():
    rows, read = np.random.default_rng(0).normal(size=(2000, 4)), []
    rows[:600, 3] = rows[:600, 0]

    class Spied:
        shape, __len__ = rows.shape, lambda self: len(rows)

        def __getitem__(self, key):
            read.append(key.stop)
            return rows[key]

    assert telling_columns(Spied()).taken is None
    assert read == [1, 256, 512, 768]
