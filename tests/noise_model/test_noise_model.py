"""The noise model on labels that were drawn by a known transition matrix."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.metrics import f1_score, roc_auc_score

from skdynacor.datasets import make_label_noise
from skdynacor.noise_model import likelihood
from skdynacor.noise_model.noise_model import NoiseModel, Reading, offset_to_rate


def margins(logits, labels):
    """How much likelier than the given label another class is, (n_samples,)."""
    others = logits.copy()
    given = np.arange(len(labels)), labels
    others[given] = -np.inf
    return others.max(axis=1) - logits[given]


def gaussians(distance):
    """Logits of five classes that overlap, and the classes."""
    classes = np.arange(3000) % 5
    noise = np.random.default_rng(0).normal(size=(3000, 5))
    return distance * (distance * np.eye(5)[classes] + noise), classes


def model_of(*readings):
    """A noise model of these readings, without an offset."""
    model = NoiseModel()
    model.readings, model.offset = readings, 0.0
    model.is_learnt = np.ones(len(readings[0].transition_matrix), dtype=bool)
    return model


def test_log_odds_by_hand():
    probs = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    labels = np.array([1, 2])
    transition = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    joint = np.array([[0.6 * 0.2, 0.3 * 0.8, 0.1 * 0.2], [0.2 * 0.1, 0.2 * 0.1, 0.6 * 0.6]])
    expected = np.log([(0.12 + 0.02) / 0.24, (0.02 + 0.02) / 0.36])
    logits = np.log(probs) + np.array([[5.0], [-3.0]])  # a constant changes nothing
    plain, sharp = Reading(transition, 1.0), Reading(transition, 4.0)
    assert_allclose(model_of(plain).log_odds(logits, labels), expected)
    assert_allclose(model_of(sharp).log_odds(logits / 4, labels), expected)
    posterior = model_of(plain).class_probabilities(logits, labels)
    assert_allclose(posterior, joint / joint.sum(axis=1, keepdims=True))


def test_log_odds_are_the_mean_of_both_readings(drawn):
    logits, labels, _ = drawn
    readings = Reading(np.full((3, 3), 0.1) + 0.7 * np.eye(3), 1.0), Reading(np.eye(3) + 0.01, 2.0)
    by_reading = [model_of(each).log_odds(logits, labels) for each in readings]
    assert_allclose(model_of(*readings).log_odds(logits, labels), np.mean(by_reading, axis=0))


def test_log_odds_are_calibrated_where_probabilities_are(drawn):
    logits, labels, classes = drawn
    probability = expit(NoiseModel().fit(logits, labels).log_odds(logits, labels))
    for low in np.arange(0, 1, 0.2):
        rows = (probability >= low) & (probability < low + 0.2)
        assert rows.sum() > 50
        wrong = (labels != classes)[rows].mean()
        assert wrong == pytest.approx(probability[rows].mean(), abs=0.12)


def test_wrong_labels_of_classes_that_get_mistaken_are_flagged(drawn):
    logits, labels, classes = drawn
    model = NoiseModel().fit(logits, labels)
    log_odds = model.log_odds(logits, labels)
    assert f1_score(labels != classes, log_odds > 0) > 0.83
    assert roc_auc_score(labels != classes, log_odds) > 0.004 + roc_auc_score(
        labels != classes, margins(logits, labels)
    )
    likeliest = model.class_probabilities(logits, labels).argmax(axis=1)
    assert np.mean(likeliest == classes) > max(0.92, np.mean(logits.argmax(axis=1) == classes))


def test_overlap_alone_is_no_reason_to_flag(overlapping):
    logits, labels = overlapping
    model = NoiseModel().fit(logits, labels)
    assert_allclose(model.readings[0].transition_matrix, np.eye(logits.shape[1]), atol=0.03)
    assert np.mean(model.log_odds(logits, labels) > 0) < 0.02


def test_errors_of_one_rate_are_ranked_as_by_the_margin(overlapping):
    logits, labels = overlapping
    rng = np.random.default_rng(0)
    wrong = rng.random(len(labels)) < 0.2
    given = np.where(wrong, (labels + 1) % 2, labels) if logits.shape[1] == 2 else labels.copy()
    given[wrong] = (labels[wrong] + rng.integers(1, logits.shape[1], wrong.sum())) % logits.shape[1]
    log_odds = NoiseModel().fit(logits, given).log_odds(logits, given)
    assert roc_auc_score(wrong, log_odds) > roc_auc_score(wrong, margins(logits, given)) - 0.005


@pytest.mark.parametrize("distance", [1.5, 2.5])
def test_errors_of_single_pairs_are_ranked_better_than_by_the_margin(distance):
    logits, classes = gaussians(distance)
    labels, wrong = make_label_noise(classes, "asymmetric", 0.2, random_state=0)
    by_margin = roc_auc_score(wrong, margins(logits, labels))
    log_odds = NoiseModel().fit(logits, labels).log_odds(logits, labels)
    assert roc_auc_score(wrong, log_odds) > by_margin + 0.004


def test_rates_of_single_pairs_are_kept_only_if_labels_are_much_likelier(drawn):
    logits, classes = gaussians(2.5)
    labels, _ = make_label_noise(classes, "symmetric", 0.2, random_state=0)
    for reading in NoiseModel().fit(logits, labels).readings:
        rates = reading.transition_matrix[~np.eye(5, dtype=bool)]
        assert np.ptp(rates) < 0.7 * rates.mean()  # about 1 as counted
    for reading in NoiseModel().fit(*drawn[:2]).readings:
        assert reading.transition_matrix[0, 1] > 5 * reading.transition_matrix[0, 2]


def test_the_interval_spans_overlap_and_errors(overlapping):
    logits, labels = overlapping
    model = NoiseModel().fit(logits, labels)
    low, high = model.noise_rate_interval(logits, labels)
    assert low < 0.02
    disagreement = np.mean(logits.argmax(axis=1) != labels)
    assert disagreement - 0.01 < high < 3 * disagreement
    assert low <= expit(model.log_odds(logits, labels)).mean() <= high


def test_hidden_rows_of_a_rare_class_are_found():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1], [7840, 160])
    given = classes.copy()
    given[-32:] = 0
    signal = rng.normal(size=8000) + 6 * classes
    logits = np.column_stack([np.zeros(8000), 3 * (signal - 3.5)])
    probs = expit(logits[:, 1])
    noisy = 0.8 * probs + 1e-4  # what a model of the given labels learns
    log_probs = np.log(np.column_stack([1 - noisy, noisy]))
    flags = NoiseModel().fit(log_probs, given).log_odds(log_probs, given) > 0
    assert flags[-32:].sum() >= 28
    assert flags[:-32].sum() <= 3


def test_probabilities_independent_of_labels_are_no_reason_to_flag():
    labels, looks = np.divmod(np.arange(900) % 9, 3)
    logits = 5 * np.eye(3)[looks] + np.random.default_rng(0).normal(0, 1e-3, (900, 3))
    model = NoiseModel().fit(logits, labels)
    assert model.evidence == 0
    assert not (model.log_odds(logits, labels) > 0).any()


def test_labels_that_follow_from_nothing_are_not_flagged():
    rng = np.random.default_rng(0)
    for _ in range(5):
        logits, labels = rng.normal(size=(400, 4)), rng.integers(0, 4, 400)
        assert not (NoiseModel().fit(logits, labels).log_odds(logits, labels) > 0).any()


def test_the_order_of_rows_and_classes_only_permutes(drawn):
    logits, labels, _ = drawn
    rows = np.random.default_rng(0).permutation(len(labels))
    classes = np.array([2, 0, 1])
    model = NoiseModel().fit(logits, labels)
    renamed = logits[rows][:, classes], np.argsort(classes)[labels[rows]]
    other = NoiseModel().fit(*renamed)
    assert_allclose(
        other.transition_matrix, model.transition_matrix[np.ix_(classes, classes)], atol=1e-3
    )
    assert_allclose(other.log_odds(*renamed), model.log_odds(logits, labels)[rows], atol=0.02)


def test_parts_of_any_size_give_the_same(drawn, monkeypatch):
    logits, labels, _ = drawn
    model = NoiseModel().fit(logits, labels)
    odds, interval = model.log_odds(logits, labels), model.noise_rate_interval(logits, labels)
    monkeypatch.setattr(likelihood, "_CHUNK_ENTRIES", 3 * 700)
    in_parts = NoiseModel().fit(logits, labels)
    assert_allclose(in_parts.log_odds(logits, labels), odds, atol=1e-3)
    assert_allclose(in_parts.noise_rate_interval(logits, labels), interval, atol=1e-3)


def test_log_odds_of_some_rows_are_those_rows_log_odds(drawn):
    logits, labels, _ = drawn
    model = NoiseModel().fit(logits, labels)
    some = model.log_odds(logits[:7], labels[:7])
    assert_allclose(some, model.log_odds(logits, labels)[:7])


def test_a_label_without_rows_stays_possible():
    logits = np.array([[3.0, 0, 0], [0, 3.0, 0], [3.0, 0, 0]] * 5)
    labels = np.array([0, 1, 0] * 5)  # none of 2
    model = NoiseModel().fit(logits, labels)
    given = np.arange(15) % 3
    assert np.isfinite(model.log_odds(logits, given)).all()


@pytest.mark.parametrize("largest", [1e4, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_far_apart_overflow_nothing(largest, dtype):
    classes = np.arange(90) % 3
    logits = (largest * (np.eye(3)[classes] - 1)).astype(dtype)
    labels = classes.copy()
    labels[[5, 18]] = 0, 1
    model = NoiseModel().fit(logits, labels)
    odds = model.log_odds(logits, labels)
    assert np.isfinite(odds).all()
    assert_array_equal(np.flatnonzero(odds > 0), [5, 18])
    assert_allclose(model.class_probabilities(logits, labels).sum(axis=1), 1)
    assert_allclose(model.noise_rate_interval(logits, labels), 2 / 90)
    assert model.injected_recall(logits, labels) == pytest.approx(1)


def test_constant_probabilities_flag_nothing():
    logits, labels = np.zeros((20, 2)), np.arange(20) % 2
    odds = NoiseModel().fit(logits, labels).log_odds(logits, labels)
    assert (odds <= 0).all()


def test_labels_of_a_class_that_is_never_predicted_are_not_flagged():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [300, 300, 6])
    labels = np.where(rng.random(606) < 0.2, (classes + 1) % 2, classes)
    labels[-6:] = 2
    looks = np.where(classes == 2, 0, classes)
    logits = 6 * np.eye(3)[looks] + rng.normal(size=(606, 3))
    flags = NoiseModel().fit(logits, labels).log_odds(logits, labels) > 0
    assert flags[:-6].any()
    assert not flags[-6:].any()


def test_the_only_sample_of_a_class_is_not_flagged():
    labels = np.append(np.repeat([0, 1, 2], 20), 3)
    logits = 5.0 * np.eye(4)[np.append(labels[:-1], 0)]  # the last is predicted as another class
    logits[0] = [0, 0, 0, 5]  # and another as it
    flags = NoiseModel().fit(logits, labels).log_odds(logits, labels) > 0
    assert flags[0]
    assert not flags[1:].any()


# --- the offset --------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9, 0.999])
def test_an_offset_hits_the_rate(rate):
    odds = np.random.default_rng(0).normal(-4, 3, 1000)
    offset = offset_to_rate(odds, rate)
    assert offset > 0
    assert expit(odds + offset).mean() == pytest.approx(rate, abs=1e-5)


def test_an_offset_may_be_as_large_as_log_odds_are():
    odds = np.repeat([-900.0, 40.0], [70, 30])
    offset = offset_to_rate(odds, 0.4)
    assert expit(odds + offset).mean() == pytest.approx(0.4, abs=1e-5)


def test_equal_log_odds_get_an_offset():
    odds = np.full(100, -3.0)
    assert expit(odds + offset_to_rate(odds, 0.3)).mean() == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize("rate", [-0.1, 0, 0.1])
def test_no_offset_is_negative(rate):
    odds = np.random.default_rng(0).normal(-1, 1, 1000)
    assert offset_to_rate(odds, rate) == 0


def test_wrong_labels_that_were_learnt_are_found_better_by_the_offset():
    rng = np.random.default_rng(0)
    classes, wrong = rng.integers(0, 3, 4000), rng.random(4000) < 0.3
    labels = np.where(wrong, (classes + rng.integers(1, 3, 4000)) % 3, classes)
    looks, given = np.eye(3)[classes], np.eye(3)[labels]
    learnt = rng.random((4000, 1)) < 0.5  # where the features predict the error
    logits = np.where(learnt, 2 * looks + 1.5 * given, 6 * looks) + rng.normal(0, 0.3, (4000, 3))
    model = NoiseModel().fit(logits, labels)
    assert model.offset > 0
    odds = model.log_odds(logits, labels)
    assert f1_score(wrong, odds > 0) > f1_score(wrong, odds - model.offset > 0) + 0.1


# --- injected errors ---------------------------------------------------------------------------


def test_the_recall_on_injected_errors_is_that_on_real_ones(drawn):
    logits, labels, classes = drawn
    model = NoiseModel().fit(logits, labels)
    flags = model.log_odds(logits, labels) > 0
    recall = flags[labels != classes].mean()
    assert 0.5 < recall < 0.95
    assert model.injected_recall(logits, labels) == pytest.approx(recall, abs=0.06)


def test_injected_errors_by_hand():
    logits = np.log([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45]])
    labels = np.array([0, 1, 0])
    transition = np.array([[0.8, 0.2], [0.3, 0.7]])
    model = model_of(Reading(transition, 1.0))
    found = injected = 0.0
    for row, given in zip(np.exp(logits), labels, strict=True):
        posterior = row * transition[:, given]
        posterior /= posterior.sum()
        for true, wrong in ((0, 1), (1, 0)):
            weight = posterior[true] * transition[true, wrong]
            error = row[true] * transition[true, wrong]
            injected += weight
            found += weight * (error > row[wrong] * transition[wrong, wrong])
    assert 0 < found < injected
    assert model.injected_recall(logits, labels) == pytest.approx(found / injected)
