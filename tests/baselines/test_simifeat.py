"""SimiFeat against a literal transcription, HOC against known noise."""

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.metrics import f1_score
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks
from torch.testing import assert_close

from skdynacor.baselines import SimiFeatR, SimiFeatV
from skdynacor.baselines import _hoc as hoc
from skdynacor.baselines import _simifeat as eq

DETECTORS = [SimiFeatV(), SimiFeatR()]
both = pytest.mark.parametrize("make", [SimiFeatV, SimiFeatR])


# --- the nearest rows --------------------------------------------------------------------------


@pytest.fixture
def rows_with_duplicates():
    """Rows in columns of one unit, three of them alike; labels of three classes."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(3, size=40)
    X[[11, 29]], y[[11, 29]] = X[5], y[5]
    return X.astype(np.float32), y


def literal_neighbors(X, k):
    """Sort the other rows by cosine, row by row; columns of one unit are just centred."""
    X = X.astype(float) - X.mean(axis=0, dtype=float)
    neighbors = []
    for i, row in enumerate(X):
        cosines = [
            (-(row @ other) / np.sqrt((row @ row) * (other @ other)), j)
            for j, other in enumerate(X)
            if j != i
        ]
        neighbors.append([j for _, j in sorted(cosines)[:k]])
    return neighbors


@pytest.mark.parametrize("k", [1, 4, 10])
def test_votes_and_scores_are_the_literal_ones(rows_with_duplicates, k):
    X, y = rows_with_duplicates
    voted, ranked = SimiFeatV(n_neighbors=k).fit(X, y), SimiFeatR(n_neighbors=k).fit(X, y)
    for i, neighbors in enumerate(literal_neighbors(X, k)):
        votes = [sum(y[j] == c for j in neighbors) for c in range(3)]
        own = votes[y[i]]
        assert voted.flags_[i] == (own < max(votes))  # also where the winners are several
        assert voted.noise_score_[i] == pytest.approx(1 - own / k)
        cosine = (own / k) / np.sqrt(sum((v / k) ** 2 for v in votes))
        assert ranked.noise_score_[i] == pytest.approx(1 - cosine)
    assert 0 < voted.noise_rate_ < 1


def test_a_row_is_not_its_own_neighbour_but_its_duplicates_are(rows_with_duplicates):
    X, _ = rows_with_duplicates
    neighbors, similarities = eq.nearest_rows(eq.directions(X), 4)
    alike = {5, 11, 29}
    for row in alike:
        assert set(neighbors[row, :2]) == alike - {row}
    assert not (neighbors == np.arange(40)[:, None]).any()
    assert_allclose(similarities[5, :2], 1, atol=1e-6)
    assert (np.diff(similarities, axis=1) <= 0).all()


def test_similarities_are_cosines(rows_with_duplicates):
    X, _ = rows_with_duplicates
    unit = eq.directions(X)
    neighbors, similarities = eq.nearest_rows(unit, 39)
    assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    assert_allclose(similarities, (unit @ unit.T)[np.arange(40)[:, None], neighbors], atol=1e-6)


def test_columns_of_different_units_count_alike(noisy_blobs):
    X, y, _ = noisy_blobs
    even = X / X.std(axis=0)
    units = even * [1, 1e4, 1e-3, 50] + [0, 1e4, 3, -7]
    expected = SimiFeatV().fit_predict(even, y)
    assert (SimiFeatV().fit_predict(units, y) == expected).mean() > 0.99


@both
def test_constant_columns_and_rows_at_the_mean(make, noisy_blobs):
    X, y, _ = noisy_blobs
    expected = make().fit(X, y)
    constant = np.column_stack([X, np.full(len(X), 3.1)])
    assert_array_equal(make().fit(constant, y).noise_score_, expected.noise_score_)

    X = np.concatenate([X, -X, np.zeros((3, 4))])  # their mean is zero
    at_mean = eq.directions(X)
    assert_allclose(np.linalg.norm(at_mean, axis=1), 1, rtol=1e-6)
    assert_allclose(at_mean[-3:] @ at_mean[:-3].T, 0, atol=1e-3)
    detector = make().fit(X, np.concatenate([y, y, y[:3]]))
    assert np.isfinite(detector.noise_score_).all()
    alike = make().fit(np.ones((20, 2)), np.arange(20) % 2)
    assert np.isfinite(alike.noise_score_).all()


# --- HOC ---------------------------------------------------------------------------------------


def draw_labels(T, y_true, n_labels, rng):
    """Draw labels (n, n_labels) by the rows of T."""
    edges = np.cumsum(T, axis=1)[y_true]
    return (rng.random((len(y_true), n_labels))[:, :, None] > edges[:, None]).sum(axis=2)


def literal_mismatch(T, p, labels):
    """Compare all combinations of one, two and three labels, one by one."""
    n_classes, mismatch = len(p), 0
    for order in (1, 2, 3):
        for cell in itertools.product(range(n_classes), repeat=order):
            model = sum(
                p[k] * torch.stack([T[k, i] for i in cell]).prod() for k in range(n_classes)
            )
            share = np.mean([tuple(row[:order]) == cell for row in labels])
            mismatch = mismatch + (model - share) ** 2
    return mismatch


def test_the_mismatch_is_the_literal_one():
    generator = torch.Generator().manual_seed(0)
    labels = np.random.default_rng(0).integers(4, size=(30, 3))
    logits = torch.randn(5, 4, generator=generator, dtype=torch.float64, requires_grad=True)

    def value_and_gradient(mismatch, data):
        T, p = logits[:4].softmax(dim=1), logits[4].softmax(dim=0)
        value = mismatch(T, p, data)
        return value, *torch.autograd.grad(value, logits)

    computed = value_and_gradient(hoc.consensus_mismatch, hoc.consensus(labels))
    assert_close(computed, value_and_gradient(literal_mismatch, labels))


T_3 = np.array([[0.7, 0.3, 0.0], [0.05, 0.9, 0.05], [0.1, 0.3, 0.6]])
T_2 = np.array([[0.9, 0.1], [0.35, 0.65]])
T_12 = (
    0.4 * np.eye(12) + 0.3 * np.roll(np.eye(12), 1, axis=1) + 0.3 * np.roll(np.eye(12), 4, axis=1)
)


@pytest.mark.parametrize(
    ("T", "p", "atol"),
    [(T_2, [0.7, 0.3], 0.03), (T_3, [0.5, 0.2, 0.3], 0.03), (T_12, np.full(12, 1 / 12), 0.06)],
    ids=["2 classes", "3 classes", "12 classes"],
)
def test_hoc_recovers_noise_and_prior(T, p, atol):
    rng = np.random.default_rng(3)
    labels = draw_labels(T, rng.choice(len(p), size=20_000, p=p), 3, rng)
    T_found, p_found = hoc.estimate_transition(labels, len(p))
    assert_allclose(T_found, T, atol=atol)
    assert_allclose(p_found, p, atol=atol)
    assert_allclose(T_found.sum(axis=1), 1)
    assert p_found.sum() == pytest.approx(1)


def test_hoc_is_exact_on_exact_frequencies():
    """Without sampling error the true matrix has no mismatch, and is found."""
    weights = np.einsum("k,ki,kj,kl->ijl", [0.5, 0.25, 0.25], T_3, T_3, T_3)
    counts = np.rint(weights * 1e5).astype(int).ravel()
    labels = np.repeat(list(itertools.product(range(3), repeat=3)), counts, axis=0)
    T, p = hoc.estimate_transition(labels, 3)
    assert_allclose(T, T_3, atol=2e-3)
    assert_allclose(p, [0.5, 0.25, 0.25], atol=2e-3)


# --- the detectors -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clusters():
    """Well separated clusters of three classes, with labels that T_3 made noisy."""
    X, y_true = make_blobs(
        [2500, 1000, 1500], centers=np.eye(6)[:3] * 20, cluster_std=1.0, random_state=0
    )
    y = draw_labels(T_3, y_true, 1, np.random.default_rng(1))[:, 0]
    return X.astype(np.float32), y, y_true


def test_the_detectors_find_wrong_labels(clusters):
    X, y, y_true = clusters
    for detector in (SimiFeatV(n_neighbors=40), SimiFeatR(n_neighbors=40)):
        flags = detector.fit_predict(X, y)
        assert flags.dtype == bool
        assert_array_equal(flags, detector.flags_)
        assert f1_score(y != y_true, flags) > 0.93
        assert detector.noise_rate_ == pytest.approx(flags.mean())
        assert_array_equal(detector.classes_, [0, 1, 2])


def test_ranking_flags_the_share_that_is_wrong_in_each_class(clusters):
    X, y, y_true = clusters
    detector = SimiFeatR().fit(X, y)
    T, p = detector.transition_matrix_, detector.prior_
    assert_allclose(T, T_3, atol=0.05)
    assert_allclose(p, [0.5, 0.2, 0.3], atol=0.05)
    assert detector.estimated_noise_rate_ == pytest.approx((y != y_true).mean(), abs=0.02)
    for j in range(3):
        given = y == j
        share_right = min(1, T[j, j] * p[j] / given.mean())
        assert detector.flags_[given].sum() == round((1 - share_right) * given.sum())
        assert detector.flags_[given].mean() == pytest.approx((y_true != y)[given].mean(), abs=0.04)
    # Equal scores are settled in favour of rows that lie nearer to others of their label.
    neighbors, similarities = eq.nearest_rows(eq.directions(X), 10)
    lean = np.where(y[neighbors] == y[:, None], similarities, -similarities).sum(axis=1)
    suspicion = np.rec.fromarrays([detector.noise_score_, -lean]).tolist()
    tied = 0
    for j in range(3):
        flagged = min(suspicion[i] for i in np.flatnonzero((y == j) & detector.flags_))
        kept = max(suspicion[i] for i in np.flatnonzero((y == j) & ~detector.flags_))
        assert flagged > kept
        tied += flagged[0] == kept[0]
    assert tied


def test_the_lowest_scores_are_flagged_and_ties_settled_by_the_second():
    codes = np.array([1, 0, 1, 0, 1, 0, 2])
    scores = np.array([0.5, 0.2, 0.5, 0.1, 0.9, 0.3, 0.0])
    second = np.array([0.8, 0.0, 0.7, 0.0, 0.0, 0.0, 0.0])
    flags = eq.flag_lowest(scores, second, codes, np.array([2, 1, 0]))
    assert_array_equal(flags, [False, True, True, True, False, False, False])


@both
def test_permuted_rows_give_permuted_flags(make, noisy_blobs):
    X, y, _ = noisy_blobs
    order = np.random.default_rng(1).permutation(len(X))
    fitted, permuted = make().fit(X, y), make().fit(X[order], y[order])
    assert_array_equal(permuted.flags_, fitted.flags_[order])
    assert_array_equal(permuted.noise_score_, fitted.noise_score_[order])


@both
@pytest.mark.parametrize("names", [["ant", "bee", "cow"], [-7, -1, 3]], ids=["words", "negative"])
def test_any_labels(make, names, noisy_blobs):
    X, y, _ = noisy_blobs
    named = make().fit(X, np.array(names)[y])
    expected = make().fit(X, y)
    assert_array_equal(named.flags_, expected.flags_)
    assert_array_equal(named.noise_score_, expected.noise_score_)
    assert_array_equal(named.classes_, names)


@both
def test_all_other_rows_are_neighbours_where_there_are_few(make, rows_with_duplicates):
    X, y = rows_with_duplicates
    few, all_others = make(n_neighbors=99).fit(X, y), make(n_neighbors=39).fit(X, y)
    assert_array_equal(few.flags_, all_others.flags_)
    assert_array_equal(few.noise_score_, all_others.noise_score_)


@both
def test_one_neighbour(make, noisy_blobs):
    X, y, _ = noisy_blobs
    assert set(make(n_neighbors=1).fit(X, y).noise_score_) == {0, 1}


def test_hoc_takes_two_neighbours_whatever_their_number(noisy_blobs):
    X, y, _ = noisy_blobs
    one, ten = SimiFeatR(n_neighbors=1).fit(X, y), SimiFeatR().fit(X, y)
    assert_array_equal(one.transition_matrix_, ten.transition_matrix_)


@both
@pytest.mark.parametrize(
    ("params", "change", "message"),
    [
        ({"n_neighbors": 0}, {}, "'n_neighbors' parameter"),
        ({"n_neighbors": 2.5}, {}, "'n_neighbors' parameter"),
        ({}, {"X": np.full((20, 2), np.nan)}, "contains NaN"),
        ({}, {"X": np.ones((4, 2)), "y": [0, 1, 0, 1]}, "4 sample.*minimum of 5"),
        ({}, {"y": None}, "requires y to be passed"),
        ({}, {"y": ["cat"] * 20}, "one class only"),
        ({}, {"y": [0, 1]}, r"inconsistent numbers of samples: \[20, 2\]"),
    ],
)
def test_bad_input_leaves_the_detector_as_it_was(make, params, change, message):
    data = {"X": np.random.default_rng(0).normal(size=(20, 2)), "y": np.arange(20) % 2} | change
    detector = make(**params)
    before = dict(vars(detector))
    with pytest.raises(ValueError, match=message):
        detector.fit(**data)
    assert vars(detector) == before


@parametrize_with_checks(DETECTORS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", DETECTORS, ids=lambda e: type(e).__name__)
def test_parameters_are_checked(estimator):
    check_param_validation(type(estimator).__name__, estimator)
