"""The features that are shown of a row say what is odd about it."""

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array

from skdynacor.reporting.row_features import SHOWN, read_features, show_value

CODES = np.repeat([0, 1], 50)
ROWS = np.arange(100)


def make_wide(n_features=40):
    return np.random.default_rng(0).normal(size=(100, n_features)) + 5 * CODES[:, np.newaxis]


@pytest.mark.parametrize("library", [pd, pl])
def test_values_of_every_kind_are_readable(library):
    columns = {
        "number": [1.23456789, None] * 50,
        "whole": [20231, 7] * 50,
        "identifier": [2**60 + 1, 2**60 + 3] * 50,
        "flag": [True, False] * 50,
        "name": ["x", None] * 50,
        "time": [datetime(2024, 5, 1, 12, 30), datetime(2024, 5, 2)] * 50,
    }
    features = read_features(library.DataFrame(columns), ROWS, None, CODES, 2)
    shown = features.choose(0, [], 0)
    assert [features.names[j] for j in shown] == list(columns)
    first = [1.235, 20231, str(2**60 + 1), "True", "x", "2024-05-01 12:30:00"]
    second = [None, 7, str(2**60 + 3), "False", None, "2024-05-02"]
    assert features.show(0, shown) == first
    assert features.show(1, shown) == second


def test_usual_values_are_those_of_examples():
    X = np.where(CODES == 0, 1.0, 9.0)[:, np.newaxis]
    codes = CODES.copy()
    X[:30], codes[:30] = 500, -1  # labelled 0, yet no examples of it
    features = read_features(X, ROWS, ["a"], codes, 3)
    assert [features.show_usual(code, [0]) for code in (0, 1)] == [[1], [9]]


def test_usually_missing_values_are_said_to_be():
    frame = pd.DataFrame({"a": np.where(CODES == 0, np.nan, 3.0)})
    features = read_features(frame, ROWS, None, CODES, 2)
    assert features.show_usual(0, [0]) == [None]
    assert features.show_usual(1, [0]) == [3]


@pytest.mark.parametrize("odd", [17, 3])
def test_most_unusual_numbers_are_shown_first(odd):
    X = make_wide()
    X[4, odd] += 6
    features = read_features(X, ROWS, None, CODES, 2)
    shown = features.choose(4, [], 0)
    assert len(shown) == SHOWN
    assert shown[0] == odd
    scaled = read_features(X * np.geomspace(1e-3, 1e6, 40), ROWS, None, CODES, 2)
    assert scaled.choose(4, [], 0) == shown


def test_rare_categories_and_missing_values_are_unusual():
    X = make_wide()
    X[[7, 9]] = 0  # usual in all else
    frame = pd.DataFrame(X)
    frame["kind"] = ["common"] * 7 + ["rare"] + ["common"] * 92
    frame["identifier"] = [f"id-{i}" for i in range(100)]  # always new, hence never unusual
    frame.loc[9, 20] = np.nan
    features = read_features(frame, ROWS, None, CODES, 2)
    assert features.names[features.choose(7, [], 0)[0]] == "kind"
    assert features.names[features.choose(9, [], 0)[0]] == "20"
    assert "identifier" not in [features.names[j] for j in features.choose(5, [], 0)]


def test_largest_entries_of_sparse_rows_are_shown():
    rng = np.random.default_rng(0)
    dense = rng.random((100, 3_000)) * (rng.random((100, 3_000)) < 0.02)
    features = read_features(csr_array(dense), ROWS, None, CODES, 2)
    shown = features.choose(0, [1, 2], 0)
    assert len(shown) == len(set(shown)) == SHOWN
    assert set(np.argsort(-dense[0])[: SHOWN // 2]) <= set(shown)
    assert features.show(0, shown) == [show_value(value) for value in dense[0, shown]]
    means = dense[CODES == 1].mean(axis=0)[shown]
    np.testing.assert_allclose(features.show_usual(1, shown), means, rtol=1e-3)


def test_only_the_rows_asked_for_are_read():
    rows = np.array([70, 3, 20])
    X = make_wide(2)
    for given in (X, pd.DataFrame(X), X.tolist(), csr_array(X)):
        features = read_features(given, rows, None, CODES[rows], 2)
        assert features.show(1, [0, 1]) == [show_value(value) for value in X[3]]
