"""What labels say once it is known how classes get mistaken for others."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from skdynacor.noise_model import transition as transition_module
from skdynacor.noise_model.transition import (
    NoiseModel,
    class_probabilities,
    estimate_transition,
    fit_mixture,
    mixture_log_odds,
    noise_log_odds,
)

T = np.array([[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.3, 0.1, 0.6]])


@pytest.fixture(scope="module")
def drawn():
    """Logits that are right about the chance of each class, labels drawn by T, and the classes."""
    rng = np.random.default_rng(0)
    logits = 4 * rng.normal(size=(6000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    classes = (rng.random((6000, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(max=2)
    labels = (rng.random((6000, 1)) > T[classes].cumsum(axis=1)).sum(axis=1).clip(max=2)
    return logits, labels, classes


def test_the_matrix_that_made_the_labels_is_found(drawn):
    logits, labels, _ = drawn
    found = estimate_transition(logits, labels)
    assert_allclose(found.sum(axis=1), 1)
    assert_allclose(found, T, atol=0.03)


def test_sharper_beliefs_are_higher_powers(drawn):
    logits, labels, _ = drawn
    sharp = estimate_transition(logits / 3, labels, sharpness=3.0)
    assert_allclose(sharp, estimate_transition(logits, labels), atol=1e-6)


def test_log_odds_by_hand():
    beliefs = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    labels = np.array([1, 2])
    transition = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    joint = np.array([[0.6 * 0.2, 0.3 * 0.8, 0.1 * 0.2], [0.2 * 0.1, 0.2 * 0.1, 0.6 * 0.6]])
    expected = np.log([(0.12 + 0.02) / 0.24, (0.02 + 0.02) / 0.36])
    logits = np.log(beliefs) + np.array([[5.0], [-3.0]])  # a constant changes nothing
    assert_allclose(noise_log_odds(logits, labels, transition), expected)
    posterior = class_probabilities(logits, labels, transition)
    assert_allclose(posterior, joint / joint.sum(axis=1, keepdims=True))


def test_log_odds_are_calibrated_where_beliefs_are(drawn):
    logits, labels, classes = drawn
    transition = estimate_transition(logits, labels)
    probability = 1 / (1 + np.exp(-noise_log_odds(logits, labels, transition)))
    for low in np.arange(0, 1, 0.2):
        rows = (probability >= low) & (probability < low + 0.2)
        assert rows.sum() > 50
        wrong = (labels != classes)[rows].mean()
        assert wrong == pytest.approx(probability[rows].mean(), abs=0.1)


def test_parts_of_any_size_give_the_same(drawn, monkeypatch):
    logits, labels, _ = drawn
    whole = NoiseModel(2.0).fit(logits, labels, 0)
    odds = whole.log_odds(logits, labels)
    monkeypatch.setattr(transition_module, "_CHUNK_ENTRIES", 3 * 700)
    in_parts = NoiseModel(2.0).fit(logits, labels, 0)
    assert_allclose(in_parts.transition, whole.transition, atol=1e-9)
    assert_allclose(in_parts.log_odds(logits, labels), odds, atol=1e-6)


def test_a_label_that_nobody_gave_stays_possible():
    logits = np.array([[3.0, 0, 0], [0, 3.0, 0], [3.0, 0, 0]] * 5)
    labels = np.array([0, 1, 0] * 5)  # none of 2
    transition = estimate_transition(logits, labels)
    assert np.isfinite(np.log(transition)).all()
    assert np.isfinite(noise_log_odds(logits, labels, transition)).all()


def test_logits_far_apart_overflow_nothing():
    logits = np.array([[1e4, 0.0], [0.0, 1e4], [1e4, 0.0], [-1e4, 0.0]], dtype=np.float32)
    labels = np.array([0, 0, 1, 1])
    odds = NoiseModel().fit(logits, labels, 0).log_odds(logits, labels)
    assert np.isfinite(odds).all()
    assert_array_equal(odds > 0, [False, True, True, False])


# --- the mixture -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_groups():
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(-6, 1, 900), rng.normal(4, 3, 300)])


def test_the_mixture_finds_the_upper_group(two_groups):
    odds = mixture_log_odds(fit_mixture(two_groups, 0), two_groups)
    upper = np.arange(1200) >= 900
    assert np.mean((odds > 0) == upper) > 0.97


@pytest.mark.parametrize("widths", [(1, 3), (3, 1), (0.1, 8), (8, 0.1)])
def test_more_doubt_never_turns_to_less_in_the_tails(widths):
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(m, w, 400) for m, w in zip((-5, 5), widths, strict=True)])
    mixture = fit_mixture(values, 0)
    low, high = 10 * np.sinh(np.sort(mixture.means_[:, 0]))
    ends = mixture_log_odds(mixture, np.array([-1e3, low, high, 1e3]))
    assert ends[0] <= ends[1] < 0 < ends[2] <= ends[3]
    assert np.abs(ends).max() <= 20


def test_one_group_with_heavy_tails_is_no_mixture():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(-1.5, 1, 4000), rng.normal(-2, 4, 800)])
    assert fit_mixture(values, 0) is None


def test_sure_rows_and_surer_ones_are_no_mixture():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(-130, 9, 500), rng.normal(-25, 5, 1000)])
    assert fit_mixture(values, 0) is None
    some_wrong = np.concatenate([values, rng.normal(8, 3, 300)])
    odds = mixture_log_odds(fit_mixture(some_wrong, 0), some_wrong)
    assert_array_equal(odds + some_wrong > 0, np.arange(1800) >= 1500)


def test_one_value_is_no_mixture():
    assert fit_mixture(np.full(10, 3.0), 0) is None
    logits, labels = np.zeros((10, 2)), np.zeros(10, dtype=int)
    model = NoiseModel().fit(logits, labels, 0)
    assert_allclose(
        model.log_odds(logits, labels), noise_log_odds(logits, labels, model.transition)
    )


def test_the_model_averages_both(drawn):
    logits, labels, classes = drawn
    model = NoiseModel().fit(logits, labels, 0)
    pairs = noise_log_odds(logits, labels, model.transition)
    odds = model.log_odds(logits, labels)
    assert_allclose(odds, (pairs + mixture_log_odds(model.mixture, pairs)) / 2)
    assert roc_auc_score(labels != classes, odds) > 0.9


def test_labels_of_a_class_that_was_not_learnt_are_left_alone():
    rng = np.random.default_rng(5)
    classes = rng.integers(0, 2, 1000)
    logits = 6 * np.eye(3)[classes] + rng.normal(size=(1000, 3))  # no row looks like the third
    labels = np.where(rng.random(1000) < 0.2, 1 - classes, classes)
    labels[:8] = 2
    model = NoiseModel().fit(logits, labels, 0)
    assert_array_equal(model.learnt, [True, True, False])
    odds = model.log_odds(logits, labels)
    assert_allclose(1 / (1 + np.exp(-odds[:8])), 0.2, atol=0.03)
    assert np.mean((odds > 0)[8:] == (labels != classes)[8:]) > 0.98
    few = model.log_odds(logits[:8], labels[:8])
    assert_array_equal(few, odds[:8])


def test_where_no_class_was_learnt_no_label_is_doubted():
    logits = np.tile([0.0, 0.0, 9.0], (20, 1))
    labels = np.arange(20) % 2
    model = NoiseModel().fit(logits, labels, 0)
    assert (model.log_odds(logits, labels) <= 0).all()
