"""What labels say once it is known what rows look like and how classes get mistaken."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.metrics import f1_score

from skdynacor.noise_model import likelihood
from skdynacor.noise_model.mixture import average_with
from skdynacor.noise_model.noise_model import (
    CLEARLY_AHEAD,
    NoiseModel,
    class_probabilities,
    gain_of,
    lead_over,
    noise_log_odds,
    shift_to_rate,
    source_weights,
)


def test_log_odds_by_hand():
    beliefs = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    labels = np.array([1, 2])
    transition = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    joint = np.array([[0.6 * 0.2, 0.3 * 0.8, 0.1 * 0.2], [0.2 * 0.1, 0.2 * 0.1, 0.6 * 0.6]])
    expected = np.log([(0.12 + 0.02) / 0.24, (0.02 + 0.02) / 0.36])
    logits = np.log(beliefs) + np.array([[5.0], [-3.0]])  # a constant changes nothing
    assert_allclose(noise_log_odds(logits, labels, transition), expected)
    assert_allclose(noise_log_odds(logits / 4, labels, transition, sharpness=4), expected)
    posterior = class_probabilities(logits, labels, transition)
    assert_allclose(posterior, joint / joint.sum(axis=1, keepdims=True))


def test_log_odds_are_calibrated_where_beliefs_are(drawn):
    logits, labels, classes = drawn
    probability = expit(NoiseModel().fit(logits, labels).log_odds(logits, labels))
    for low in np.arange(0, 1, 0.2):
        rows = (probability >= low) & (probability < low + 0.2)
        assert rows.sum() > 50
        wrong = (labels != classes)[rows].mean()
        assert wrong == pytest.approx(probability[rows].mean(), abs=0.1)


@pytest.mark.parametrize("separable", [False, True])
def test_wrong_labels_of_classes_that_get_mistaken_are_flagged(drawn, separable):
    logits, labels, classes = drawn
    model = NoiseModel(separable).fit(logits, labels)
    assert f1_score(labels != classes, model.log_odds(logits, labels) > 0) > 0.83
    likeliest = model.class_probabilities(logits, labels).argmax(axis=1)
    assert np.mean(likeliest == classes) > max(0.92, np.mean(logits.argmax(axis=1) == classes))


def test_overlap_alone_is_no_reason_to_flag(overlapping):
    logits, labels = overlapping
    model = NoiseModel().fit(logits, labels)
    assert_allclose(model.transition, np.eye(logits.shape[1]), atol=0.03)
    assert np.mean(model.log_odds(logits, labels) > 0) < 0.01


@pytest.mark.parametrize("separable", [False, True])
def test_looks_that_say_nothing_of_labels_are_no_reason_to_flag(separable):
    labels, looks = np.divmod(np.arange(900) % 9, 3)
    logits = 5 * np.eye(3)[looks] + np.random.default_rng(0).normal(0, 1e-3, (900, 3))
    model = NoiseModel(separable).fit(logits, labels)
    assert not (model.log_odds(logits, labels) > 0).any()


def test_the_share_of_anchors_may_be_set(drawn):
    logits, labels, _ = drawn
    default, half = NoiseModel().fit(logits, labels), NoiseModel(anchor_share=1 / 2)
    assert_array_equal(
        half.fit(logits, labels).transition, NoiseModel(True).fit(logits, labels).transition
    )
    assert np.abs(half.transition - default.transition).max() > 0.001
    assert half.mixture is None


@pytest.mark.parametrize("separable", [False, True])
def test_the_order_of_rows_and_classes_only_permutes(drawn, separable):
    logits, labels, _ = drawn
    rows = np.random.default_rng(0).permutation(len(labels))
    classes = np.array([2, 0, 1])
    model = NoiseModel(separable).fit(logits, labels)
    renamed = logits[rows][:, classes], np.argsort(classes)[labels[rows]]
    other = NoiseModel(separable).fit(*renamed)
    assert_allclose(other.transition, model.transition[np.ix_(classes, classes)], atol=1e-3)
    assert_allclose(other.log_odds(*renamed), model.log_odds(logits, labels)[rows], atol=0.02)


def test_parts_of_any_size_give_the_same(drawn, monkeypatch):
    logits, labels, _ = drawn
    odds = NoiseModel(True).fit(logits, labels).log_odds(logits, labels)
    monkeypatch.setattr(likelihood, "_CHUNK_ENTRIES", 3 * 700)
    in_parts = NoiseModel(True).fit(logits, labels).log_odds(logits, labels)
    assert_allclose(in_parts, odds, atol=1e-3)


def test_log_odds_of_some_rows_are_those_rows_log_odds(drawn):
    logits, labels, _ = drawn
    model = NoiseModel(True).fit(logits, labels)
    some = model.log_odds(logits[:7], labels[:7])
    assert_allclose(some, model.log_odds(logits, labels)[:7])


def test_a_label_that_nobody_gave_stays_possible():
    logits = np.array([[3.0, 0, 0], [0, 3.0, 0], [3.0, 0, 0]] * 5)
    labels = np.array([0, 1, 0] * 5)  # none of 2
    model = NoiseModel().fit(logits, labels)
    given = np.arange(15) % 3
    assert np.isfinite(model.log_odds(logits, given)).all()


def test_logits_far_apart_overflow_nothing():
    logits = np.array([[1e4, 0.0], [0.0, 1e4], [1e4, 0.0], [-1e4, 0.0]] * 5, dtype=np.float32)
    labels = np.array([0, 1, 0, 1] * 5)
    labels[[5, 18]] = 0, 1
    odds = NoiseModel().fit(logits, labels).log_odds(logits, labels)
    assert np.isfinite(odds).all()
    assert_array_equal(np.flatnonzero(odds > 0), [5, 18])


def test_where_no_row_looks_like_anything_no_label_is_doubted():
    logits, labels = np.zeros((20, 2)), np.arange(20) % 2
    odds = NoiseModel().fit(logits, labels).log_odds(logits, labels)
    assert (odds <= 0).all()


# --- the shift ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9, 0.999])
def test_a_shift_hits_the_rate(rate):
    odds = np.random.default_rng(0).normal(-4, 3, 1000)
    shift = shift_to_rate(odds, rate)
    assert shift > 0
    assert expit(odds + shift).mean() == pytest.approx(rate, abs=1e-5)


def test_a_shift_may_be_as_large_as_log_odds_are():
    odds = np.repeat([-900.0, 40.0], [70, 30])
    shift = shift_to_rate(odds, 0.4)
    assert expit(odds + shift).mean() == pytest.approx(0.4, abs=1e-5)


@pytest.mark.parametrize("rate", [-0.1, 0, 0.1])
def test_nothing_is_shifted_down(rate):
    odds = np.random.default_rng(0).normal(-1, 1, 1000)
    assert shift_to_rate(odds, rate) == 0


def test_wrong_labels_that_were_learnt_are_found_better_by_the_shift():
    rng = np.random.default_rng(0)
    classes, wrong = rng.integers(0, 3, 4000), rng.random(4000) < 0.3
    labels = np.where(wrong, (classes + rng.integers(1, 3, 4000)) % 3, classes)
    looks, given = np.eye(3)[classes], np.eye(3)[labels]
    learnt = rng.random((4000, 1)) < 0.5  # where the row's looks tell that it is mistaken
    logits = np.where(learnt, 2 * looks + 1.5 * given, 6 * looks) + rng.normal(0, 0.3, (4000, 3))
    model = NoiseModel().fit(logits, labels)
    assert model.shift > 0
    odds = model.log_odds(logits, labels)
    assert expit(odds).mean() == pytest.approx(0.27, abs=0.02)  # 0.3, less what chance may do
    assert f1_score(wrong, odds > 0) > 0.97
    assert f1_score(wrong, odds - model.shift > 0) < 0.75


def test_calibrated_beliefs_are_not_shifted(drawn, overlapping):
    for logits, labels, *_ in (drawn, overlapping):
        assert NoiseModel().fit(logits, labels).shift == 0


# --- classes that do not overlap ---------------------------------------------------------------


def test_separable_switches_the_mixture_on(drawn):
    logits, labels, _ = drawn
    assert NoiseModel().fit(logits, labels).mixture is None
    model = NoiseModel(separable=True).fit(logits, labels)
    pairs = noise_log_odds(logits, labels, model.transition, model.sharpness) + model.shift
    assert model.mixture is not None
    assert_allclose(model.log_odds(logits, labels), average_with(model.mixture, pairs))


@pytest.fixture(scope="module")
def sources():
    """Labels, one in five wrong, and logits that tell classes well, less well, and not at all."""
    rng = np.random.default_rng(0)
    classes, wrong = rng.integers(0, 3, 2000), rng.random(2000) < 0.2
    looks = np.eye(3)[classes]
    made = {
        name: force * looks + rng.normal(size=(2000, 3))
        for name, force in {"sharp": 3, "blunt": 1, "blind": 0}.items()
    }
    made["as sharp"] = 1.5 * made["sharp"] + rng.normal(0, 0.1, (2000, 3))  # the same, but louder
    return made, np.where(wrong, (classes + 1) % 3, classes)


@pytest.mark.parametrize(
    ("source", "others", "expected"),
    [
        ("sharp", ["blunt"], True),
        ("blunt", ["blind"], True),
        ("blind", ["blunt"], False),
        ("sharp", ["sharp"], False),
        ("sharp", ["blind", "as sharp"], False),
    ],
)
def test_what_others_know_already_does_not_matter(sources, source, others, expected):
    made, labels = sources
    gain = gain_of(made[source], [made[other] for other in others], labels)
    assert gain.matters is expected


@pytest.mark.parametrize(
    ("forest", "classifier", "is_ahead"),
    [("blunt", "sharp", True), ("as sharp", "sharp", False), ("sharp", "blunt", False)],
)
def test_who_makes_labels_likelier_is_ahead(sources, forest, classifier, is_ahead):
    made, labels = sources
    lead = lead_over(made[forest], made[classifier], labels)
    assert (lead.share > CLEARLY_AHEAD) is is_ahead
    assert lead.share < 1


def test_a_forest_that_still_grows_is_given_what_it_just_gained(sources):
    made, labels = sources
    now = lead_over(made["blunt"], made["sharp"], labels)
    by_hand = now.share * now.cross_entropy
    for gained in (0.0, 0.05, 0.2):
        growing = lead_over(made["blunt"], made["sharp"], labels, now.cross_entropy + gained)
        assert growing.cross_entropy == now.cross_entropy
        assert growing.share == pytest.approx((by_hand - gained) / (now.cross_entropy - gained))
    fallen_back = lead_over(made["blunt"], made["sharp"], labels, now.cross_entropy - 0.1)
    assert fallen_back == now


def test_chance_is_no_lead(sources):
    made, labels = sources
    few = slice(40)
    rows, others = made["sharp"][few], made["as sharp"][few]
    assert lead_over(rows, others, labels[few]).share < 0


def test_sources_are_heard_as_far_as_they_know_something(sources):
    made, labels = sources
    names = ["blind", "sharp", "blunt"]
    weights = source_weights([made[name] for name in names], labels)
    assert weights[0] < 0.05 * weights[1]
    assert weights[1] > weights[2]


def test_labels_of_a_class_that_no_row_looks_like_are_left_alone():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [300, 300, 6])
    labels = np.where(rng.random(606) < 0.2, (classes + 1) % 2, classes)
    labels[-6:] = 2
    looks = np.where(classes == 2, 0, classes)
    logits = 6 * np.eye(3)[looks] + rng.normal(size=(606, 3))
    model = NoiseModel().fit(logits, labels)
    assert model.learnt.tolist() == [True, True, False]
    flags = model.log_odds(logits, labels) > 0
    assert flags[:-6].any()
    assert not flags[-6:].any()
