"""Equivalent data change flags no more than another seed does."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.datasets import make_label_noise

METHODS = {"default": LabelErrorDetector, "paper": make_dynacor_pipeline}
ORDER = np.random.default_rng(0).permutation(400)


@pytest.fixture(scope="module")
def rows():
    """Three well separated classes, where no seed changes many flags."""
    X, y_true = make_blobs(400, n_features=6, centers=3, cluster_std=1.0, random_state=1)
    y, wrong = make_label_noise(y_true, "symmetric", 0.15, random_state=0)
    return X.astype(np.float32), y, wrong


def rescale(X):
    X = X.copy()
    X[:, 0] *= 1000
    return X


#: Changes of rows and labels, and the rows that the flags then belong to.
CHANGES = {
    "another seed": lambda X, y: (X, y, slice(None)),
    "other order of rows": lambda X, y: (X[ORDER], y[ORDER], ORDER),
    "other names of classes": lambda X, y: (X, np.array(["z", "a", "m"])[y], slice(None)),
    "other unit": lambda X, y: (rescale(X), y, slice(None)),
    "column twice": lambda X, y: (np.column_stack([X, X[:, 0]]), y, slice(None)),
}


@pytest.fixture(scope="module")
def flags_of(rows):
    X, y, wrong = rows
    flags = {
        name: make(device="cpu", random_state=0).fit_predict(X, y) for name, make in METHODS.items()
    }
    for name, found in flags.items():
        assert np.mean(found == wrong) > 0.9, name  # else agreement would be trivial
    return flags


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("method", METHODS)
def test_flags_agree(rows, flags_of, method, change):
    X, y, _ = rows
    X, y, of_rows = CHANGES[change](X, y)
    seed = int(change == "another seed")
    flags = METHODS[method](device="cpu", random_state=seed).fit_predict(X, y)
    assert np.mean(flags == flags_of[method][of_rows]) > 0.95
