"""The transition matrix, estimated from anchors and from the confident joint."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skdynacor.noise_model import transition
from skdynacor.noise_model.transition import (
    count_anchors,
    count_confident_joint,
    doubt,
    estimate_transition_matrix,
    evidence_of_learning,
    implied_noise_rate,
    measure_agreement,
    without_classes,
)


def test_anchors_by_hand(monkeypatch):
    logits = np.array([[5.0, 0, 1], [2, 1, 0], [9, 8, 9.5], [3, 0, 1], [0, 9, 1]])
    labels = np.array([0, 2, 0, 1, 1])
    assert_array_equal(count_anchors(logits, labels), [[1, 1, 1], [0, 1, 0], [1, 0, 0]])
    monkeypatch.setattr(transition, "_ENOUGH_ANCHORS", 1)
    monkeypatch.setattr(transition, "_ANCHOR_SHARE", 0.4)
    assert_array_equal(count_anchors(logits, labels), [[1, 1, 0], [0, 1, 0], [1, 0, 0]])


def test_a_third_of_each_class_are_anchors(drawn):
    logits, labels, _ = drawn
    n_rows = np.bincount(logits.argmax(axis=1))
    n_anchors = count_anchors(logits, labels).sum(axis=1)
    assert ((n_anchors >= n_rows / 3) & (n_anchors < n_rows / 3 + 2)).all()


def test_of_few_rows_more_are_anchors(drawn):
    logits, labels, _ = (each[:150] for each in drawn)
    n_rows = np.bincount(logits.argmax(axis=1))
    n_anchors = count_anchors(logits, labels).sum(axis=1)
    assert_array_equal(n_anchors.clip(max=30), np.minimum(n_rows, 30))
    assert n_anchors.max() < 32


def test_the_matrix_that_made_the_labels_is_found(drawn, true_transition):
    logits, labels, _ = drawn
    found = estimate_transition_matrix(count_anchors(logits, labels), labels)
    assert_allclose(found.sum(axis=1), 1)
    assert_allclose(found, true_transition, atol=0.05)


def test_clean_classes_that_overlap_are_hardly_mistaken(overlapping):
    logits, labels = overlapping
    found = estimate_transition_matrix(count_anchors(logits, labels), labels)
    assert_allclose(found, np.eye(len(found)), atol=0.03)


@pytest.mark.parametrize("count", [count_anchors, count_confident_joint])
@pytest.mark.parametrize("constant", [0, 7])
def test_neither_the_order_of_rows_nor_a_constant_matters(drawn, count, constant):
    logits, labels, _ = drawn
    logits = logits.round()  # many margins are equal
    order = np.random.default_rng(1).permutation(len(labels))
    counts = count(logits, labels)
    assert_allclose(count(logits[order] + constant, labels[order]), counts, rtol=1e-6)


@pytest.mark.parametrize("count", [count_anchors, count_confident_joint])
def test_classes_in_another_order_give_the_matrix_in_that_order(drawn, count):
    logits, labels, _ = drawn
    order = np.array([2, 0, 1])
    renamed_labels = np.argsort(order)[labels]
    counts, renamed = count(logits, labels), count(logits[:, order], renamed_labels)
    assert_allclose(renamed, counts[np.ix_(order, order)])
    found = estimate_transition_matrix(counts, labels)
    assert_allclose(
        estimate_transition_matrix(renamed, renamed_labels), found[np.ix_(order, order)]
    )


def test_of_equal_margins_all_are_anchors():
    labels = np.arange(200) % 2
    counts = count_anchors(np.tile([4.0, 0], (200, 1)), labels)
    assert_array_equal(counts, [[100, 100], [0, 0]])
    assert count_anchors(np.zeros((200, 2)), labels).sum() == 200


def test_the_confident_joint_by_hand():
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7], [0.45, 0.55]])
    labels = np.array([0, 0, 1, 1, 1, 0])
    # The thresholds are 0.65 and 0.5667: rows 0 and 2 are confidently of the first class, rows 3
    # and 4 of the second, and rows 1 and 5 of none. Labels have three rows each.
    expected = np.array([[1, 1], [0, 2]]) * [3 / 1, 3 / 3]
    assert_allclose(count_confident_joint(np.log(probs), labels), expected)


def test_the_confident_joint_is_that_of_cleanlab(drawn):
    count = pytest.importorskip("cleanlab.count")
    logits, labels, _ = drawn
    theirs = count.compute_confident_joint(labels, softmax(logits, axis=1), calibrate=False)
    theirs = theirs.T * (np.bincount(labels) / theirs.sum(axis=1))
    assert_allclose(count_confident_joint(logits, labels), theirs, rtol=1e-6)


BALANCED = np.arange(300) % 3


def test_priors_by_hand():
    labels = np.repeat([0, 1], [30, 10])
    counts = np.array([[80.0, 20], [0, 40]])
    more = counts + np.diag([2 * 0.75 * 25, 2 * 0.25 * 25])
    right = (np.trace(counts) + 0.5) / (counts.sum() + 1)
    common = np.array([[right, 1 - right], [1 - right, right]])
    more = more + 10 * 2 * np.array([[0.75], [0.25]]) * common
    expected = more / more.sum(axis=1, keepdims=True)
    assert_allclose(estimate_transition_matrix(counts, labels), expected)


def test_a_class_without_counts_gets_the_common_rates_and_right_labels():
    counts = np.array([[80, 10, 10], [10, 80, 10], [0, 0, 0]])
    wrong = 10 * (1 - 160.5 / 201) / 2
    found = estimate_transition_matrix(counts, BALANCED)
    assert_allclose(found[2], [wrong / 35, wrong / 35, 1 - 2 * wrong / 35])


def test_few_counts_are_drawn_to_all_together_and_many_decide():
    rates, labels = np.array([[0.6, 0.4], [0.0, 1.0]]), np.arange(20) % 2
    few, many = (
        estimate_transition_matrix(n * rates + [[0, 0], [0, 1000]], labels) for n in (2, 20_000)
    )
    assert few[0, 0] > 0.9
    assert many[0, 0] == pytest.approx(0.6, abs=0.01)


def test_the_prior_of_a_rare_class_is_as_small_as_its_share():
    labels = np.repeat([0, 1], [7960, 40])
    found = estimate_transition_matrix(np.array([[2600.0, 0], [8, 32]]), labels)
    assert found[1, 0] == pytest.approx(0.2, abs=0.02)


def test_doubted_counts_are_right_labels():
    counts = np.array([[8.0, 2], [1, 9]])
    assert_allclose(doubt(counts, 1), np.diag([10, 10]))
    assert_allclose(doubt(counts, 0.5), [[9, 1], [0.5, 9.5]])
    assert_allclose(doubt(counts, 0), counts)


def test_models_agree_with_labels_that_follow_and_with_others_by_chance(drawn):
    logits, labels, _ = drawn
    assert measure_agreement(logits, labels) > 20
    by_chance = [
        measure_agreement(logits, np.random.default_rng(seed).permutation(labels))
        for seed in range(50)
    ]
    assert abs(np.mean(by_chance)) < 0.5
    assert np.std(by_chance) == pytest.approx(1, abs=0.3)
    order, classes = np.random.default_rng(0).permutation(6000), np.array([2, 0, 1])
    renamed = logits[order][:, classes], np.argsort(classes)[labels[order]]
    assert measure_agreement(*renamed) == pytest.approx(measure_agreement(logits, labels))
    assert measure_agreement(np.zeros((60, 3)), labels[:60]) == 0


def test_many_errors_need_much_agreement():
    labels = np.repeat([0, 1], 500)
    few, many = np.array([[450.0, 50], [50, 450]]), np.array([[300.0, 200], [200, 300]])
    assert evidence_of_learning(6, [many], labels) == 1
    assert evidence_of_learning(-3, [few], labels) == 0
    found = [evidence_of_learning(1.8, each, labels) for each in ([few], [few, many], [many])]
    assert 1 == found[0] >= found[1] > found[2]


def test_common_rates_keep_the_noise_rate(true_transition):
    labels = labels_of([0.2, 0.3, 0.5])
    common = without_classes(true_transition, labels)
    rate = implied_noise_rate(true_transition, labels)
    assert_allclose(common.diagonal(), 1 - rate)
    assert_allclose(common[~np.eye(3, dtype=bool)], rate / 2)


@pytest.mark.parametrize(
    "counts", [np.zeros((3, 3)), np.diag([1e7, 1e7, 0]), np.ones((3, 3)), np.eye(3)]
)
def test_no_label_is_impossible(counts):
    found = estimate_transition_matrix(counts, BALANCED)
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
    matrix = np.array([[0.9, 0.1], [0.3, 0.7]])
    assert implied_noise_rate(matrix, labels_of([1.0, 0.0])) == pytest.approx(0.1, abs=1e-3)


def test_the_identity_implies_no_noise():
    assert implied_noise_rate(np.eye(2) * 0.999998 + 1e-6, labels_of([0.4, 0.6])) < 1e-5


def test_of_many_classes_each_gets_fewer_right_labels():
    counts = 10 * np.eye(50)[:, [1, 0, *range(2, 50)]]  # two classes are always mistaken
    found = estimate_transition_matrix(counts, np.arange(500) % 50)
    assert found[0, 1] > 0.4
