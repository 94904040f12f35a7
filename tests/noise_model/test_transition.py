"""The transition matrix, estimated from anchors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.noise_model.transition import (
    agree_beyond_chance,
    count_anchors,
    estimate_transition_matrix,
    implied_noise_rate,
)


def test_anchors_by_hand():
    logits = np.array([[5.0, 0, 1], [2, 1, 0], [9, 8, 9.5], [3, 0, 1], [0, 9, 1]])
    labels = np.array([0, 2, 0, 1, 1])
    assert_array_equal(count_anchors(logits, labels, 0.4), [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert_array_equal(count_anchors(logits, labels, 1), [[1, 1, 1], [0, 1, 0], [1, 0, 0]])


@pytest.mark.parametrize("share", [0.1, 1 / 3, 1 / 2, 1])
def test_the_share_is_that_of_each_class(drawn, share):
    logits, labels, _ = drawn
    n_rows = np.bincount(logits.argmax(axis=1))
    n_anchors = count_anchors(logits, labels, share).sum(axis=1)
    assert ((n_anchors >= share * n_rows) & (n_anchors < share * n_rows + 2)).all()


@pytest.mark.parametrize("share", [1 / 3, 1 / 2])
def test_the_matrix_that_made_the_labels_is_found(drawn, true_transition, share):
    logits, labels, _ = drawn
    found = estimate_transition_matrix(count_anchors(logits, labels, share))
    assert_allclose(found.sum(axis=1), 1)
    assert_allclose(found, true_transition, atol=0.04)


def test_rows_that_are_no_anchors_would_mislead(drawn, true_transition):
    logits, labels, _ = drawn
    found = estimate_transition_matrix(count_anchors(logits, labels, 1))
    assert np.abs(found - true_transition).max() > 0.08


def test_clean_classes_that_overlap_are_hardly_mistaken(overlapping):
    logits, labels = overlapping
    found = estimate_transition_matrix(count_anchors(logits, labels, 1 / 3))
    assert_allclose(found, np.eye(len(found)), atol=0.03)


@pytest.mark.parametrize("share", [1 / 3, 1 / 2])
@pytest.mark.parametrize("constant", [0, 7])
def test_neither_the_order_of_rows_nor_a_constant_matters(drawn, share, constant):
    logits, labels, _ = drawn
    logits = logits.round()  # many margins are equal
    order = np.random.default_rng(1).permutation(len(labels))
    counts = count_anchors(logits, labels, share)
    assert_array_equal(count_anchors(logits[order] + constant, labels[order], share), counts)


def test_classes_in_another_order_give_the_matrix_in_that_order(drawn):
    logits, labels, _ = drawn
    order = np.array([2, 0, 1])
    counts = count_anchors(logits, labels, 1 / 3)
    renamed = count_anchors(logits[:, order], np.argsort(order)[labels], 1 / 3)
    assert_array_equal(renamed, counts[np.ix_(order, order)])
    found = estimate_transition_matrix(renamed)
    assert_allclose(found, estimate_transition_matrix(counts)[np.ix_(order, order)])


def test_of_equal_margins_all_are_anchors():
    labels = np.arange(20) % 2
    assert_array_equal(count_anchors(np.tile([4.0, 0], (20, 1)), labels, 0.1), [[10, 10], [0, 0]])
    assert count_anchors(np.zeros((20, 2)), labels, 0.1).sum() == 20


def test_a_class_without_anchors_gets_the_common_rates():
    counts = np.array([[80, 10, 10], [10, 80, 10], [0, 0, 0]])
    found = estimate_transition_matrix(counts)
    right = 160.5 / 201
    assert_allclose(found[2], [(1 - right) / 2, (1 - right) / 2, right])


def test_few_anchors_are_drawn_to_all_together_and_many_decide():
    rates = np.array([[0.6, 0.4], [0.0, 1.0]])
    few, many = (estimate_transition_matrix(n * rates + [[0, 0], [0, 1000]]) for n in (2, 2000))
    assert few[0, 0] > 0.9
    assert many[0, 0] == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize(("more_agreement", "expected"), [(-20, False), (0, False), (60, True)])
def test_predictions_agree_beyond_chance_or_not(more_agreement, expected):
    shares = np.array([0.6, 0.3, 0.1])
    counts = 300 * np.array([[0.5], [0.4], [0.1]]) * shares + more_agreement * np.eye(3)
    assert agree_beyond_chance(np.maximum(counts, 0), shares) is expected


@pytest.mark.parametrize(
    "counts", [np.zeros((3, 3)), np.diag([1e7, 1e7, 0]), np.ones((3, 3)), np.eye(3)]
)
def test_no_label_is_impossible(counts):
    found = estimate_transition_matrix(counts)
    assert (found > 1e-8).all()
    assert_allclose(found.sum(axis=1), 1)


# --- the noise rate ----------------------------------------------------------------------------


def labels_of(shares):
    return np.repeat(np.arange(len(shares)), np.round(np.multiply(shares, 100_000)).astype(int))


@pytest.mark.parametrize("shares", [[0.2, 0.3, 0.5], [0.7, 0.3, 0.0]])
def test_the_rate_is_that_of_the_classes_behind_the_labels(true_transition, shares):
    labels = labels_of(shares @ true_transition)
    rate = implied_noise_rate(true_transition, labels)
    assert rate == pytest.approx(1 - shares @ true_transition.diagonal(), abs=1e-3)


def test_a_rate_that_no_classes_explain_is_the_closest_possible():
    # Even if all rows were of the first class, one label in ten would be of the second.
    transition = np.array([[0.9, 0.1], [0.3, 0.7]])
    assert implied_noise_rate(transition, labels_of([1.0, 0.0])) == pytest.approx(0.1, abs=1e-3)


def test_the_identity_implies_no_noise():
    assert implied_noise_rate(np.eye(2) * 0.999998 + 1e-6, labels_of([0.4, 0.6])) < 1e-5
