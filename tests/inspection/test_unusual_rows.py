"""Near-duplicates with different labels, and outliers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array

from skdynacor.inspection import unusual_rows


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 6)), np.arange(300) % 3
    X[7], X[8], X[9], X[50] = X[3] + 1e-3, X[4] + 1e-3, X[5], 25
    y[[3, 7]], y[[4, 8]], y[[5, 9]] = [0, 1], 2, [0, 1]
    return X, y


def test_each_kind_is_found(data):
    found = unusual_rows(*data)
    # Rows 4 and 8 have one label; 5 and 9 are equal.
    assert found.loc[found["kind"] == "near duplicate", "position"].tolist() == [3, 7]
    assert found.loc[found["kind"] == "outlier", "position"].tolist() == [50]
    assert found["nearest"][:2].tolist() == [7, 3]
    assert found["nearest_label"][:2].tolist() == [1, 0]


def test_the_scale_of_features_does_not_matter(data):
    X, y = data
    found = unusual_rows(X * [1, 1e6, 1e-6, 1, 1, 1] + 1e3, y)
    assert found["position"].tolist() == [3, 7, 50]


def test_frames_and_gaps(data):
    X, y = data
    X[100, 2] = np.nan
    names = [f"r{i}" for i in range(300)]
    found = unusual_rows(pd.DataFrame(X, index=names), y)
    assert found["index"].tolist() == ["r3", "r7", "r50"]
    found = unusual_rows(X, pl.Series(y))
    assert isinstance(found, pl.DataFrame)
    assert "index" not in found.columns


def test_sparse_rows(data):
    rng = np.random.default_rng(1)
    X = rng.random((200, 40)) * (rng.random((200, 40)) < 0.3)
    X[1] = X[0] + 0.05 * (X[0] > 0.5)
    y = np.arange(200) % 2
    found = unusual_rows(csr_array(X), y)
    assert found.loc[found["kind"] == "near duplicate", "position"].tolist() == [0, 1]


def test_nothing_unusual_gives_an_empty_frame():
    X = np.random.default_rng(0).normal(size=(200, 4))
    assert len(unusual_rows(X, np.zeros(200))) == 0
    assert len(unusual_rows(np.ones((10, 2)), np.arange(10))) == 0


def test_bad_input(data):
    X, y = data
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        unusual_rows(X, y[1:])
    with pytest.raises(ValueError, match="numeric"):
        unusual_rows([["a"], ["b"], ["c"]], [0, 1, 0])
