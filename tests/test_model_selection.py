import numpy as np
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier

from skdynacor.model_selection import InSample


def test_all_rows_train_and_all_are_scored():
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3
    ((train, test),) = InSample().split(X, y)
    assert_array_equal(train, np.arange(30))
    assert_array_equal(test, np.arange(30))
    assert InSample().get_n_splits(X) == 1
    assert repr(InSample()) == "InSample()"
    result = cross_validate(DecisionTreeClassifier(), X, y, cv=InSample())
    assert_array_equal(result["test_score"], [1.0])  # a tree fits its training rows perfectly


def test_sparse_rows_are_counted():
    ((train, test),) = InSample().split(csr_array(np.eye(3)))
    assert train.tolist() == test.tolist() == [0, 1, 2]
