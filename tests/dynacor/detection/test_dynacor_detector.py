import pickle
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import f1_score

from skdynacor import CorruptedArray, CorruptedCopies, DynaCorDetector
from skdynacor.dynacor.detection.encoder import noise_probability, validation_score


def make_trajectories(n_right, n_wrong, n_epochs, rng):
    """Right labels are agreed with early, wrong ones late if at all."""
    right = rng.random((n_right, n_epochs)) < np.linspace(0.7, 0.98, n_epochs)
    wrong = rng.random((n_wrong, n_epochs)) < np.linspace(0.02, 0.4, n_epochs)
    return np.where(np.concatenate([right, wrong]), 1.0, -1.0)


def carrying(T, copies):
    n = len(copies)
    return CorruptedArray(T, CorruptedCopies(copies, np.zeros(n), np.zeros(n, dtype=int)))


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    T = make_trajectories(300, 100, 12, rng)
    wrong = np.arange(400) >= 300
    return carrying(T, make_trajectories(2, 38, 12, rng)), wrong


@pytest.fixture(scope="module")
def fitted(problem):
    return DynaCorDetector(random_state=0).fit(problem[0])


def test_it_finds_wrong_labels(problem, fitted):
    _, wrong = problem
    assert fitted.flags_.dtype == bool
    assert f1_score(wrong, fitted.flags_) > 0.97
    assert fitted.noise_rate_ == pytest.approx(fitted.flags_.mean())
    assert fitted.centroids_.shape == (2, 64)
    assert fitted.validation_scores_.shape == (9,)
    assert fitted.best_epoch_ == fitted.validation_scores_.argmax()


def test_methods_agree_with_one_another(problem, fitted):
    T, _ = problem
    assert_array_equal(fitted.predict(T), fitted.flags_)
    assert_array_equal(clone(fitted).fit_predict(T), fitted.flags_)
    proba = fitted.predict_proba(T)
    assert_array_equal(proba[:, 1], fitted.noise_probability_)
    assert_allclose(proba.sum(axis=1), 1)
    assert_allclose(fitted.decision_function(T), proba[:, 1] - proba[:, 0])
    assert_array_equal(fitted.flags_, fitted.decision_function(T) > 0)
    assert fitted.score(T) == pytest.approx(fitted.validation_scores_.max(), rel=1e-4)


def test_the_probability_is_eq_3_and_the_score_eq_9(problem, fitted):
    T, _ = problem
    encoder, centroids = fitted.encoder_.double(), torch.from_numpy(fitted.centroids_)
    rows = torch.from_numpy(np.concatenate([T, T.corrupted.data]))
    with torch.no_grad():
        q = noise_probability(encoder(rows), centroids)
    assert_allclose(fitted.noise_probability_, q[:400])
    is_copy = (torch.arange(440) >= 400).double()
    assert fitted.score(T) == pytest.approx(validation_score(q, 1 - is_copy, is_copy))


def test_stages_lead_to_the_best_epoch(problem, fitted):
    T, _ = problem
    stages = list(fitted.staged_predict_proba(T))
    assert len(stages) == 9
    assert_allclose(stages[fitted.best_epoch_], fitted.predict_proba(T))
    untrained = DynaCorDetector(max_epochs=0, random_state=0).fit(T)
    assert_allclose(stages[0], untrained.predict_proba(T))
    for (embeddings, centroids), proba in zip(fitted.staged_transform(T), stages, strict=True):
        assert embeddings.shape == (400, 64)
        to_clean, to_noisy = (
            1 / (2 - embeddings @ c / np.linalg.norm(embeddings, axis=1) / np.linalg.norm(c))
            for c in centroids
        )
        assert_allclose(proba[:, 1], to_noisy / (to_clean + to_noisy))


def test_permuted_rows_give_permuted_flags(problem, fitted):
    T, _ = problem
    order = np.random.default_rng(1).permutation(400)
    permuted = DynaCorDetector(random_state=0).fit(carrying(np.array(T)[order], T.corrupted.data))
    assert_array_equal(permuted.flags_, fitted.flags_[order])
    assert_allclose(permuted.noise_probability_, fitted.noise_probability_[order], atol=1e-6)


def test_repeated_rows_count_but_cost_nothing(problem):
    T, _ = problem
    T, copies = np.array(T), T.corrupted.data
    once = DynaCorDetector(random_state=0).fit(carrying(T, copies))
    thrice = DynaCorDetector(random_state=0).fit(
        carrying(np.tile(T, (3, 1)), np.tile(copies, (3, 1)))
    )
    assert_allclose(thrice.noise_probability_, np.tile(once.noise_probability_, 3), atol=1e-5)


def test_a_row_does_not_depend_on_the_rows_beside_it(problem, fitted):
    T, _ = problem
    alone = [fitted.predict_proba(row[None])[0, 1] for row in np.array(T)[:30]]
    assert_allclose(alone, fitted.noise_probability_[:30], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.float64, bool])
def test_any_two_values_of_any_type(problem, fitted, dtype):
    T, wrong = problem
    if dtype is bool:
        T = carrying(np.array(T) > 0, T.corrupted.data > 0)
    else:
        T = carrying(T.astype(dtype), T.corrupted.data.astype(dtype))
    detector = DynaCorDetector(random_state=0).fit(T)
    if dtype is bool:
        assert f1_score(wrong, detector.flags_) > 0.7
    else:
        assert_allclose(detector.noise_probability_, fitted.noise_probability_)


def test_real_dynamics_of_any_unit(problem):
    T, wrong = problem
    noise = np.random.default_rng(0).normal(size=(440, 12))
    real, real_copies = T * 2 + noise[:400], T.corrupted.data * 2 + noise[400:]
    detector = DynaCorDetector(random_state=0).fit(carrying(real, real_copies))
    assert f1_score(wrong, detector.flags_) > 0.8
    scaled = DynaCorDetector(random_state=0).fit(carrying(real * 1000, real_copies * 1000))
    assert_allclose(scaled.noise_probability_, detector.noise_probability_, atol=1e-4)
    # A signal that is larger for wrong labels works as well: the copies show which is which.
    turned = DynaCorDetector(random_state=0).fit(carrying(-real, -real_copies))
    assert f1_score(wrong, turned.flags_) > 0.85


def test_without_copies_it_warns_and_falls_back_to_k_means(problem):
    T, wrong = problem
    with pytest.warns(UserWarning, match="no corrupted copies.*LabelCorruptor before.*scalers"):
        detector = DynaCorDetector(random_state=0).fit(np.array(T))
    assert f1_score(wrong, detector.flags_) > 0.8
    assert detector.score(np.array(T)) == pytest.approx(detector.validation_scores_.max(), rel=1e-4)


@pytest.mark.filterwarnings("ignore:X carries no corrupted copies")
def test_rows_all_alike_are_not_flagged():
    T = np.ones((20, 5))
    assert not DynaCorDetector(random_state=0).fit_predict(T).any()
    detector = DynaCorDetector(random_state=0).fit(carrying(T, T[:3]))
    assert not detector.flags_.any()
    assert detector.score(T) == 0.0
    assert not DynaCorDetector().fit_predict(np.zeros((20, 5))).any()


def test_one_epoch():
    T = np.repeat([[1.0], [-1.0]], [30, 10], axis=0)
    flags = DynaCorDetector(random_state=0).fit_predict(carrying(T, -np.ones((4, 1))))
    assert_array_equal(flags, T[:, 0] < 0)


def test_new_trajectories_are_scored(problem, fitted):
    rng = np.random.default_rng(9)
    T = make_trajectories(50, 50, 12, rng)
    assert f1_score(np.arange(100) >= 50, fitted.predict(T)) > 0.94
    assert 0 < fitted.score(T) < 1
    assert fitted.score(T[50:][fitted.predict(T)[50:]]) == 0.0  # nothing in it is clean


def test_rows_weigh_as_said_in_the_score(problem, fitted):
    T, _ = problem
    T = np.array(T)
    weights = np.random.default_rng(0).integers(0, 3, len(T))
    repeated = fitted.score(np.repeat(T, weights, axis=0))
    assert fitted.score(T, sample_weight=weights) == pytest.approx(repeated)
    assert fitted.score(T, sample_weight=np.zeros(len(T))) == 0.0
    with pytest.raises(ValueError, match="inconsistent"):
        fitted.score(T, sample_weight=weights[1:])


def test_alpha_and_epochs_count(problem, fitted):
    T, _ = problem
    other = DynaCorDetector(alpha=5.0, random_state=0).fit(T)
    assert not np.allclose(other.validation_scores_, fitted.validation_scores_)
    untrained = DynaCorDetector(max_epochs=0, random_state=0).fit(T)
    assert untrained.best_epoch_ == 0
    assert_allclose(untrained.validation_scores_, fitted.validation_scores_[:1])
    slow = DynaCorDetector(lr=1e-6, random_state=0).fit(T)
    assert_allclose(slow.validation_scores_, fitted.validation_scores_[0], rtol=0.2)


def test_a_seed_repeats_and_none_does_not(problem, fitted):
    T, _ = problem
    state = torch.get_rng_state()
    again = DynaCorDetector(random_state=0).fit(T)
    assert torch.equal(torch.get_rng_state(), state)
    assert_array_equal(again.noise_probability_, fitted.noise_probability_)
    one, other = (DynaCorDetector().fit(T).noise_probability_ for _ in range(2))
    assert not np.array_equal(one, other)


def test_it_survives_pickle(problem, fitted):
    T, _ = problem
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(twin.predict_proba(T), fitted.predict_proba(T))
    assert twin.score(T) == fitted.score(T)


def test_copies_of_another_training_are_refused(problem):
    T, _ = problem
    detector = DynaCorDetector()
    with pytest.raises(ValueError, match=r"copies have shape \(40, 11\), X has shape \(400, 12\)"):
        detector.fit(carrying(T, T.corrupted.data[:, :-1]))
    assert not hasattr(detector, "n_features_in_")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_flags_of_the_cpu(problem, fitted):
    T, _ = problem
    on_cuda = DynaCorDetector(device="cuda", random_state=0).fit(T)
    assert next(on_cuda.encoder_.parameters()).device.type == "cpu"
    assert np.mean(on_cuda.flags_ == fitted.flags_) > 0.99


def test_a_training_that_diverges_is_refused():
    rng = np.random.default_rng(0)
    copies = CorruptedCopies(-np.abs(rng.normal(size=(9, 4))), np.zeros(9), np.arange(9))
    T = CorruptedArray(rng.normal(size=(30, 4)), copies)
    with pytest.raises(ValueError, match=r"training diverged; lower lr=1e\+15"):
        DynaCorDetector(lr=1e15, max_epochs=4, random_state=0).fit(T)


def test_dynamics_that_single_precision_cannot_hold_are_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of no copies
        with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
            DynaCorDetector().fit(np.full((9, 2), 1e200))
