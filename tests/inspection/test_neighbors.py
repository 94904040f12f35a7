"""The nearest rows that have a suggested label."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array

from skdynacor.inspection import _neighbors as neighbors
from skdynacor.inspection._findings import Findings
from skdynacor.inspection._neighbors import find_neighbors


def make_findings(rows, codes, flags, suggested, **known):
    n = len(codes)
    known = {"noise_score": np.zeros(n), "suggested_labels": np.array(suggested), **known}
    codes = np.array(codes)
    return Findings(
        codes,
        codes,
        np.unique(codes),
        np.arange(n),
        np.array(flags, bool),
        transformed=rows,
        **known,
    )


def identity(rows, mask=None):
    return [(np.ones(len(rows), bool) if mask is None else mask, lambda X: X)]


def test_nearest_come_first():
    angles = np.radians([0, 50, 10, 30, 20, 90])
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    findings = make_findings(rows, [0, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [1] * 6)
    score = np.array([1, 0.1, 0.1, 0.2, 0.3, 0.9])
    findings = replace(findings, representations=identity(rows), noise_score=score)
    # Of the five rows of class 1, those at 50 and 10 degrees have the lowest scores.
    assert_array_equal(find_neighbors(findings, np.array([0])), [[2, 1]])


def test_too_few_rows_leave_gaps():
    rows = np.eye(4)
    findings = make_findings(rows, [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0])
    findings = replace(findings, representations=identity(rows))
    assert_array_equal(find_neighbors(findings, np.array([0])), [[2, -1]])
    alone = replace(findings, flags=np.array([True, False, True, False]))
    assert_array_equal(find_neighbors(alone, np.array([0])), [[-1, -1]])


def test_each_row_is_compared_in_its_own_representation():
    rows = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    mask = np.array([True, False, True, True])
    opposite = (~mask, lambda X: np.where(X == [1, 0], -X, X))  # there, row 3 is nearer
    findings = make_findings(rows, [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1])
    findings = replace(findings, representations=[*identity(rows, mask), opposite])
    found = find_neighbors(findings, np.array([0, 1]))
    assert_array_equal(found[0], [2, 3])
    assert sorted(found[1]) == [2, 3]


def test_large_classes_are_thinned(monkeypatch):
    monkeypatch.setattr(neighbors, "_MOST_CANDIDATES", 3)
    rows = np.random.default_rng(0).normal(size=(41, 2))
    codes = np.r_[0, np.ones(40, int)]
    findings = make_findings(rows, codes, codes == 0, np.ones(41), representations=identity(rows))
    found = find_neighbors(findings, np.array([0]), n_neighbors=5)
    assert (found >= 0).sum() == 3


def test_features_are_compared_without_a_representation():
    rows = np.array([[0.0, 1000], [5, np.nan], [0.1, 1001], [5.1, 0]])
    for X in (rows, csr_array(np.nan_to_num(rows))):
        findings = make_findings(X, [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1])
        assert find_neighbors(findings, np.array([2]))[0, 0] in (0, 1, 3)
    dense = make_findings(rows, [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1])
    assert find_neighbors(dense, np.array([2]))[0, 0] == 0


def test_text_cannot_be_compared():
    rows = np.array(["a", "b", "c"], dtype=object)
    findings = make_findings(rows, [0, 1, 1], [1, 0, 0], [1, 1, 1])
    assert (find_neighbors(findings, np.array([0])) == -1).all()
