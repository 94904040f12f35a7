"""Weights under which the given labels are likeliest."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from skdynacor.noise_model import likelihood
from skdynacor.noise_model.likelihood import combine, fit_weights, log_likelihood


def noise_like(logits, seed):
    return 4 * np.random.default_rng(seed).normal(size=logits.shape)


@pytest.fixture(scope="module")
def weighed(drawn):
    logits, labels, _ = drawn
    return fit_weights([logits], labels)


def test_the_likelihood_by_hand():
    logits = np.log([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    transition = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    expected = np.log([0.6 * 0.2 + 0.3 * 0.8 + 0.1 * 0.2, 0.2 * 0.1 + 0.2 * 0.1 + 0.6 * 0.6])
    value, _ = log_likelihood([logits], np.array([1, 2]), transition, np.ones(1))
    assert value == pytest.approx(expected.mean())
    squares = logits * 0.5, logits * 1.5  # whose product is the square
    value, _ = log_likelihood(squares, np.array([1, 2]), transition, np.ones(2))
    probs = softmax(2 * logits, axis=1)
    assert value == pytest.approx(np.log(probs @ transition)[[0, 1], [1, 2]].mean())


@pytest.mark.parametrize("weights", [[1.0, 0.5], [0.0, 0.0], [3.0, 0.01]])
def test_the_gradient_is_that_of_finite_differences(drawn, true_transition, weights):
    logits, labels, _ = drawn
    models, transition = [logits, noise_like(logits, 1)], true_transition * 0.99 + 0.01 / 3

    def value(at):
        return log_likelihood(models, labels, transition, at)[0]

    _, gradient = log_likelihood(models, labels, transition, np.array(weights))
    steps = 1e-5 * np.eye(2)
    expected = [(value(weights + step) - value(weights - step)) / 2e-5 for step in steps]
    assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_parts_of_any_size_give_the_same(drawn, true_transition, monkeypatch):
    logits, labels, _ = drawn
    arguments = [logits], labels, true_transition * 0.99 + 0.01 / 3, np.ones(1)
    value, gradient = log_likelihood(*arguments)
    monkeypatch.setattr(likelihood, "_CHUNK_ENTRIES", 3 * 700)
    in_parts, of_parts = log_likelihood(*arguments)
    assert in_parts == pytest.approx(value)
    assert_allclose(of_parts, gradient)


@pytest.mark.parametrize("factor", [0.25, 1, 4])
def test_the_weight_makes_up_for_a_factor(drawn, weighed, factor):
    logits, labels, _ = drawn
    (weight,), values, _ = fit_weights([logits * factor], labels)
    assert weight * factor == pytest.approx(1, abs=0.1)
    assert values.mean() == pytest.approx(weighed.log_likelihoods.mean(), abs=1e-5)


def test_agreement_is_the_mean_over_models(drawn, weighed):
    logits, labels, _ = drawn
    noise = noise_like(logits, 1)
    of_noise = fit_weights([noise], labels).agreement
    assert abs(of_noise) < 4 < weighed.agreement
    both = fit_weights([logits, noise], labels).agreement
    assert both == pytest.approx((of_noise + weighed.agreement) / 2)


def test_pure_noise_gets_no_weight(drawn, weighed):
    logits, labels, _ = drawn
    found = fit_weights([noise_like(logits, 1), logits], labels)
    assert found.weights[0] < 0.01
    assert found.weights[1] == pytest.approx(weighed.weights[0], abs=0.02)


def test_of_two_views_both_get_weight_and_the_better_more(drawn):
    logits, labels, _ = drawn
    views = [logits + noise_like(logits, 1), logits + noise_like(logits, 2) / 2]
    found = fit_weights(views, labels)
    assert 0.05 < found.weights[0] < found.weights[1]
    assert found.log_likelihoods.mean() > max(
        fit_weights([v], labels).log_likelihoods.mean() for v in views
    )


def test_the_order_of_rows_classes_and_models_only_permutes(drawn):
    logits, labels, _ = drawn
    models = [logits, logits + noise_like(logits, 2)]
    rows = np.random.default_rng(0).permutation(len(labels))
    classes = np.array([2, 0, 1])
    found = fit_weights(models, labels)
    other = fit_weights(
        [each[rows][:, classes] for each in reversed(models)],
        np.argsort(classes)[labels[rows]],
    )
    assert_allclose(other.weights[::-1], found.weights, atol=1e-3)
    assert other.log_likelihoods.mean() == pytest.approx(found.log_likelihoods.mean(), abs=1e-6)


def test_weights_are_bounded_where_all_labels_are_predicted():
    labels = np.arange(90) % 3
    found = fit_weights([0.01 * np.eye(3)[labels]], labels)
    assert 1 < found.weights[0] <= 20


def test_single_precision_loses_nothing(drawn, weighed):
    logits, labels, _ = drawn
    found = fit_weights([logits.astype(np.float32)], labels)
    assert_allclose(found.weights, weighed.weights, rtol=1e-3)


def test_logits_are_added_up_by_their_weights():
    one, other = np.array([[1.0, 2.0]]), np.array([[10.0, 0.0]])
    assert_allclose(combine([one, other], [2.0, 0.5]), [[7.0, 4.0]])


def test_of_very_many_rows_some_decide_the_weights(drawn, weighed, monkeypatch):
    logits, labels, _ = drawn
    n_rows, maximize = [], likelihood.maximize_likelihood

    def spied(models, labels, *args):
        n_rows.append((len(models[0]), len(labels)))
        return maximize(models, labels, *args)

    monkeypatch.setattr(likelihood, "maximize_likelihood", spied)
    monkeypatch.setattr(likelihood, "_MOST_ENTRIES", 3 * 2000)
    found = fit_weights([logits], labels)
    assert set(n_rows) == {(2000, 2000)}
    assert_allclose(found.weights, weighed.weights, rtol=0.15)
