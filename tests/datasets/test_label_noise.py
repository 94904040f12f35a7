import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.datasets import make_label_noise

Y = np.arange(30_000) % 5
X = np.random.default_rng(0).normal(size=(30_000, 6))


T = np.array(
    [
        [0.7, 0.3, 0.0, 0.0, 0.0],
        [0.1, 0.2, 0.3, 0.4, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
        [0.2, 0.2, 0.2, 0.2, 0.2],
    ]
)


def transition(y_noisy):
    counts = np.zeros((5, 5))
    np.add.at(counts, (Y, y_noisy), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def assert_within_sampling_error(y_noisy, expected):
    error = 4 * np.sqrt(expected * (1 - expected) / (len(Y) / 5))
    assert (abs(transition(y_noisy) - expected) <= error).all()


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.6])
def test_symmetric(rate):
    y, wrong = make_label_noise(Y, "symmetric", rate, random_state=0)
    assert wrong.sum() == round(rate * len(Y))
    expected = np.full((5, 5), rate / 4)
    np.fill_diagonal(expected, 1 - rate)
    assert_within_sampling_error(y, expected)


def test_asymmetric():
    y, wrong = make_label_noise(Y, "asymmetric", 0.3, random_state=0)
    assert wrong.sum() == 9000
    assert_array_equal(y[wrong], (Y[wrong] + 1) % 5)
    expected = 0.7 * np.eye(5) + 0.3 * np.roll(np.eye(5), 1, axis=1)
    assert_within_sampling_error(y, expected)


def test_class_dependent():
    y, wrong = make_label_noise(Y, "class", T, random_state=0)
    assert_within_sampling_error(y, T)
    assert_array_equal(wrong, y != Y)
    # Draws are independent within a class.
    own = wrong[Y == 0]
    assert np.corrcoef(own[1:], own[:-1])[0, 1] == pytest.approx(0, abs=4 / np.sqrt(len(own)))


def test_class_dependent_takes_classes_in_sorted_order():
    names = np.array(["b", "a", "c"] * 4)
    y, _ = make_label_noise(names, "class", [[0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert_array_equal(y, ["b", "b", "c"] * 4)


def test_instance_dependent():
    y, wrong = make_label_noise(Y, "instance", 0.4, X, random_state=0)
    # 0.1 is the spread of the rows' own rates, the rest that of the draws.
    error = 4 * np.sqrt((0.4 * 0.6 + 0.1**2) / len(Y))
    assert wrong.mean() == pytest.approx(0.4, abs=error)
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


@pytest.mark.parametrize(
    ("kind", "rate"), [("symmetric", 0.2), ("asymmetric", 0.2), ("class", T), ("instance", 0.2)]
)
def test_labels_keep_their_kind_and_the_seed_repeats(kind, rate):
    names = np.array(list("vwxyz"))[Y]
    y, wrong = make_label_noise(names, kind, rate, X, random_state=3)
    assert_array_equal(y != names, wrong)
    assert y.dtype == names.dtype
    assert_array_equal(make_label_noise(names, kind, rate, X, random_state=3)[0], y)
    assert not np.array_equal(make_label_noise(names, kind, rate, X, random_state=4)[0], y)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("kind", ["symmetric", "asymmetric", "class", "instance"])
def test_a_rate_no_better_than_chance_warns(kind, n_classes):
    y, limit = np.arange(420) % n_classes, 1 - 1 / n_classes

    def make(rate):
        if kind == "class":
            rate = (1 - rate) * np.eye(n_classes) + rate * np.roll(np.eye(n_classes), 1, axis=1)
        make_label_noise(y, kind, rate, X[:420], random_state=0)

    make(limit - 0.001)  # a warning would be an error
    message = rf"rate of {limit:.4g} among C = {n_classes} .* 1 - 1/C = {limit:.4g}.*by chance"
    with pytest.warns(UserWarning, match=message) as caught:
        make(limit)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="not below"):
        make(limit + 0.01)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((Y, "symetric", 0.2), "'kind' .* among .*'asymmetric'.* Got 'symetric'"),
        ((Y, "symmetric", 1.2), r"'rate' .* range \[0.0, 1.0\).* Got 1.2"),
        (([], "symmetric", 0.2), "y holds no labels"),
        ((Y, "symmetric", T), r"kind='symmetric'; got an array of shape \(5, 5\).*kind='class'"),
        ((Y, "instance", [0.2], X), r"kind='instance'; got an array of shape \(1,\)"),
        ((Y, "class", 0.2), r"shape \(5, 5\).* y holds 5 classes; got shape \(\)"),
        ((Y, "class", T[:4]), r"shape \(5, 5\).*got shape \(4, 5\)"),
        ((Y, "class", np.roll(T, 1, axis=0) - 1e-3), r"row 0 is \[0.199.*sum 0.995 \(5 faulty"),
        ((Y, "class", T + np.diag([0, 0, 0, 0, 2e-6])), r"row 4 .*sum 1.000002 \(1 faulty"),
        ((Y, "class", T + np.outer([0, 0, 1, 0, 0], [-1, 1, 0, 0, 0])), r"row 2 is \[-1.0, 1.0"),
        ((Y, "class", np.where(T == 1, np.nan, T)), "row 2 is .*nan"),
        ((Y, "instance", 0.2), "pass X"),
        ((Y, "instance", 0.2, X[:5]), "inconsistent numbers of samples"),
        ((np.zeros(9, dtype=int), "symmetric", 0.2), "one class only"),
    ],
)
def test_bad_input(args, message):
    with pytest.raises(ValueError, match=message):
        make_label_noise(*args)
