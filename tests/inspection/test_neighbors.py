"""The rows that speak for a suggested label."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.ensemble import RandomForestClassifier

from skdynacor.inspection import neighbors
from skdynacor.inspection.findings import Findings
from skdynacor.inspection.neighbors import find_neighbors
from skdynacor.recording.out_of_bag import TrainedForest
from skdynacor.recording.representation import shared_leaves


def make_findings(rows, codes, flags, suggested, **known):
    n = len(codes)
    known = {"noise_score": np.zeros(n), "suggested_labels": np.array(suggested), **known}
    codes = np.array(codes)
    return Findings(
        codes, codes, np.unique(codes), np.arange(n), np.array(flags, bool), rows=rows, **known
    )


def identity(rows, seen_in=None):
    return [(np.ones(len(rows), bool) if seen_in is None else seen_in, lambda X: X)]


def test_nearest_come_first():
    angles = np.radians([0, 50, 10, 30, 20, 90])
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    findings = make_findings(rows, [0, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [1] * 6)
    findings = replace(
        findings, spaces=identity(rows), noise_score=np.array([1, 0.1, 0.1, 0.2, 0.3, 0.9])
    )
    # Of the five rows of class 1, the two in least doubt are those at 50 and 10 degrees.
    assert_array_equal(find_neighbors(findings, np.array([0])), [[2, 1]])


def test_too_few_rows_leave_gaps():
    rows = np.eye(4)
    findings = make_findings(rows, [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 1, 0], spaces=identity(rows))
    assert_array_equal(find_neighbors(findings, np.array([0])), [[2, -1]])
    alone = replace(findings, flags=np.array([True, False, True, False]))
    assert_array_equal(find_neighbors(alone, np.array([0])), [[-1, -1]])


def test_each_row_is_looked_at_in_its_own_space():
    rows = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    first = np.array([True, False, True, True])
    spaces = [*identity(rows, first), (~first, lambda X: X[:, ::-1])]
    spaces[1] = (~first, lambda X: np.where(X == [1, 0], -X, X))  # there, row 3 is nearer
    findings = make_findings(rows, [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1], spaces=spaces)
    found = find_neighbors(findings, np.array([0, 1]))
    assert_array_equal(found[0], [2, 3])
    assert sorted(found[1]) == [2, 3]


def test_large_classes_are_thinned(monkeypatch):
    monkeypatch.setattr(neighbors, "_MOST_CANDIDATES", 3)
    rows = np.random.default_rng(0).normal(size=(41, 2))
    codes = np.r_[0, np.ones(40, int)]
    findings = make_findings(rows, codes, codes == 0, np.ones(41), spaces=identity(rows))
    asked = find_neighbors(findings, np.array([0]), n_neighbors=5)
    assert (asked >= 0).sum() == 3


def test_features_stand_in_for_a_model_without_a_view_of_rows():
    rows = np.array([[0.0, 1000], [5, np.nan], [0.1, 1001], [5.1, 0]])
    for X in (rows, csr_array(np.nan_to_num(rows))):
        findings = make_findings(X, [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1])
        assert find_neighbors(findings, np.array([2]))[0, 0] in (0, 1, 3)
    dense = make_findings(rows, [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1], noise_score=np.zeros(4))
    assert find_neighbors(dense, np.array([2]))[0, 0] == 0


def test_text_cannot_be_compared():
    rows = np.array(["a", "b", "c"], dtype=object)
    findings = make_findings(rows, [0, 1, 1], [1, 0, 0], [1, 1, 1])
    assert (find_neighbors(findings, np.array([0])) == -1).all()


def test_leaves_are_counted_as_shared():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0).fit(X, X[:, 0] > 0)
    directions = shared_leaves(TrainedForest(forest, 2, [20]), X)
    leaves = forest.apply(X)
    shared = (leaves[:, None] == leaves[None]).mean(axis=2)
    assert_allclose((directions @ directions.T).toarray(), shared, rtol=1e-6)
