"""Members of the ensemble score every sample by models that were not trained on it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skdynacor.nets import make_mlp_classifier
from skdynacor.out_of_sample import members
from skdynacor.out_of_sample.folds import make_folds
from skdynacor.out_of_sample.members import (
    CrossFittedMember,
    OutOfBagMember,
    is_out_of_bag,
)

CLASSES = np.arange(3)


@pytest.fixture
def folds(noisy_blobs):
    return make_folds(2, noisy_blobs[1], np.arange(300), CLASSES, 0)


def fit(estimator, X, y, folds, n_jobs=1):
    y = y.astype(np.int64)
    member = CrossFittedMember(estimator, X, y, CLASSES, folds, device="cpu", seed=0, n_jobs=n_jobs)
    return member.fit()


@pytest.mark.parametrize(
    "estimator",
    [
        make_mlp_classifier(max_epochs=3),
        LogisticRegression(),
        GaussianNB(),
        KNeighborsClassifier(1),
        SVC(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_members_predict_the_true_classes(noisy_blobs, folds, estimator):
    X, y, wrong = noisy_blobs
    member = fit(estimator, X, y, folds)
    assert member.log_probs.dtype == np.float32
    agreement = member.log_probs.argmax(axis=1) == y
    assert agreement[~wrong].mean() > 0.6
    assert agreement[wrong].mean() < 0.3
    assert len(member.estimators) == 2
    assert all(each is not estimator for each in member.estimators)


def test_scores_by_hand(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    member = fit(LogisticRegression(), X, y, folds)
    for train, test in folds:
        model = LogisticRegression().fit(X[train], y[train])
        assert_allclose(member.log_probs[test], model.decision_function(X[test]), atol=1e-4)
    expected = np.mean([m.decision_function(X) for m in member.estimators], axis=0)
    assert_allclose(member.predict(X), expected, atol=1e-4)


def test_two_classes_have_two_columns(noisy_blobs):
    X, y, _ = noisy_blobs
    rows = y < 2
    folds = make_folds(2, y[rows], np.arange(rows.sum()), CLASSES[:2], 0)
    data = X[rows], y[rows], CLASSES[:2]
    member = CrossFittedMember(
        LogisticRegression(), *data, folds, device="cpu", seed=0, n_jobs=1
    ).fit()
    assert member.log_probs.shape == (rows.sum(), 2)
    assert ((member.log_probs.argmax(axis=1) == y[rows]).mean()) > 0.6


def test_a_probability_of_zero_stays_finite(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    log_probs = fit(KNeighborsClassifier(1), X, y, folds).log_probs
    assert np.isfinite(log_probs).all()
    assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-5)
    assert_allclose(log_probs.min(), np.log(0.01 / 3), rtol=1e-4)


def test_a_class_that_a_fold_lacks_is_its_least_likely():
    X = np.random.default_rng(0).normal(size=(41, 2)).astype(np.float32)
    y = np.append(np.arange(40) % 2, 2)
    X[:40, 0] += 4 * y[:40]
    folds = make_folds(2, y, np.arange(41), CLASSES, 0)
    log_probs = fit(LogisticRegression(), X, y, folds).log_probs
    assert log_probs[40, 2] == log_probs[40].min()
    assert np.isfinite(log_probs).all()


def test_labels_of_the_caller_reach_the_classifier(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    names = np.array(["x", "y", "z"])
    weighted = LogisticRegression(class_weight={"x": 1, "y": 100, "z": 1})
    member = CrossFittedMember(weighted, X, y, names, folds, device="cpu", seed=0, n_jobs=1).fit()
    assert (member.log_probs.argmax(axis=1) == 1).mean() > 0.5
    assert set(member.estimators[0].classes_) == {"x", "y", "z"}


def test_repeated_tests_are_averaged(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    once, twice = (fit(LogisticRegression(), X, y, folds * n).log_probs for n in (1, 2))
    assert_allclose(once, twice, rtol=1e-5)


def test_folds_may_be_trained_one_by_one(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    member = CrossFittedMember(
        GaussianNB(), X, y, CLASSES, folds, device="cpu", seed=0, n_jobs=1
    ).fit(1)
    (_, test), (_, others) = folds
    assert len(member.models) == 1
    assert_allclose(member.log_probs[test], member.first_log_probs)
    assert not member.log_probs[others].any()
    assert_allclose(member.fit().log_probs, fit(GaussianNB(), X, y, folds).log_probs)


@pytest.mark.parametrize("estimator", [make_mlp_classifier(max_epochs=2), GaussianNB()])
def test_jobs_change_nothing(noisy_blobs, folds, estimator):
    X, y, _ = noisy_blobs
    one, two = (fit(estimator, X, y, folds, n_jobs).log_probs for n_jobs in (1, 2))
    assert_allclose(one, two, atol=1e-5)


def test_a_net_averages_its_logits_over_the_epochs(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    member = fit(make_mlp_classifier(max_epochs=3), X, y, folds)
    (_, test), model = folds[0], member.models[0]
    assert len(model.checkpoints) == 3
    by_epoch = [logits.numpy() for logits in model.staged_logits(X[test])]
    assert_allclose(member.log_probs[test], np.mean(by_epoch, axis=0), atol=1e-3)


def test_a_net_represents_samples_it_was_not_trained_on(noisy_blobs, folds):
    X, y, _ = noisy_blobs
    found = fit(make_mlp_classifier(max_epochs=1), X, y, folds).representations()
    masks = np.array([mask for mask, _ in found])
    assert (masks.sum(axis=0) == 1).all()
    for (mask, represent), (_, test) in zip(found, folds, strict=True):
        assert set(np.flatnonzero(mask)) == set(test)
        assert_allclose(np.linalg.norm(represent(X), axis=1), 1, rtol=1e-4)
    assert fit(GaussianNB(), X, y, folds).representations() == []


# --- forests, out of bag -----------------------------------------------------------------------

FOREST = ExtraTreesClassifier(30, bootstrap=True, min_samples_leaf=3)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (FOREST, True),
        (ExtraTreesClassifier(), False),
        (RandomForestClassifier(), True),
        (RandomForestClassifier(bootstrap=False), False),
        (LogisticRegression(), False),
    ],
)
def test_bootstrapped_forests_score_out_of_bag(estimator, expected):
    assert is_out_of_bag(estimator) is expected


def grow(X, y, n_trees=None, forest=FOREST, seed=0, groups=None, classes=CLASSES):
    groups = np.arange(len(y)) if groups is None else groups
    return OutOfBagMember(forest, X, y, classes, groups, seed=seed, n_jobs=1).fit(n_trees)


def test_out_of_bag_scores_by_hand(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    weights, fit_forest = [], ExtraTreesClassifier.fit

    def fit(self, X, y, sample_weight):
        weights.append(sample_weight)
        return fit_forest(self, X, y, sample_weight)

    monkeypatch.setattr(ExtraTreesClassifier, "fit", fit)
    member = grow(X, y, 8)
    votes, counts = np.zeros((len(X), 3)), np.zeros((len(X), 1))
    for number, tree in enumerate(member.forest.estimators_):
        drawn = weights[number // 4]
        assert drawn.sum() == len(X)
        votes[drawn == 0] += tree.predict_proba(X[drawn == 0])
        counts[drawn == 0] += 1
    assert_allclose(np.exp(member.log_probs), (votes + 1 / 3) / (counts + 1), rtol=1e-4)


def test_trees_score_only_groups_that_they_left_out():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)).astype(np.float32), rng.integers(0, 3, 300)
    twice = np.concatenate([X, X]), np.concatenate([y, y])
    forest = ExtraTreesClassifier(100, bootstrap=True)
    pairs = np.tile(np.arange(300), 2)
    seen = grow(*twice, forest=forest).log_probs.argmax(axis=1) == twice[1]
    kept_apart = grow(*twice, forest=forest, groups=pairs).log_probs.argmax(axis=1) == twice[1]
    assert seen.mean() > 0.8
    assert abs(kept_apart.mean() - 1 / 3) < 0.1


def test_weights_of_the_callers_classes_reach_the_forest(noisy_blobs):
    X, y, _ = noisy_blobs
    names = np.array(["x", "y", "z"])
    weights = {"x": 1, "y": 1000, "z": 1}
    forest = ExtraTreesClassifier(12, bootstrap=True, max_depth=2, class_weight=weights)
    member = grow(X, y, forest=forest, classes=names)
    member.finish()
    assert (member.log_probs.argmax(axis=1) == 1).mean() > 0.5
    assert set(member.forest.predict(X)) <= set(names)


def test_growing_in_steps_makes_the_same_forest(noisy_blobs):
    X, y, _ = noisy_blobs
    member = grow(X, y, 16)
    assert len(member.forest.estimators_) == 16
    assert_allclose(member.fit().log_probs, grow(X, y).log_probs, rtol=1e-5)
    member.finish()
    assert member._data is None


def test_memorised_labels_are_not_predicted_out_of_bag():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 4)).astype(np.float32), rng.integers(0, 3, 600)
    forest = ExtraTreesClassifier(60, bootstrap=True)
    member = grow(X, y, forest=forest)
    assert abs((member.log_probs.argmax(axis=1) == y).mean() - 1 / 3) < 0.1
    assert (member.predict(X).argmax(axis=1) == y).mean() > 0.95


def test_of_very_many_samples_a_tree_sees_some(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(members, "_MOST_SAMPLES_PER_TREE", 150)
    member = grow(X, y)
    assert member._n_drawn == 150
    assert 15 < member.n_trees < 30


def test_a_forest_represents_samples_by_their_leaves(noisy_blobs):
    X, y, _ = noisy_blobs
    member = grow(X, y)
    ((mask, represent),) = member.representations()
    assert mask.all()
    likeness = (represent(X[:5]) @ represent(X[:5]).T).toarray()
    assert_allclose(likeness.diagonal(), 1, rtol=1e-5)
    leaves = member.forest.apply(X[:5])
    assert_allclose(likeness[0, 1], (leaves[0] == leaves[1]).mean(), rtol=1e-5)
