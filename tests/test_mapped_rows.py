"""Rows of a file are pickled as a place in it."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.utils.mapped_rows import as_mapped, opened
from skdynacor.utils.validation import lives_on_disk


@pytest.fixture
def on_disk(tmp_path):
    np.save(tmp_path / "X.npy", np.arange(6000.0).reshape(1000, 6))
    return np.load(tmp_path / "X.npy", mmap_mode="r+")


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X,
        np.asarray,
        lambda X: X[10:20][3:],
        lambda X: X[::-2, 1:4],
        lambda X: X.T,
        lambda X: X.reshape(1000, 2, 3),
        lambda X: X.view(np.float32),
        lambda X: X[:0],
    ],
)
def test_views_are_opened_elsewhere(on_disk, view):
    on_disk[5] = -1  # is written before others read it
    rows = view(on_disk)
    pickled = pickle.dumps(as_mapped(rows))
    assert len(pickled) < 1000
    elsewhere = opened(pickle.loads(pickled))
    assert lives_on_disk(elsewhere)
    assert_array_equal(elsewhere, rows, strict=True)
    assert elsewhere.strides == rows.strides


def test_other_rows_stay_what_they_are(on_disk, tmp_path):
    changed = np.load(tmp_path / "X.npy", mmap_mode="c")
    for rows in [np.ones((5, 2)), on_disk.copy(), on_disk + 1, changed]:
        assert opened(as_mapped(rows)) is as_mapped(rows) is rows
