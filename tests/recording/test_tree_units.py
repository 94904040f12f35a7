"""What trees learn does not depend on the unit that a feature is measured in."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.datasets import load_wine
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from skdynacor import DynamicsCollector, make_dynacor_pipeline
from skdynacor.datasets import make_label_noise
from skdynacor.recording.tree_units import in_units, to_callers_units, units_of

FORESTS = {
    "random": RandomForestClassifier(20, random_state=0),
    "extra": ExtraTreesClassifier(20, bootstrap=True, random_state=0),
}
TINY = np.float32(2.0**-40)  # trees of scikit-learn would see constants


def make_collector(forest):
    return DynamicsCollector(forest, held_out=True, signal="logit_difference", random_state=0)


def test_only_small_units_change_and_by_powers_of_two():
    X = np.array([[1, 1e-5, 0, 1e-30], [3, 3e-5, 0, 3e-30]], dtype=np.float32)
    assert units_of(X[:, [0, 2]]) is None
    assert in_units(X, None) is X
    units = units_of(X)
    assert units[0] == units[2] == 1
    assert_array_equal(np.log2(units) % 1, 0)
    scales = in_units(X, units).std(axis=0)[[1, 3]]
    assert ((scales >= 1) & (scales < 2)).all()


@pytest.mark.parametrize("forest", FORESTS)
@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_forests_learn_the_same_in_any_unit(noisy_blobs, forest, kind):
    X, y, _ = noisy_blobs
    units = np.array([1, TINY, 2**20 * TINY, 4], dtype=np.float32)
    plain, other = (make_collector(FORESTS[forest]).fit(kind(rows), y) for rows in (X, X * units))
    assert_array_equal(other.dynamics_, plain.dynamics_)
    assert len(np.unique(plain.dynamics_)) > 20
    assert_array_equal(other.transform(kind((X + 1) * units)), plain.transform(kind(X + 1)))
    leaves = [space(kind(X[:9])) for _, space in plain.spaces()]
    assert_array_equal(
        [space(kind(X[:9] * units)).toarray() for _, space in other.spaces()],
        [each.toarray() for each in leaves],
    )


def test_trees_that_grow_in_parts_are_brought_back_once(noisy_blobs):
    X, y, _ = noisy_blobs
    forest = RandomForestClassifier(5, random_state=0, warm_start=True)
    plain = [forest.set_params(n_estimators=n).fit(X, y).predict_proba(X) for n in (5, 9)]
    units, rows = units_of(X * TINY), X * TINY
    forest = RandomForestClassifier(5, random_state=0, warm_start=True)
    for n, before, expected in ((5, 0, plain[0]), (9, 5, plain[1])):
        forest.set_params(n_estimators=n).fit(in_units(rows, units), y)
        to_callers_units(forest.estimators_[before:], units)
        assert_array_equal(forest.predict_proba(rows), expected)


@pytest.mark.parametrize("exponent", [-60, -20, 20, 60])
def test_the_default_flags_the_same_in_any_unit(exponent):
    X, y = load_wine(return_X_y=True)
    y, _ = make_label_noise(y, "symmetric", 0.3, random_state=0)
    X = X.astype(np.float32)
    plain, other = (
        make_dynacor_pipeline(random_state=0).fit(rows, y)
        for rows in (X, X * np.float32(2.0**exponent))
    )
    assert_array_equal(other[-1].noise_probability_, plain[-1].noise_probability_)
    assert other[1].weights_ == plain[1].weights_
    assert len(plain[1].weights_) > 1
