"""Class probabilities by models that were not trained on the sample."""

import pickle

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from skdynacor import OutOfSampleEnsemble
from skdynacor.nets import make_mlp_classifier
from skdynacor.out_of_sample import ensemble as ensemble_module

NET = make_mlp_classifier(max_epochs=2)
FOREST = ExtraTreesClassifier(20, bootstrap=True)
MEMBERS = {
    "net": NET,
    "forest": FOREST,
    "tree": DecisionTreeClassifier(),
    "logistic": LogisticRegression(),
}

ROWS = np.random.default_rng(0).normal(size=(60, 4))
DEFAULT = {"net", "logistic_regression", "svm", "extra_trees", "random_forest"}


@pytest.mark.parametrize("name", MEMBERS)
def test_memorised_labels_are_not_predicted(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 5)), rng.integers(0, 2, 400)
    ensemble = OutOfSampleEnsemble([(name, MEMBERS[name])], random_state=0)
    log_probs = ensemble.fit_transform(X, y)
    assert abs(roc_auc_score(y, log_probs[:, 1] - log_probs[:, 0]) - 0.5) < 0.12


@pytest.mark.parametrize("name", MEMBERS)
def test_a_row_is_not_scored_by_a_model_trained_on_its_group(name):
    rng = np.random.default_rng(0)
    X, y, groups = rng.normal(size=(150, 5)), rng.integers(0, 2, 150), np.arange(150)
    twins = np.concatenate([X, X]), np.concatenate([y, y]), np.concatenate([groups, groups])
    ensemble = OutOfSampleEnsemble([(name, MEMBERS[name])], random_state=0)
    log_probs = ensemble.fit_transform(*twins)
    assert abs(roc_auc_score(twins[1], log_probs[:, 1] - log_probs[:, 0]) - 0.5) < 0.2
    log_probs = ensemble.fit_transform(*twins[:2])  # equal rows are a group, too
    assert abs(roc_auc_score(twins[1], log_probs[:, 1] - log_probs[:, 0]) - 0.5) < 0.2
    assert ensemble.duplicated_share_ == 1


def test_members_add_up_by_their_weights(noisy_blobs):
    X, y, _ = noisy_blobs
    ensemble = OutOfSampleEnsemble([("net", NET), ("forest", FOREST)], random_state=0).fit(X, y)
    total = sum(
        np.float32(ensemble.weights_[name]) * member.log_probs
        for name, member in ensemble._members.items()
    )
    assert_allclose(ensemble.log_probs_, log_softmax(total, axis=1), atol=1e-5)
    assert_allclose(np.exp(ensemble.log_probs_).sum(axis=1), 1, rtol=1e-4)
    assert set(ensemble.estimators_) <= set(ensemble.weights_)


def test_rows_of_fit_keep_their_out_of_sample_scores(noisy_blobs):
    X, y, _ = noisy_blobs
    ensemble = OutOfSampleEnsemble([("net", NET), ("forest", FOREST)], random_state=0)
    log_probs = ensemble.fit_transform(X, y)
    assert_array_equal(ensemble.transform(X), log_probs)
    assert_array_equal(ensemble.transform(X[[7, 3]]), log_probs[[7, 3]])
    near = ensemble.transform(X + 1e-3)
    assert not np.array_equal(near, log_probs)
    assert (near.argmax(axis=1) == log_probs.argmax(axis=1)).mean() > 0.8
    again = pickle.loads(pickle.dumps(ensemble))
    assert_allclose(again.transform(X[:9] + 1e-3), near[:9], atol=1e-5)


def test_a_seed_repeats_and_none_does_not(noisy_blobs):
    X, y, _ = noisy_blobs
    ensemble = OutOfSampleEnsemble([("net", NET), ("forest", FOREST)], random_state=0)
    first, same = (clone(ensemble).fit(X, y).log_probs_ for _ in range(2))
    other = clone(ensemble).set_params(random_state=None).fit(X, y).log_probs_
    assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_estimators_of_the_caller_are_never_trained(noisy_blobs):
    X, y, _ = noisy_blobs
    forest, net = clone(FOREST), clone(NET)
    OutOfSampleEnsemble([("net", net), ("forest", forest)], random_state=0).fit(X, y)
    assert not hasattr(forest, "estimators_")
    assert not net.initialized_
    assert forest.random_state is None


def test_parameters_of_estimators_are_set_by_name():
    ensemble = OutOfSampleEnsemble([("forest", clone(FOREST))])
    assert ensemble.get_params()["forest__n_estimators"] == 20
    ensemble.set_params(forest__n_estimators=7)
    assert dict(ensemble.estimators)["forest"].n_estimators == 7
    ensemble.set_params(forest=LogisticRegression(C=3))
    assert ensemble.get_params()["forest__C"] == 3
    default = OutOfSampleEnsemble().set_params(net__lr=0.5, extra_trees__n_estimators=9)
    names = [name for name, _ in default.estimators]
    assert names == ["net", "logistic_regression", "svm", "extra_trees", "random_forest"]
    assert dict(default.estimators)["net"].lr == 0.5
    with pytest.raises(ValueError, match="Invalid parameter 'woods'"):
        OutOfSampleEnsemble().set_params(woods__n_estimators=9)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (ROWS, DEFAULT),
        (np.random.default_rng(0).normal(size=(60, 1, 4, 4)), {"net"}),
        (np.where(np.eye(60, 4), np.nan, ROWS), DEFAULT),
        (csr_array(np.where(ROWS > 0, ROWS, 0)), DEFAULT),
    ],
    ids=["table", "images", "missing", "sparse"],
)
def test_of_the_default_estimators_those_that_take_the_rows_are_trained(X, expected):
    y = np.arange(60) % 2
    if X.ndim > 2:
        with pytest.raises(ValueError, match="An MLP takes rows of features"):
            OutOfSampleEnsemble(random_state=0).fit(X, y)
        return
    ensemble = OutOfSampleEnsemble(random_state=0).fit(X, y)
    assert set(ensemble.weights_) == expected
    assert np.isfinite(ensemble.log_probs_).all()


def test_support_vector_machines_are_left_out_where_rows_are_many(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(ensemble_module, "_FEW_ENOUGH_FOR_SVM", 299)
    assert "svm" not in OutOfSampleEnsemble(random_state=0).fit(X, y).weights_


def test_forests_are_left_out_where_classes_are_many(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(ensemble_module, "_FEW_ENOUGH_FOR_RANDOM_FOREST", 2)
    assert {"extra_trees"} == {
        n
        for n in OutOfSampleEnsemble(random_state=0).fit(X, y).weights_
        if "tree" in n or "forest" in n
    }
    monkeypatch.setattr(ensemble_module, "_FEW_ENOUGH_FOR_TREES", 2)
    assert "extra_trees" not in OutOfSampleEnsemble(random_state=0).fit(X, y).weights_


@pytest.mark.parametrize(
    ("n_samples", "few", "is_net", "n_folds"),
    [(300, 2000, True, 4), (300, 2000, False, 10), (300, 200, False, 4), (900, 2000, False, 5)],
)
def test_few_rows_are_split_more_often(n_samples, few, is_net, n_folds, monkeypatch):
    monkeypatch.setattr(ensemble_module, "_FEW_ENOUGH_FOR_SVM", few)
    X = np.random.default_rng(0).normal(size=(n_samples, 3))
    estimators = [("one", NET if is_net else LogisticRegression())]
    ensemble = OutOfSampleEnsemble(estimators, random_state=0).fit(X, np.arange(n_samples) % 2)
    assert len(ensemble.estimators_["one"]) == n_folds


@pytest.mark.parametrize("change", [lambda X: np.exp(3 * X), lambda X: 1.7e9 + X])
def test_neither_long_tails_nor_an_offset_matter(change):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 6))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    plain, changed = (
        OutOfSampleEnsemble(random_state=0).fit_transform(rows, y) for rows in (X, change(X))
    )
    assert roc_auc_score(y, changed @ [-1, 1]) > roc_auc_score(y, plain @ [-1, 1]) - 0.02


def test_rows_on_the_disk_stay_there(tmp_path, noisy_blobs):
    X, y, _ = noisy_blobs
    on_disk = np.memmap(tmp_path / "X", np.float32, "w+", shape=X.shape)
    on_disk[:] = X
    ensemble = OutOfSampleEnsemble(random_state=0).fit(on_disk, y)
    assert set(ensemble.weights_) == {"net"}
    assert_allclose(ensemble.transform(X), ensemble.log_probs_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_progress_bar_is_full_in_the_end(noisy_blobs, n_jobs, capsys):
    X, y, _ = noisy_blobs
    estimators = [("net", NET), ("logistic", LogisticRegression()), ("forest", FOREST)]
    ensemble = OutOfSampleEnsemble(estimators, verbose=1, n_jobs=n_jobs, random_state=0)
    loud = ensemble.fit(X, y).log_probs_
    text = capsys.readouterr().err
    assert "38/38" in text  # 4 folds of 2 epochs, 10 of a logistic regression, 20 trees
    quiet = clone(ensemble).set_params(verbose=0).fit(X, y).log_probs_
    assert capsys.readouterr().err == ""
    assert_allclose(loud, quiet, atol=1e-5)


def test_names_of_columns_are_those_of_the_class():
    X = np.random.default_rng(0).normal(size=(30, 3))
    ensemble = OutOfSampleEnsemble([("forest", RandomForestClassifier(5))], random_state=0)
    frame = ensemble.set_output(transform="pandas").fit_transform(X, np.arange(30) % 2)
    assert list(frame.columns) == ["outofsampleensemble0", "outofsampleensemble1"]


def test_labels_that_no_model_predicts_have_uniform_probabilities():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)

    class Contrarian(LogisticRegression):
        """Predicts the opposite of what it has learnt, so that its weight is 0."""

        def decision_function(self, X):
            return -5 * (np.asarray(X)[:, 0] > 0) * super().decision_function(X)

    y = np.where(X[:, 0] > 0, 1, 0) ^ (rng.random(60) < 0.1)
    ensemble = OutOfSampleEnsemble([("contrarian", Contrarian())], random_state=0).fit(X, y)
    assert ensemble.weights_ == {"contrarian": 0}
    assert_allclose(np.exp(ensemble.log_probs_), 0.5, rtol=1e-5)
    assert list(ensemble.estimators_) == ["contrarian"]


class _Counted(ThreadingBackend):
    n_uses = 0

    def configure(self, *args, **kwargs):
        _Counted.n_uses += 1
        return super().configure(*args, **kwargs)


@pytest.mark.parametrize("gives_generators", [True, False])  # as Ray's
def test_folds_are_tasks_of_the_callers_backend(noisy_blobs, gives_generators, monkeypatch):
    monkeypatch.setattr(_Counted, "n_uses", 0)
    monkeypatch.setattr(_Counted, "supports_return_generator", gives_generators)
    X, y, _ = noisy_blobs
    estimators = [("tree", DecisionTreeClassifier()), ("logistic", LogisticRegression())]
    ensemble = OutOfSampleEnsemble(estimators, cv=4, random_state=0)
    expected = ensemble.fit_transform(X, y)
    register_parallel_backend("counted", _Counted)
    with parallel_config("counted", n_jobs=2):
        assert_allclose(ensemble.fit_transform(X, y), expected)
    assert _Counted.n_uses == 2  # one for each estimator
