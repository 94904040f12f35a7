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
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdynacor import CorruptedArray, DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.groundwork.random_numbers import make_rng
from skdynacor.nets import make_mlp_classifier
from skdynacor.recording import staged_training as staged

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
GOING_ON = [
    SGD,
    SGDClassifier(loss="log_loss"),
    MLP,
    Perceptron(),
    GaussianNB(),
    OneVsRestClassifier(SGDClassifier()),
    LOGISTIC,
    MLPClassifier(8, solver="lbfgs"),
    FOREST,
    BAGGING,
]
every_kind = pytest.mark.parametrize("classifier", [*BOOSTERS, *GOING_ON], ids=str)


@pytest.fixture(params=[2, 3], ids="{} classes".format)
def rows(request, noisy_blobs):
    """Rows with copies, and noisy labels of two or three classes."""
    X, y, _ = noisy_blobs
    X, y = X[y < request.param], y[y < request.param]
    return LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y


def collect(classifier, n_stages=4, **params):
    settings = {"signal": "logit_difference", "random_state": 0, **params}
    return DynamicsCollector(classifier, n_stages=n_stages, **settings)


def pooled(X, y):
    """Everything that the classifier trains on."""
    return np.concatenate([X, X.corrupted.data]), np.concatenate([y, X.corrupted.labels])


def trail(outputs, labels):
    """The logit difference of one stage, by hand."""
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        return outputs.ravel() * np.where(labels == 1, 1, -1)
    logits = outputs.astype(float)
    rows = np.arange(len(labels))
    own = logits[rows, labels]
    logits[rows, labels] = -np.inf
    return own - logits.max(axis=1)


def log(probabilities):
    return np.log(probabilities.clip(min=np.finfo(np.float32).tiny))


def judge(model, X):
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    return log(model.predict_proba(X))


def staged_outputs(model, X):
    if hasattr(model, "staged_decision_function"):
        return [outputs.copy() for outputs in model.staged_decision_function(X)]
    return [log(outputs) for outputs in model.staged_predict_proba(X)]


def assert_recorded(T, expected):
    trails = np.concatenate([T, T.corrupted.data])
    assert trails.dtype == np.float32
    assert_allclose(trails, np.column_stack(expected), rtol=1e-5, atol=1e-5)


def twin_and_rng(classifier):
    """A clone seeded as ``random_state=0`` of the collector seeds it, and what else is drawn."""
    rng = np.random.default_rng(int(make_rng(0, "DynamicsCollector").integers(2**63)))
    params = sorted(classifier.get_params().items())
    names = [name for name, value in params if name.endswith("random_state") and value is None]
    return clone(classifier).set_params(**{name: int(rng.integers(2**31)) for name in names}), rng


# --- the right number in the right place -------------------------------------------------------


@pytest.mark.parametrize("classifier", BOOSTERS, ids=str)
def test_boosting_records_what_its_stages_put_out(rows, classifier):
    X, y = rows
    T = collect(classifier).fit_transform(X, y)
    everything, labels = pooled(X, y)
    model, _ = twin_and_rng(classifier)
    model.fit(everything, labels)
    outputs = staged_outputs(model, everything)
    assert len(outputs) == 12
    assert_recorded(T, [trail(outputs[k], labels) for k in (2, 5, 8, 11)])


@pytest.mark.parametrize("classifier", GOING_ON[:6], ids=str)
def test_partial_fit_records_every_pass(rows, classifier):
    X, y = rows
    T = collect(classifier).fit_transform(X, y)
    everything, labels = pooled(X, y)
    model, rng = twin_and_rng(classifier)
    expected = []
    for _ in range(4):
        order = rng.permutation(len(labels))
        model.partial_fit(everything[order], labels[order], classes=np.unique(y))
        expected.append(trail(judge(model, everything), labels))
    assert_recorded(T, expected)


@pytest.mark.parametrize("classifier", GOING_ON[6:8], ids=str)
def test_a_warm_start_records_every_iteration(rows, classifier):
    X, y = rows
    T = collect(classifier).fit_transform(X, y)
    everything, labels = pooled(X, y)
    model, _ = twin_and_rng(classifier)
    model.set_params(warm_start=True, max_iter=1)
    expected = []
    for _ in range(4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(everything, labels)
        expected.append(trail(judge(model, everything), labels))
    assert_recorded(T, expected)


@pytest.mark.parametrize("classifier", [FOREST, BAGGING], ids=str)
def test_a_warm_start_records_growing_ensembles(rows, classifier):
    X, y = rows
    collector = collect(classifier)
    T = collector.fit_transform(X, y)
    everything, labels = pooled(X, y)
    model, _ = twin_and_rng(classifier)
    grown = [clone(model).set_params(n_estimators=k).fit(everything, labels) for k in (3, 6, 9, 12)]
    assert_recorded(T, [trail(judge(model, everything), labels) for model in grown])
    first, last = collector.checkpoints_[0].estimators_, collector.checkpoints_[-1].estimators_
    assert first == last[:3]  # the same objects: copies share their trees
    assert len(last) == 12


@pytest.mark.parametrize(
    ("n_stages", "expected"),
    [(1, [12]), (3, [4, 8, 12]), (5, [2, 4, 7, 9, 12]), (12, range(1, 13)), (50, range(1, 13))],
)
def test_stages_are_evenly_spread(noisy_blobs, n_stages, expected):
    X, y, _ = noisy_blobs
    assert staged.spread(12, n_stages) == list(expected)
    every = {}
    for classifier in (HIST_BOOSTING, FOREST):
        every[classifier] = collect(classifier, 12).fit_transform(X, y)
        T = collect(classifier, n_stages).fit_transform(X, y)
        assert_array_equal(T, every[classifier][:, np.array(expected) - 1])
    assert collect(SGD, n_stages).fit_transform(X, y).shape == (300, n_stages)


def test_boosting_that_ended_early_has_fewer_stages(noisy_blobs):
    X, _, _ = noisy_blobs
    y = (X[:, 0] > 4).astype(int)  # which the first stump gets right
    collector = collect(AdaBoostClassifier(n_estimators=30)).fit(X, y)
    assert collector.dynamics_.shape == (300, 1)
    assert list(collector.get_feature_names_out()) == ["dynamicscollector0"]


@every_kind
def test_copies_are_recorded_and_every_signal_comes_from_one_training(rows, classifier):
    X, y = rows
    collector = collect(classifier, also=["confidence", "quantized_logit_difference"])
    T = collector.fit_transform(X, y)
    assert type(T) is CorruptedArray
    assert T.shape == (len(y), 4)
    assert T.corrupted.data.shape == (len(X.corrupted.labels), 4)
    assert_array_equal(T.corrupted.labels, X.corrupted.labels)
    for signal, record in collector.records_.items():
        alone = collect(classifier, signal=signal).fit_transform(X, y)
        assert_array_equal(record, alone)
        assert_array_equal(record.corrupted.data, alone.corrupted.data)
    quantized = collector.records_["quantized_logit_difference"]
    assert_array_equal(quantized, np.where(T < 0, -1, 1))


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD, LOGISTIC], ids=str)
@pytest.mark.parametrize(
    "y_as",
    [lambda y: np.array(["ant", "bee", "cow"])[y], lambda y: np.array([-7.0, 0.0, 3.0])[y]],
    ids=["strings", "floats"],
)
def test_labels_of_any_kind(rows, classifier, y_as):
    X, y = rows
    renamed = LabelCorruptor(0.2, random_state=0).fit_transform(X, y_as(y))
    T, plain = collect(classifier).fit_transform(renamed, y_as(y)), collect(classifier)
    assert_array_equal(T, plain.fit_transform(X, y))
    assert_array_equal(T.corrupted.data, plain.fit_transform(X, y).corrupted.data)


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD], ids=str)
def test_rows_of_any_dtype_also_on_the_disk(noisy_blobs, tmp_path, classifier):
    X, y, _ = noisy_blobs
    X = (10 * X).round().clip(0).astype(np.uint8)  # hardly any rows are alike
    T = collect(classifier).fit_transform(X.astype(np.float32), y)
    on_disk = np.memmap(tmp_path / "X", dtype=np.uint8, mode="w+", shape=X.shape)
    on_disk[:] = X
    for same in (X, X.astype(np.float16), X.astype(float), X.tolist(), on_disk):
        collector = collect(classifier).fit(same, y)
        assert_array_equal(collector.dynamics_, T)
        assert_array_equal(collector.transform(same[:9]), T[:9])


# --- transform ---------------------------------------------------------------------------------


@every_kind
def test_seen_rows_replay_and_others_pass_through_the_stages(rows, classifier):
    X, y = rows
    collector = collect(classifier).fit(X, y)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    assert_array_equal(collector.transform(X[7:20], labels=y[7:20]), collector.dynamics_[7:20])
    unseen = np.asarray(X[:30]) + np.float32(0.5)
    model = collector.classifier_
    if hasattr(collector, "checkpoints_"):
        assert len(collector.checkpoints_) == 4
        outputs = [judge(state, unseen) for state in collector.checkpoints_]
    else:
        outputs = [staged_outputs(model, unseen)[k] for k in (2, 5, 8, 11)]
    for labels in (y[:30], None):
        ends = outputs[-1].reshape(30, -1)
        ends = ends[:, 0] > 0 if ends.shape[1] == 1 else ends.argmax(axis=1)
        given = ends.astype(int) if labels is None else labels
        expected = np.column_stack([trail(stage, given) for stage in outputs])
        T = collector.transform(unseen, labels=labels)
        assert_allclose(T, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("classifier", [*BOOSTERS, SGD, FOREST], ids=str)
def test_few_rows_at_a_time_change_nothing(rows, classifier, monkeypatch):
    X, y = rows
    whole = collect(classifier).fit(X, y)
    monkeypatch.setattr(staged, "LOGITS_AT_ONCE", 100)
    cut = collect(classifier).fit(X, y)
    assert_allclose(cut.dynamics_, whole.dynamics_, rtol=1e-5, atol=1e-6)
    unseen = np.asarray(X) + 1
    assert_allclose(cut.transform(unseen), whole.transform(unseen), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD, FOREST], ids=str)
def test_without_checkpoints(rows, classifier):
    X, y = rows
    collector = collect(classifier, keep_checkpoints=False).fit(X, y)
    kept = collect(classifier).fit(X, y)
    assert_array_equal(collector.transform(X), kept.dynamics_)
    unseen = np.asarray(X[:3]) + 1
    if hasattr(kept, "checkpoints_"):
        with pytest.raises(ValueError, match="keep_checkpoints=True"):
            collector.transform(unseen)
    else:
        assert_array_equal(collector.transform(unseen), kept.transform(unseen))


def test_checkpoints_of_an_earlier_fit_are_gone(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(make_mlp_classifier(max_epochs=2)).fit(X, y)
    assert len(collector.checkpoints_) == 2
    assert not hasattr(collector.set_params(classifier=HIST_BOOSTING).fit(X, y), "checkpoints_")


@pytest.mark.parametrize("classifier", [HIST_BOOSTING, SGD, FOREST], ids=str)
def test_it_survives_pickle_and_clone(rows, classifier):
    X, y = rows
    collector = collect(classifier).fit(X, y)
    unseen = np.asarray(X[:9]) + 1
    twin = pickle.loads(pickle.dumps(collector))
    assert_array_equal(twin.transform(unseen), collector.transform(unseen))
    assert_array_equal(clone(collector).fit(X, y).dynamics_, collector.dynamics_)


# --- randomness --------------------------------------------------------------------------------


@every_kind
def test_a_seed_repeats_and_nothing_outside_changes(rows, classifier):
    X, y = rows
    params, attributes = classifier.get_params(), dict(vars(classifier))
    np.random.seed(1)  # noqa: NPY002
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    one, again = (collect(classifier).fit(X, y) for _ in range(2))
    collect(classifier, random_state=None).fit(X, y).transform(np.asarray(X[:5]) + 1)
    assert_array_equal(one.dynamics_, again.dynamics_)
    assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert classifier.get_params() == params
    assert vars(classifier) == attributes
    assert one.classifier_ is not classifier


@pytest.mark.parametrize("classifier", [SGD, MLP, FOREST], ids=str)
def test_seeds_differ(noisy_blobs, classifier):
    X, y, _ = noisy_blobs
    seeds = (0, 1, None, None)
    T = [collect(classifier, random_state=seed).fit_transform(X, y) for seed in seeds]
    assert len({trails.tobytes() for trails in T}) == 4


def test_a_random_state_of_the_user_is_kept(noisy_blobs):
    X, y, _ = noisy_blobs
    forest = clone(FOREST).set_params(random_state=5)
    one, other = (collect(forest, random_state=seed).fit(X, y) for seed in (0, 1))
    assert one.classifier_.random_state == 5
    assert_array_equal(one.dynamics_, other.dynamics_)
    ensemble = AdaBoostClassifier(DecisionTreeClassifier(), random_state=5)
    fitted = collect(ensemble).fit(X, y).classifier_
    assert fitted.random_state == 5
    assert isinstance(fitted.estimator.random_state, int)


# --- wrong labels ------------------------------------------------------------------------------


@pytest.mark.parametrize(("max_leaf_nodes", "at_least"), [(31, 0.8), (4, 0.9)])
def test_the_pipeline_finds_wrong_labels(noisy_blobs, max_leaf_nodes, at_least):
    X, y, wrong = noisy_blobs
    boosting = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=max_leaf_nodes)
    pipe = make_dynacor_pipeline(boosting, random_state=0)
    flags = pipe.fit_predict(X, y)
    assert f1_score(wrong, flags) > at_least
    assert_array_equal(pipe.predict(X), flags)


# --- what is refused ---------------------------------------------------------------------------


def refused(estimator, message, X, y):
    before = dict(vars(estimator))
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)
    assert vars(estimator) == before


@pytest.mark.parametrize(
    "classifier",
    [
        KNeighborsClassifier(),
        SVC(),
        LogisticRegression(solver="liblinear"),
        GradientBoostingRegressor(),
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
        (SGDClassifier(early_stopping=True), "Set early_stopping=False"),
        (MLPClassifier(early_stopping=True), "Set early_stopping=False"),
        (GradientBoostingClassifier(n_iter_no_change=3), "n_iter_no_change=3.*n_iter_no_change=N"),
    ],
    ids=str,
)
def test_rows_held_out(noisy_blobs, classifier, message):
    X, y, _ = noisy_blobs
    refused(DynamicsCollector(classifier), f"holds rows out.*{message}", X, y)


def test_the_early_stopping_that_is_on_by_default_is_switched_off(noisy_blobs):
    X, y, _ = noisy_blobs
    assert HIST_BOOSTING.early_stopping == "auto"
    assert collect(HIST_BOOSTING).fit(X, y).classifier_.early_stopping is False


def test_rows_of_more_dimensions(noisy_blobs):
    X, y, _ = noisy_blobs
    message = r"SGDClassifier takes rows of features; X has shape \(300, 2, 2\).*X.reshape"
    refused(DynamicsCollector(SGD), message, X.reshape(300, 2, 2), y)


@pytest.mark.parametrize("name", ["checkpoint_dir", "keep_checkpoints"])
@pytest.mark.parametrize("classifier", [SGD, HIST_BOOSTING], ids=str)
def test_folders_are_for_nets(noisy_blobs, tmp_path, name, classifier):
    X, y, _ = noisy_blobs
    kind = type(classifier).__name__
    for folder in (tmp_path / "a", str(tmp_path / "a")):
        collector = DynamicsCollector(classifier, **{name: folder})
        refused(collector, f"{name}=.* skorch net; the classifier is {kind}. Set {name}=", X, y)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("n_stages", [0, 2.5, None])
def test_n_stages(noisy_blobs, n_stages):
    X, y, _ = noisy_blobs
    refused(DynamicsCollector(SGD, n_stages=n_stages), "'n_stages' parameter", X, y)


def test_classes_instead_of_objects(noisy_blobs):
    X, y, _ = noisy_blobs
    with pytest.raises(TypeError, match="instance"):
        DynamicsCollector(SGDClassifier).fit(X, y)


class Overflows(SGDClassifier):
    def decision_function(self, X):
        return super().decision_function(X).astype(float) * 1e60


def test_outputs_that_are_not_finite(noisy_blobs):
    X, y, _ = noisy_blobs
    refused(DynamicsCollector(Overflows()), "decision_function gives.*not finite: scale", X, y)


def test_a_signal_that_is_nan(noisy_blobs):
    X, y, _ = noisy_blobs

    def signal(logits, labels):
        return logits[:, 0] * torch.nan

    refused(DynamicsCollector(HIST_BOOSTING, signal=signal), "signal is NaN", X, y)


def test_a_failed_fit_keeps_the_last_good_one(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = collect(SGD).fit(X, y)
    refused(collector.set_params(classifier=SVC()), "SVC", X, y)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    assert len(collector.checkpoints_) == 4


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [DynamicsCollector(GradientBoostingClassifier(n_estimators=5)), DynamicsCollector(SGD)]
)
def test_scikit_learn(estimator, check):
    check(estimator)
