import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array, csr_matrix, hstack, vstack

from skdynacor import Beliefs, CorruptedCopies, CorruptedRows

DENSE = np.arange(12.0).reshape(4, 3) % 5


@pytest.fixture
def rows():
    labels = np.array(["a", "b"])
    copies = CorruptedCopies(csr_array(np.eye(2, 3)), labels, sources=np.array([0, 3]))
    beliefs = Beliefs(np.arange(8.0).reshape(4, 2), np.array([0, 1, 1, 0]), labels)
    return CorruptedRows(csr_matrix(DENSE), copies, beliefs)


@pytest.mark.parametrize(
    "survive",
    [
        lambda rows: pickle.loads(pickle.dumps(rows)),
        lambda rows: pickle.loads(pickle.dumps(rows, protocol=0)),
        copy.copy,
        copy.deepcopy,
        lambda rows: rows.copy(),
    ],
    ids=["pickle", "pickle0", "copy", "deepcopy", "method"],
)
def test_copies_survive(rows, survive):
    twin = survive(rows)
    assert type(twin) is CorruptedRows
    assert_array_equal(twin.toarray(), DENSE)
    assert_array_equal(twin.corrupted.data.toarray(), np.eye(2, 3))
    assert_array_equal(twin.corrupted.labels, ["a", "b"])
    assert_array_equal(twin.beliefs.logits, rows.beliefs.logits)


def test_deepcopy_shares_no_memory(rows):
    twin = copy.deepcopy(rows)
    twin.data[:] = twin.corrupted.data.data[:] = 7
    assert_array_equal(rows.toarray(), DENSE)
    assert rows.corrupted.data.data.tolist() == [1, 1]


@pytest.mark.parametrize(
    "operation",
    [
        lambda a: a[1:],
        lambda a: a[[0, 1]],
        lambda a: a[::-1],
        lambda a: a[:, :2],
        lambda a: a * 2,
        lambda a: a / 2,
        lambda a: -a,
        lambda a: a + a,
        lambda a: a.multiply(a),
        lambda a: a @ a.T,
        lambda a: a.T,
        lambda a: a > 3,
        lambda a: abs(a),
        lambda a: a.sqrt(),
        lambda a: a.astype(np.float32),
        lambda a: a.reshape((3, 4)),
        lambda a: a.tocsc(),
        lambda a: vstack([a, a]),
        lambda a: hstack([a, a]),
        csr_array,
        lambda a: csr_array(a, copy=True),
    ],
)
def test_what_may_break_the_rows_gives_a_plain_array(rows, operation):
    result = operation(rows)
    assert not hasattr(result, "corrupted")
    assert_array_equal(result.toarray(), operation(csr_array(DENSE)).toarray())


@pytest.mark.parametrize(("method", "factor"), [("__imul__", 2), ("__itruediv__", 0.5)])
def test_in_place_arithmetic_gives_a_plain_array(rows, method, factor):
    result = getattr(rows, method)(2)
    assert type(result) is csr_array
    assert_array_equal(result.toarray(), DENSE * 2 if factor == 2 else DENSE / 2)
    assert_array_equal(rows.toarray(), DENSE)


def test_the_hash_of_joblib_covers_copies_and_beliefs_and_nothing_else(rows):
    twin = copy.deepcopy(rows)
    assert twin.has_sorted_indices  # scipy remembers that it was asked
    assert joblib.hash(twin) == joblib.hash(rows)
    twin.corrupted.data.data[0] = 2
    assert joblib.hash(twin) != joblib.hash(rows)
    assert joblib.hash(CorruptedRows(rows, rows.corrupted)) != joblib.hash(rows)


def test_copies_and_beliefs_of_other_rows_are_refused(rows):
    copies = CorruptedCopies(csr_array((1, 3)), labels=np.ones(1), sources=np.array([5]))
    with pytest.raises(ValueError, match="must be rows of data, 0 to 3; got 5 to 5"):
        CorruptedRows(rows, copies)
    with pytest.raises(ValueError, match="data have 3 rows, beliefs 4"):
        CorruptedRows(rows[:3], beliefs=rows.beliefs)
    with pytest.raises(ValueError, match=r"one label and one source each.*'data': 4"):
        CorruptedCopies(rows, labels=np.ones(1), sources=np.ones(1))
