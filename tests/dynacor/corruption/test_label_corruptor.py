import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor import CorruptedArray, LabelCorruptor
from skdynacor.datasets import make_label_noise


@pytest.mark.parametrize(
    ("n", "gamma", "m"), [(50, 0.1, 5), (50, 1.0, 50), (50, 0.5, 25), (5, 0.01, 1)]
)
def test_it_draws_a_share_of_the_rows_without_replacement(n, gamma, m):
    X, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 3
    corrupted = LabelCorruptor(gamma, random_state=0).fit_transform(X, y)
    assert type(corrupted) is CorruptedArray
    assert_array_equal(corrupted, X)
    assert len(corrupted.corrupted.sources) == m
    assert len(set(corrupted.corrupted.sources)) == m


@pytest.mark.parametrize("classes", [["b", "a"], [-5, 7, 3], [1.0, 2.0, 9.0], list("vwxyz")])
def test_a_copy_never_keeps_its_label(classes):
    rng = np.random.default_rng(0)
    y = rng.choice(classes, 400)
    copies = LabelCorruptor(1.0, random_state=1).fit_transform(rng.random((400, 2)), y).corrupted
    assert (copies.labels != y[copies.sources]).all()
    assert copies.labels.dtype == y.dtype
    assert set(copies.labels.tolist()) == set(classes)


@pytest.mark.parametrize("gamma", [0.3, 1.0])
@pytest.mark.parametrize(("n_classes", "eta"), [(10, 0.4), (3, 0.5), (2, 0.2), (25, 0.0)])
def test_proposition_1(n_classes, eta, gamma):
    y_true = np.arange(20_000) % n_classes
    y, _ = make_label_noise(y_true, "symmetric", eta, random_state=0)
    copies = LabelCorruptor(gamma, random_state=0).fit_transform(np.zeros((20_000, 1)), y).corrupted
    expected = 1 - eta / (n_classes - 1)
    error = 4 * np.sqrt(expected * (1 - expected) / len(copies.labels))
    assert np.mean(copies.labels != y_true[copies.sources]) == pytest.approx(expected, abs=error)


def test_other_classes_are_equally_likely():
    y = np.zeros(60_000, dtype=int)
    y[:3] = [1, 2, 3]
    labels = (
        LabelCorruptor(1.0, random_state=0).fit_transform(np.zeros((len(y), 1)), y).corrupted.labels
    )
    assert_allclose(np.bincount(labels, minlength=4)[1:] / len(y), 1 / 3, atol=0.01)


def test_the_same_seed_as_the_users_does_not_pick_the_users_noisy_rows():
    n = 2000
    for make in (np.random.RandomState, np.random.default_rng):
        users_rows = make(0).permutation(n)[: n // 10]
        sources = (
            LabelCorruptor(0.1, random_state=0)
            .fit_transform(np.zeros((n, 1)), np.arange(n) % 2)
            .corrupted.sources
        )
        assert len(np.intersect1d(users_rows, sources)) < 50  # 20 are expected


def test_jitter_is_in_the_unit_of_each_feature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 3)) * [1.0, 1000.0, 0.0]
    copies = (
        LabelCorruptor(1.0, jitter=0.2, random_state=0)
        .fit_transform(X, np.arange(5000) % 2)
        .corrupted
    )
    shift = copies.data - X[copies.sources]
    assert_allclose(shift.std(axis=0), [0.2, 200.0, 0.0], rtol=0.1)


@pytest.mark.parametrize("jitter", [0, 0.2])
def test_missing_values_stay_missing(jitter):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9000, 5)) * [1.0, 1000.0, 1.0, 1.0, 1.0], np.arange(9000) % 2
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:5000, 2] = X[4000:, 3] = X[:, 4] = np.nan  # throughout a chunk, or altogether
    corruptor = LabelCorruptor(1.0, jitter=jitter, random_state=0)
    corrupted = corruptor.fit_transform(X, y)
    assert_array_equal(corrupted, X)
    assert_array_equal(corruptor.transform(X), X)
    shift = corrupted.corrupted.data - X[corrupted.corrupted.sources]
    assert_array_equal(np.isnan(shift), np.isnan(X[corrupted.corrupted.sources]))
    spread = np.nanstd(shift[:, :4], axis=0)
    assert_allclose(spread, [jitter, 1000 * jitter, jitter, jitter], rtol=0.1)


def test_an_augmentation_may_hand_on_missing_values_and_make_none():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    X[::2, 1] = np.nan
    corrupted = LabelCorruptor(1.0, augment=lambda rows, rng: rows, random_state=0)
    assert_array_equal(corrupted.fit_transform(X, y).corrupted.data, X)
    worse = LabelCorruptor(1.0, augment=lambda rows, rng: rows * np.nan, random_state=0)
    with pytest.raises(ValueError, match="with NaN or infinity"):
        worse.fit_transform(X, y)


@pytest.mark.parametrize("dtype", ["f2", "f4", "u1", "i8", "u2", "?"])
def test_rows_keep_their_dtype(dtype):
    X = np.arange(20).reshape(10, 2).astype(dtype)
    assert LabelCorruptor(random_state=0).fit_transform(X, np.arange(10) % 2).dtype == dtype


def test_no_jitter_copies_rows_exactly():
    X, y = np.arange(20).reshape(10, 2), np.arange(10) % 2
    copies = LabelCorruptor(jitter=0, random_state=0).fit_transform(X, y).corrupted
    assert_array_equal(copies.data, X[copies.sources])


def test_augment_is_called_once_with_the_rows():
    X, y = np.arange(40.0).reshape(10, 4), np.arange(10) % 2
    calls = []

    def flip(rows, rng):
        calls.append(rng)
        return rows[:, ::-1]

    copies = LabelCorruptor(0.5, augment=flip, random_state=0).fit_transform(X, y).corrupted
    assert_array_equal(copies.data, X[copies.sources, ::-1])
    assert len(calls) == 1
    assert isinstance(calls[0], np.random.Generator)


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (
            lambda rows, rng: rows[:, :1],
            r"shape it was given, \(1, 4\); it returned shape \(1, 1\)",
        ),
        (lambda rows, rng: rows * np.nan, "NaN or infinity"),
    ],
)
def test_a_bad_augment_is_refused(augment, message):
    corruptor = LabelCorruptor(augment=augment)
    with pytest.raises(ValueError, match=message):
        corruptor.fit_transform(np.ones((10, 4)), np.arange(10) % 2)
    assert not hasattr(corruptor, "classes_")


def test_transform_adds_no_copies():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    out = LabelCorruptor().fit(X, y).transform(X)
    assert type(out) is np.ndarray
    assert_array_equal(out, X)


def test_a_seed_repeats_and_none_does_not():
    X, y = np.arange(400.0).reshape(200, 2), np.arange(200) % 5

    def draw(seed):
        return LabelCorruptor(0.5, random_state=seed).fit_transform(X, y).corrupted

    for name in ("data", "labels", "sources"):
        assert_array_equal(getattr(draw(4), name), getattr(draw(4), name))
    assert not np.array_equal(draw(4).sources, draw(5).sources)
    assert not np.array_equal(draw(None).sources, draw(None).sources)
    assert_array_equal(
        draw(np.random.RandomState(2)).sources, draw(np.random.RandomState(2)).sources
    )


def test_sparse_rows_are_refused():
    X = scipy.sparse.csr_array(np.eye(10))
    with pytest.raises(TypeError, match="dense data is required"):
        LabelCorruptor().fit(X, np.arange(10) % 2)


def test_set_output_changes_nothing():
    """The copies live in the array, which no container of pandas would carry."""
    pd = pytest.importorskip("pandas")
    X, y = pd.DataFrame(np.arange(20.0).reshape(10, 2), columns=["a", "b"]), np.arange(10) % 2
    corruptor = LabelCorruptor(random_state=0)
    assert corruptor.set_output(transform="pandas") is corruptor
    assert len(corruptor.fit_transform(X, y).corrupted.labels) == 1
    assert type(corruptor.transform(X)) is np.ndarray
