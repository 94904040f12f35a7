"""scikit-learn classifiers that learn in stages: what is recorded is what they put out."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import MiniBatchKMeans
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skdynacor import DynamicsCollector, LabelCorruptor
from skdynacor.dynacor.recording import staged_training as staged
from skdynacor.utils.random_numbers import make_rng

GRADIENT_BOOSTING = GradientBoostingClassifier(n_estimators=12)
HIST_BOOSTING = HistGradientBoostingClassifier(max_iter=12)
ADA_BOOST = AdaBoostClassifier(n_estimators=12)
FOREST = RandomForestClassifier(n_estimators=12, max_depth=3, bootstrap=False)  # a warm start
BAGGING = BaggingClassifier(n_estimators=12)
SGD = SGDClassifier()
MLP = MLPClassifier(8)
LOGISTIC = LogisticRegression()


class OnlyProbabilities(ClassifierMixin, BaseEstimator):
    """A booster without decision values, whose stage k is a tree of depth k."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        depths = range(1, 13)
        trees = [
            DecisionTreeClassifier(max_depth=k, random_state=self.random_state) for k in depths
        ]
        self.trees_ = [tree.fit(X, y) for tree in trees]
        return self

    def staged_predict_proba(self, X):
        return (tree.predict_proba(X) for tree in self.trees_)


BOOSTERS = [GRADIENT_BOOSTING, HIST_BOOSTING, ADA_BOOST, OnlyProbabilities()]
PARTIAL_FIT = [SGD, SGDClassifier(loss="log_loss"), MLP, GaussianNB(), OneVsRestClassifier(SGD)]
ITERATIONS = [LOGISTIC, MLPClassifier(8, solver="lbfgs")]
ENSEMBLES = [FOREST, BAGGING]
one_of_each_kind = pytest.mark.parametrize(
    "classifier", [HIST_BOOSTING, OnlyProbabilities(), SGD, LOGISTIC, FOREST], ids=str
)


@pytest.fixture(params=[2, 3], ids="{} classes".format)
def rows(request, noisy_blobs):
    """Rows with copies, and noisy labels of two or three classes."""
    X, y, _ = noisy_blobs
    X, y = X[y < request.param], y[y < request.param]
    return LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y


def make_collector(classifier, n_stages=4, **params):
    settings = {"signal": "logit_difference", "random_state": 0, **params}
    return DynamicsCollector(classifier, n_stages=n_stages, **settings)


def margins(outputs, labels):
    """The logit difference of one stage, by hand."""
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        return outputs.ravel() * np.where(labels == 1, 1, -1)
    logits = outputs.astype(float)
    rows = np.arange(len(labels))
    own = logits[rows, labels]
    logits[rows, labels] = -np.inf
    return own - logits.max(axis=1)


def outputs_of(model, X, staged=""):
    """Decision values, else log-probabilities; with a prefix, those of every stage."""
    if hasattr(model, f"{staged}decision_function"):
        return getattr(model, f"{staged}decision_function")(X)
    outputs = getattr(model, f"{staged}predict_proba")(X)
    tiny = np.finfo(np.float32).tiny
    return [np.log(p.clip(tiny)) for p in outputs] if staged else np.log(outputs.clip(tiny))


def staged_outputs(model, X):
    return [outputs.copy() for outputs in outputs_of(model, X, "staged_")]


# --- the right number in the right place -------------------------------------------------------


def outputs_by_hand(classifier, X, y):
    """Train a clone, seeded as the collector seeds it, in four stages; outputs of each."""
    rng = np.random.default_rng(int(make_rng(0, "DynamicsCollector").integers(2**63)))
    params = sorted(classifier.get_params().items())
    names = [name for name, value in params if name.endswith("random_state") and value is None]
    model = clone(classifier).set_params(**{name: int(rng.integers(2**31)) for name in names})
    if classifier in BOOSTERS:
        stages = staged_outputs(model.fit(X, y), X)
        assert len(stages) == 12
        return [stages[k] for k in (2, 5, 8, 11)]
    if classifier in ENSEMBLES:
        sizes = (3, 6, 9, 12)
        grown = [clone(model).set_params(n_estimators=size).fit(X, y) for size in sizes]
        return [outputs_of(model, X) for model in grown]
    outputs = []
    for _ in range(4):
        if classifier in PARTIAL_FIT:
            order = rng.permutation(len(y))
            model.partial_fit(X[order], y[order], classes=np.unique(y))
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.set_params(warm_start=True, max_iter=1).fit(X, y)
        outputs.append(outputs_of(model, X))
    return outputs


@pytest.mark.parametrize("classifier", [*BOOSTERS, *PARTIAL_FIT, *ITERATIONS, *ENSEMBLES], ids=str)
def test_dynamics_are_those_of_a_training_by_hand(rows, classifier):
    X, y = rows
    T = make_collector(classifier).fit_transform(X, y)
    everything = np.concatenate([X, X.corrupted.data])
    labels = np.concatenate([y, X.corrupted.labels])
    expected = [margins(out, labels) for out in outputs_by_hand(classifier, everything, labels)]
    found = np.concatenate([T, T.corrupted.data])
    assert found.dtype == np.float32
    assert_allclose(found, np.column_stack(expected), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("classifier", ENSEMBLES, ids=str)
def test_checkpoints_of_a_growing_ensemble_share_its_trees(noisy_blobs, classifier):
    X, y, _ = noisy_blobs
    first, *_, last = make_collector(classifier).fit(X, y).checkpoints_
    assert first.estimators_ == last.estimators_[:3]  # the same objects
    assert len(last.estimators_) == 12


@pytest.mark.parametrize(
    ("n_stages", "expected"),
    [(1, [12]), (3, [4, 8, 12]), (5, [2, 4, 7, 9, 12]), (50, range(1, 13))],
)
def test_stages_are_evenly_spread(noisy_blobs, n_stages, expected):
    X, y, _ = noisy_blobs
    assert staged.spread(12, n_stages) == list(expected)
    for classifier in (HIST_BOOSTING, FOREST):
        every = make_collector(classifier, 12).fit_transform(X, y)
        T = make_collector(classifier, n_stages).fit_transform(X, y)
        assert_array_equal(T, every[:, np.array(expected) - 1])


def test_boosting_that_ended_early_has_fewer_stages(noisy_blobs):
    X, _, _ = noisy_blobs
    y = (X[:, 0] > 4).astype(int)  # which the first stump gets right
    collector = make_collector(AdaBoostClassifier(n_estimators=30)).fit(X, y)
    assert collector.dynamics_.shape == (300, 1)
    assert list(collector.get_feature_names_out()) == ["dynamicscollector0"]


@one_of_each_kind
def test_extra_signals_and_mean_logits_come_from_the_same_training(rows, classifier):
    X, y = rows
    extra = ["confidence", lambda logits, labels: logits[:, -1]]
    collector = make_collector(classifier, extra_signals=extra)
    T = collector.fit_transform(X, y)
    alone = make_collector(classifier, signal="confidence").fit_transform(X, y)
    confidence, last = (collector.extra_dynamics_[signal] for signal in extra)
    assert_array_equal(confidence, alone)
    assert_array_equal(confidence.corrupted.data, alone.corrupted.data)
    assert_array_equal(T.corrupted.labels, X.corrupted.labels)
    assert_allclose(collector.log_probs_[:, -1], last.mean(axis=1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD], ids=str)
def test_rows_of_any_dtype_also_on_the_disk(noisy_blobs, tmp_path, classifier):
    X, y, _ = noisy_blobs
    X = (10 * X).round().clip(0).astype(np.uint8)  # hardly any rows are alike
    T = make_collector(classifier).fit_transform(X.astype(np.float32), y)
    on_disk = np.memmap(tmp_path / "X", dtype=np.uint8, mode="w+", shape=X.shape)
    on_disk[:] = X
    for same in (X, X.astype(np.float16), X.tolist(), on_disk):
        collector = make_collector(classifier).fit(same, y)
        assert_array_equal(collector.dynamics_, T)
        assert_array_equal(collector.transform(same[:9]), T[:9])


# --- transform ---------------------------------------------------------------------------------


@one_of_each_kind
def test_rows_of_fit_get_their_record_and_others_pass_through_the_stages(rows, classifier):
    X, y = rows
    collector = make_collector(classifier).fit(X, y)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    assert_array_equal(collector.transform(X[7:20], y[7:20]), collector.dynamics_[7:20])
    unseen = np.asarray(X[:30]) + np.float32(0.5)
    if hasattr(collector, "checkpoints_"):
        assert len(collector.checkpoints_) == 4
        outputs = [outputs_of(state, unseen) for state in collector.checkpoints_]
    else:
        outputs = [staged_outputs(collector.estimator_, unseen)[k] for k in (2, 5, 8, 11)]
    ends = outputs[-1].reshape(30, -1)
    predicted = ends.argmax(axis=1) if ends.shape[1] > 1 else (ends[:, 0] > 0).astype(int)
    for given, labels in ((y[:30], y[:30]), (predicted, None)):
        expected = np.column_stack([margins(stage, given) for stage in outputs])
        assert_allclose(collector.transform(unseen, labels), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD], ids=str)
def test_few_rows_at_a_time_change_nothing(rows, classifier, monkeypatch):
    X, y = rows
    whole = make_collector(classifier).fit(X, y)
    monkeypatch.setattr(staged, "_LOGITS_AT_ONCE", 100)
    cut = make_collector(classifier).fit(X, y)
    assert_allclose(cut.dynamics_, whole.dynamics_, rtol=1e-4, atol=1e-5)
    unseen = np.asarray(X) + 1
    assert_allclose(cut.transform(unseen), whole.transform(unseen), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD, FOREST], ids=str)
def test_it_survives_pickle_and_needs_checkpoints_if_it_has_no_stages(noisy_blobs, classifier):
    X, y, _ = noisy_blobs
    kept = make_collector(classifier).fit(X, y)
    collector = make_collector(classifier, keep_checkpoints=False).fit(X, y)
    assert_array_equal(collector.transform(X), kept.dynamics_)
    expected = kept.transform(X[:9] + 1)
    assert_array_equal(pickle.loads(pickle.dumps(kept)).transform(X[:9] + 1), expected)
    if classifier is HIST_BOOSTING:
        assert_array_equal(collector.transform(X[:9] + 1), expected)
    else:
        with pytest.raises(ValueError, match="keep_checkpoints=True"):
            collector.transform(X[:9] + 1)


# --- randomness --------------------------------------------------------------------------------


@one_of_each_kind
def test_a_seed_repeats_and_nothing_outside_changes(rows, classifier):
    X, y = rows
    params, attributes = classifier.get_params(), dict(vars(classifier))
    np.random.seed(1)  # noqa: NPY002
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    one, again = (make_collector(classifier).fit(X, y) for _ in range(2))
    other = make_collector(classifier, random_state=None).fit(X, y)
    other.transform(np.asarray(X[:5]) + 1)
    assert_array_equal(one.dynamics_, again.dynamics_)
    if classifier in (SGD, FOREST):
        assert not np.array_equal(one.dynamics_, other.dynamics_)
    assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert classifier.get_params() == params
    assert vars(classifier) == attributes
    assert one.estimator_ is not classifier


def test_a_random_state_of_the_user_is_kept(noisy_blobs):
    X, y, _ = noisy_blobs
    forest = clone(FOREST).set_params(random_state=5)
    one, other = (make_collector(forest, random_state=seed).fit(X, y) for seed in (0, 1))
    assert one.estimator_.random_state == 5
    assert_array_equal(one.dynamics_, other.dynamics_)


# --- what is refused ---------------------------------------------------------------------------


def refused(estimator, message, X, y):
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)
    assert vars(estimator) == before  # no fitted state


@pytest.mark.parametrize(
    "classifier",
    [
        SVC(),
        LogisticRegression(solver="liblinear"),
        MiniBatchKMeans(),
        make_pipeline(StandardScaler(), SGDClassifier()),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_classifiers_that_do_not_learn_in_stages(noisy_blobs, classifier):
    X, y, _ = noisy_blobs
    message = rf"(?s){type(classifier).__name__}.* does not learn in stages.*partial_fit \(SGDCl"
    refused(DynamicsCollector(classifier), message, X, y)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (HistGradientBoostingClassifier(early_stopping=True), "Set early_stopping=False"),
        (MLPClassifier(early_stopping=True), "Set early_stopping=False"),
        (GradientBoostingClassifier(n_iter_no_change=3), "n_iter_no_change=3.*n_iter_no_change=N"),
    ],
    ids=str,
)
def test_early_stopping_is_refused_or_by_default_switched_off(noisy_blobs, classifier, message):
    X, y, _ = noisy_blobs
    refused(DynamicsCollector(classifier), f"holds out rows.*{message}", X, y)
    assert HIST_BOOSTING.early_stopping == "auto"
    assert make_collector(HIST_BOOSTING).fit(X, y).estimator_.early_stopping is False


def test_rows_of_more_dimensions(noisy_blobs):
    X, y, _ = noisy_blobs
    message = r"SGDClassifier takes rows of features; X has shape \(300, 2, 2\).*X.reshape"
    refused(DynamicsCollector(SGD), message, X.reshape(300, 2, 2), y)


@pytest.mark.parametrize("name", ["checkpoint_dir", "keep_checkpoints"])
def test_folders_are_for_nets(noisy_blobs, tmp_path, name):
    X, y, _ = noisy_blobs
    message = f"{name}=.* skorch net; the estimator is SGDClassifier. Set {name}="
    for folder in (tmp_path / "a", str(tmp_path / "a")):
        refused(DynamicsCollector(SGD, **{name: folder}), message, X, y)
    assert not list(tmp_path.iterdir())
