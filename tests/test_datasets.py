import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.datasets import make_label_noise

Y = np.arange(30_000) % 5
X = np.random.default_rng(0).normal(size=(30_000, 6))


def transition(y_noisy):
    counts = np.zeros((5, 5))
    np.add.at(counts, (Y, y_noisy), 1)
    return counts / counts.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.6])
def test_symmetric(rate):
    y, wrong = make_label_noise(Y, "symmetric", rate, random_state=0)
    assert wrong.sum() == round(rate * len(Y))
    expected = np.full((5, 5), rate / 4)
    np.fill_diagonal(expected, 1 - rate)
    assert_allclose(transition(y), expected, atol=0.02)


def test_asymmetric():
    y, wrong = make_label_noise(Y, "asymmetric", 0.3, random_state=0)
    assert wrong.sum() == 9000
    assert_array_equal(y[wrong], (Y[wrong] + 1) % 5)


def test_instance_dependent():
    y, wrong = make_label_noise(Y, "instance", 0.4, X, random_state=0)
    assert wrong.mean() == pytest.approx(0.4, abs=0.01)
    # Equal rows of one class go wrong in the same direction more often than not.
    side = np.random.default_rng(1).random(30_000) < 0.5
    y, wrong = make_label_noise(
        Y, "instance", 0.4, np.where(side[:, None], X[0], -X[0]), random_state=0
    )
    largest = []
    for true in range(5):
        shares = np.bincount(y[(true == Y) & side & wrong], minlength=5)
        assert shares[true] == 0
        largest.append(shares.max() / shares.sum())
    assert np.mean(largest) > 0.5  # a quarter each, if the features did not matter
    assert not make_label_noise(Y, "instance", 0.0, X)[1].any()


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric", "instance"])
def test_labels_keep_their_kind_and_the_seed_repeats(kind):
    names = np.array(list("vwxyz"))[Y]
    y, wrong = make_label_noise(names, kind, 0.2, X, random_state=3)
    assert_array_equal(y != names, wrong)
    assert y.dtype == names.dtype
    assert_array_equal(make_label_noise(names, kind, 0.2, X, random_state=3)[0], y)
    assert not np.array_equal(make_label_noise(names, kind, 0.2, X, random_state=4)[0], y)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((Y, "symetric", 0.2), "'symmetric', 'asymmetric', 'instance'; got 'symetric'"),
        ((Y, "symmetric", 1.2), r"in \[0, 1\); got 1.2"),
        ((Y, "instance", 0.2), "pass X"),
        ((Y, "instance", 0.2, X[:5]), "inconsistent numbers of samples"),
        ((np.zeros(9, dtype=int), "symmetric", 0.2), "one class only"),
    ],
)
def test_bad_input(args, message):
    with pytest.raises(ValueError, match=message):
        make_label_noise(*args)
