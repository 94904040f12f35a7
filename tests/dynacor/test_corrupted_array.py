import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor import CorruptedArray, CorruptedCopies


@pytest.fixture
def array():
    labels = np.array(["a", "b"])
    copies = CorruptedCopies(np.full((2, 3), 7.0), labels=labels, sources=np.array([0, 3]))
    return CorruptedArray(np.arange(12.0).reshape(4, 3), copies)


def assert_same(one, other):
    assert type(one) is CorruptedArray
    assert_array_equal(one, other)
    for name in ("data", "labels", "sources"):
        assert_array_equal(getattr(one.corrupted, name), getattr(other.corrupted, name))


def through_joblib(array, folder):
    joblib.dump(array, folder / "array.joblib")
    return joblib.load(folder / "array.joblib")


@pytest.mark.parametrize(
    "survive",
    [
        lambda array, folder: pickle.loads(pickle.dumps(array)),
        lambda array, folder: pickle.loads(pickle.dumps(array, protocol=0)),
        lambda array, folder: copy.copy(array),
        lambda array, folder: copy.deepcopy(array),
        lambda array, folder: array.copy(),
        through_joblib,
    ],
    ids=["pickle", "pickle0", "copy", "deepcopy", "method", "joblib"],
)
def test_copies_survive(array, survive, tmp_path):
    assert_same(survive(array, tmp_path), array)


def test_deepcopy_shares_no_memory(array):
    twin = copy.deepcopy(array)
    twin[:] = 0
    twin.corrupted.data[:] = 0
    assert array[3, 2] == 11
    assert array.corrupted.data[0, 0] == 7


@pytest.mark.parametrize(
    "operation",
    [
        lambda a: a[1:],
        lambda a: a[[0, 1]],
        lambda a: a[::-1],
        lambda a: a[0],
        lambda a: a + 1,
        lambda a: 1 - a,
        lambda a: a @ np.ones((3, 2)),
        lambda a: np.add(a, a),
        lambda a: np.add.accumulate(a),
        lambda a: np.concatenate([a, a]),
        lambda a: np.vstack([a, a]),
        lambda a: np.split(a, 2)[0],
        lambda a: np.where(a > 3, a, 0),
        lambda a: np.sort(a, axis=0),
        lambda a: np.take(a, [1, 0], axis=0),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(a.dtype),
        lambda a: a.reshape(3, 4),
        lambda a: a.ravel(),
        lambda a: a.flatten(),
        lambda a: a.T,
        lambda a: a.transpose(),
        lambda a: a.take([2, 1], axis=0),
        lambda a: a.repeat(2, axis=0),
        lambda a: a.mean(axis=0),
        lambda a: a.sum(axis=1),
        lambda a: a.clip(0, 5),
        lambda a: a.round(),
        lambda a: a.compress([True, False, True, False], axis=0),
        lambda a: a.squeeze(),
        lambda a: a.real,
        lambda a: np.asarray(a),
        lambda a: np.array(a),
    ],
)
def test_what_may_break_the_rows_gives_a_plain_array(array, operation):
    result = operation(array)
    assert type(result) is np.ndarray
    assert_array_equal(result, operation(np.array(array)))


def test_in_place_arithmetic_gives_a_plain_array(array):
    array += 1
    assert type(array) is np.ndarray
    assert array[0, 0] == 1


def test_it_computes_like_an_array(array):
    assert float(array.sum()) == 66
    assert array.max() == 11
    assert len(array) == 4
    assert np.allclose(array, np.array(array))
    assert "0." in repr(array)


def test_the_hash_of_joblib_covers_copies(array):
    other = CorruptedArray(
        np.array(array),
        CorruptedCopies(array.corrupted.data + 1, array.corrupted.labels, array.corrupted.sources),
    )
    assert joblib.hash(array) == joblib.hash(copy.deepcopy(array))
    assert joblib.hash(array) != joblib.hash(other)
    assert joblib.hash(array) != joblib.hash(np.array(array))


def test_copies_without_label_are_refused():
    with pytest.raises(ValueError, match=r"one label and one source each.*'labels': 1"):
        CorruptedCopies(np.ones((2, 1)), labels=np.ones(1), sources=np.ones(2))


def test_copies_of_no_row_are_refused():
    copies = CorruptedCopies(np.ones((1, 1)), labels=np.ones(1), sources=np.array([5]))
    with pytest.raises(ValueError, match="must be rows of data, 0 to 3; got 5 to 5"):
        CorruptedArray(np.ones((4, 1)), copies)


def test_the_frozen_copies_cannot_be_replaced(array):
    with pytest.raises(AttributeError):
        array.corrupted.data = None


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([[1.0, 2.0], [3.0]], ValueError, "rows of data must have one shape"),
        (3.0, TypeError, "Singleton array|at least 1 dimension"),
    ],
)
def test_what_has_no_rows_is_refused(data, error, message):
    with pytest.raises(error, match=message):
        CorruptedArray(data)
