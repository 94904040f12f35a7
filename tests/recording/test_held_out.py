"""Who is heard: models that were not told a row's label, as far as they know something."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier
from torch import nn

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.datasets import make_label_noise
from skdynacor.model_selection import InSample
from skdynacor.nets import make_mlp_classifier
from skdynacor.noise_model.noise_model import Lead
from skdynacor.pipeline import make_forests
from skdynacor.recording import training_task
from skdynacor.recording.held_out import hear
from skdynacor.recording.recordings import Recording

N_ROWS, N_COPIES = 1200, 50


class Sources:
    """Makes recordings that tell classes more or less well, and notes which it made."""

    def __init__(self):
        rng = np.random.default_rng(0)
        classes = rng.integers(0, 3, N_ROWS + N_COPIES)
        self.labels = (classes[:N_ROWS] + (rng.random(N_ROWS) < 0.2)) % 3
        names = "own", "another", "others"
        noise = {name: rng.normal(size=(N_ROWS + N_COPIES, 3)) for name in names}
        looks = np.eye(3)[classes]
        self.logits = {
            "sharp": 3 * looks + noise["own"],
            "just as sharp": 6 * looks + 2 * noise["own"],
            "as sharp otherwise": 3 * looks + noise["another"],
            "blunt": 0.5 * looks + noise["others"],
            "blind": noise["others"],
            "contrary": noise["others"] - 0.5 * looks,
        }
        self.made = []

    def record(self, source, name):
        self.made.append(name)
        logits = self.logits[source].astype(np.float32)
        return Recording(name, np.full((1, len(logits), 2), len(self.made)), logits)

    def hear(self, classifier, *partners, lead=None):
        made = {
            f"{k}: {source}": lambda source=source, k=k: self.record(source, f"{k}: {source}")
            for k, source in enumerate(partners)
        }
        halves = None if classifier is None else SomeHalves(self, classifier)
        return hear(halves, made, self.labels, lead)


FAR_AHEAD, BEHIND, OPEN = Lead(1.0, 0.2, 0.01), Lead(1.0, -0.1, 0.01), Lead(1.0, 0.04, 0.01)


class SomeHalves:
    """Stands for the halves of a classifier."""

    told = np.arange(N_ROWS) % 2 == 0
    trainings = ((told, ~told), (~told, told))

    def __init__(self, sources, source):
        self.sources, self.source = sources, source

    def first_logits(self):
        self.sources.made.append("first half")
        return self.sources.logits[self.source][:N_ROWS]

    def complete(self):
        return self.sources.record(self.source, "classifier")


def test_a_classifier_that_adds_nothing_is_not_trained_to_the_end():
    sources = Sources()
    heard, record, _ = sources.hear("blind", "sharp", "blunt")
    assert sources.made == ["first half", "0: sharp", "1: blunt"]
    assert set(heard.weights) == {"0: sharp", "1: blunt"}
    assert heard.recorded == "0: sharp"
    assert not heard.separable
    assert (record == 2).all()


def test_a_classifier_that_says_the_same_adds_nothing():
    sources = Sources()
    heard, *_ = sources.hear("just as sharp", "sharp", "blunt")
    assert "classifier" not in sources.made
    assert set(heard.weights) == {"0: sharp", "1: blunt"}


def test_a_classifier_that_adds_something_leaves_the_second_partner_out():
    sources = Sources()
    heard, record, _ = sources.hear("sharp", "as sharp otherwise", "blunt")
    assert sources.made == ["first half", "0: as sharp otherwise", "classifier"]
    assert set(heard.weights) == {"classifier", "0: as sharp otherwise"}
    assert min(heard.weights.values()) > 0.5
    assert heard.recorded == "classifier"
    assert not heard.separable
    assert (record == 3).all()


def test_a_classifier_far_ahead_is_heard_alone():
    sources, asked = Sources(), []

    def lead(logits, *trainings):
        asked.append((logits.shape, trainings))
        return FAR_AHEAD

    heard, *_ = sources.hear("sharp", "blunt", "blind", lead=lead)
    assert sources.made == ["first half", "classifier"]
    assert heard.weights == {"classifier": 1.0}
    assert heard.separable
    assert asked == [((N_ROWS, 3), SomeHalves.trainings[:1])]


@pytest.mark.parametrize(("both", "made"), [(FAR_AHEAD, []), (BEHIND, ["0: blunt"])])
def test_both_halves_are_asked_where_the_first_leaves_it_open(both, made):
    sources, asked = Sources(), []

    def lead(logits, *trainings):
        asked.append(trainings)
        return OPEN if len(trainings) == 1 else both

    heard, *_ = sources.hear("sharp", "blunt", "blind", lead=lead)
    assert sources.made == ["first half", "classifier", *made]
    assert asked == [SomeHalves.trainings[:1], SomeHalves.trainings]
    assert heard.separable is (both is FAR_AHEAD)


def test_a_classifier_not_far_ahead_may_still_add_something():
    sources = Sources()
    heard, *_ = sources.hear("sharp", "blunt", "blind", lead=lambda *_: BEHIND)
    assert sources.made == ["first half", "0: blunt", "classifier"]
    assert not heard.separable


def test_logits_are_added_up_by_the_weights():
    sources = Sources()
    heard, _, logits = sources.hear("sharp", "as sharp otherwise", "blind")
    names = ["sharp", "as sharp otherwise"]
    expected = sum(
        weight * sources.logits[name]
        for weight, name in zip(heard.weights.values(), names, strict=True)
    )
    assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert logits.shape == (N_ROWS + N_COPIES, 3)
    assert logits.dtype == np.float32


def test_without_a_classifier_partners_are_heard():
    sources = Sources()
    heard, *_ = sources.hear(None, "blunt", "sharp")
    assert sources.made == ["0: blunt", "1: sharp"]
    assert heard.recorded == "1: sharp"
    assert heard.weights["1: sharp"] > heard.weights["0: blunt"] >= 0
    assert not heard.separable


@pytest.mark.parametrize("source", ["sharp", "blind"])
def test_without_partners_the_classifier_is_heard_as_it_is(source):
    sources = Sources()
    heard, _, logits = sources.hear(source)
    assert sources.made == ["classifier"]
    assert heard.weights == {"classifier": 1.0}
    assert not heard.separable
    assert_array_equal(logits, sources.logits[source].astype(np.float32))


def test_who_is_not_heard_is_not_kept():
    sources = Sources()
    heard, *_ = sources.hear(None, "sharp", "contrary")
    assert heard.weights["1: contrary"] == 0
    assert list(heard.trained) == ["0: sharp"]


def test_of_those_who_all_know_nothing_one_is_kept():
    sources = Sources()
    heard, record, logits = sources.hear(None, "contrary", "contrary")
    assert list(heard.trained) == ["0: contrary"]
    assert (record == 1).all()
    assert_array_equal(logits, 0)


# --- in the collector --------------------------------------------------------------------------


@pytest.fixture
def trainings(monkeypatch):
    """The names of the trainings of nets, as they are made."""
    names = []
    record = training_task.TrainingTask.record

    def spied(self, only=None, name="", **options):
        names.append(name)
        return record(self, only=only, name=name, **options)

    monkeypatch.setattr(training_task.TrainingTask, "record", spied)
    return names


@pytest.fixture(scope="module")
def steps():
    """Few rows whose classes alternate along one of two features."""
    X = np.random.default_rng(0).uniform(-2, 2, size=(300, 2)).astype(np.float32)
    return X, (np.floor(X[:, 0]) % 2).astype(int)


@pytest.fixture(scope="module")
def embedding():
    """An embedding, of which no single feature means much; one label in five is wrong."""
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 4, 600)
    rotation = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    X = (4 * np.eye(64)[y_true] + rng.normal(size=(600, 64))) @ rotation
    return X.astype(np.float32), *make_label_noise(y_true, "symmetric", 0.2, random_state=0)


def default(**params):
    return make_dynacor_pipeline(random_state=0, **params)


def test_where_classes_are_steps_forests_are_heard_alone(steps, trainings):
    X, y = steps
    pipe = default().fit(X, y)
    assert trainings == ["first-half"]
    collector = pipe[1]
    assert list(collector.weights_) == ["extra_trees", "random_forest"]
    assert isinstance(collector.classifier_, RandomForestClassifier)
    assert not hasattr(collector, "checkpoints_")
    assert collector.dynamics_.shape == (300, 20)
    assert pipe[-1].flags_.mean() < 0.02
    assert_array_equal(pipe.predict(X), pipe[-1].flags_)
    assert pipe.predict(X + 0.01).mean() < 0.02


def test_where_features_are_an_embedding_the_net_is_heard(embedding, trainings):
    X, y, wrong = embedding
    pipe = default().fit(X, y)
    assert trainings == ["first-half", "second-half"]
    weights = pipe[1].weights_
    assert next(iter(weights)) == "classifier"
    assert weights["classifier"] > 0
    assert len(pipe[1].checkpoints_) == pipe[1].dynamics_.shape[1] == 20
    assert f1_score(wrong, pipe[-1].flags_) > 0.93
    assert_array_equal(pipe.predict(X[:50]), pipe[-1].flags_[:50])


def test_unseen_rows_are_judged_by_all_who_are_heard(embedding):
    X, y, _ = embedding
    collector = DynamicsCollector(
        signal="logit_difference", held_out=True, partners=make_forests(), random_state=0
    ).fit(X[:500], y[:500])
    T = collector.transform(X[500:], labels=y[500:])
    forests = {n: m for n, m in collector._heard.trained.items() if n != "classifier"}
    assert len(forests) >= 1
    net = collector._heard.trained["classifier"]
    stages = [logits.numpy() for logits in net.staged_logits(X[500:])]
    expected = collector.weights_["classifier"] * np.mean(stages, axis=0)
    for name, forest in forests.items():
        expected = (
            expected + collector.weights_[name] * next(iter(forest.staged_logits(X[500:]))).numpy()
        )
    assert_allclose(T.beliefs.logits, expected, rtol=1e-3, atol=1e-3)
    rows = np.arange(100)
    last = stages[0].copy()
    own = last[rows, y[500:]]
    last[rows, y[500:]] = -np.inf
    assert_allclose(T[:, -1], own - last.max(axis=1), rtol=1e-4, atol=1e-4)


def test_the_classifier_of_the_user_is_obeyed(steps):
    X, y = steps
    for classifier in (make_mlp_classifier(max_epochs=3), HistGradientBoostingClassifier()):
        pipe = make_dynacor_pipeline(classifier, random_state=0)
        assert pipe[1].partners == []
        assert pipe.fit(X, y)[1].weights_ == {"classifier": 1.0}
        assert type(pipe[1].classifier_) is type(classifier)


def test_the_user_may_name_partners(embedding):
    X, y, wrong = embedding
    collector = DynamicsCollector(
        LogisticRegression(),
        held_out=True,
        partners=[("woods", RandomForestClassifier(60, min_samples_leaf=3))],
        random_state=0,
    )
    T = collector.fit_transform(X, y)
    assert set(collector.weights_) == {"classifier", "woods"}
    assert isinstance(collector.classifier_, LogisticRegression)
    assert np.mean((T.beliefs.logits.argmax(axis=1) != y) == wrong) > 0.9


def test_a_forest_as_classifier_may_have_partners(steps):
    X, y = steps
    forest = RandomForestClassifier(30, min_samples_leaf=3)
    partners = [("extra", ExtraTreesClassifier(30, bootstrap=True))]
    collector = DynamicsCollector(forest, held_out=True, partners=partners, random_state=0)
    assert set(collector.fit(X, y).weights_) == {"classifier", "extra"}


@pytest.mark.parametrize("kind", ["images", "memmap"])
def test_rows_that_are_no_features_in_memory_are_judged_by_the_classifier_alone(
    noisy_blobs, tmp_path, kind
):
    X, y, _ = noisy_blobs
    if kind == "memmap":
        rows = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=X.shape)
        rows[:] = X
    else:
        rows = X.reshape(300, 2, 2)
    net = NeuralNetClassifier(
        nn.Sequential(nn.Flatten(), nn.Linear(4, 3)),
        criterion=nn.CrossEntropyLoss,
        max_epochs=2,
        verbose=0,
    )
    collector = DynamicsCollector(net, held_out=True, partners=make_forests(), random_state=0)
    assert collector.fit(rows, y).weights_ == {"classifier": 1.0}
    assert collector.transform(np.array(rows) + 1).shape == (300, 2)


@pytest.mark.parametrize("which", ["steps", "embedding"])
def test_a_seed_repeats_to_the_bit(which, request):
    X, y, *_ = request.getfixturevalue(which)
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, again = (default().fit(X, y) for _ in range(2))
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert one[1].weights_ == again[1].weights_
    assert_array_equal(one[1].dynamics_, again[1].dynamics_)
    assert_array_equal(one.predict_proba(X), again.predict_proba(X))
    assert_array_equal(one.predict_proba(X + 1), again.predict_proba(X + 1))
    other = make_dynacor_pipeline(random_state=1).fit(X, y)
    assert not np.array_equal(one[1].dynamics_, other[1].dynamics_)


@pytest.mark.parametrize("which", ["steps", "embedding"])
def test_it_survives_pickle_and_clone(which, request):
    X, y, *_ = request.getfixturevalue(which)
    pipe = default().fit(X, y)
    twin = pickle.loads(pickle.dumps(pipe))
    assert_array_equal(twin.predict_proba(X + 1), pipe.predict_proba(X + 1))
    assert_array_equal(clone(pipe).fit(X, y)[-1].flags_, pipe[-1].flags_)


# --- missing values ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gaps(noisy_blobs):
    X, y, wrong = noisy_blobs
    X = X.copy()
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    return X, y, wrong


def test_where_values_are_missing_forests_are_heard_alone(gaps, trainings):
    X, y, wrong = gaps
    pipe = default()
    flags = pipe.fit_predict(X, y)
    assert trainings == []
    assert set(pipe[1].weights_) == {"extra_trees", "random_forest"}
    assert f1_score(wrong, flags) > 0.85
    assert_array_equal(pipe.predict(X), flags)
    assert_array_equal(pipe.predict(X[:20]), flags[:20])
    assert pipe.predict(X + 1).shape == (300,)
    assert 0 <= pipe[-1].found_copies_ <= 1


def test_missing_values_of_rows_seen_later_are_for_forests_alone(steps, embedding):
    for (X, y, *_), by_forests in ((steps, True), (embedding, False)):
        pipe = default().fit(X, y)
        later = X[:9] + np.float32(1)
        later[3, 1] = np.nan
        if by_forests:
            assert pipe.predict(later).shape == (9,)
        else:
            with pytest.raises(ValueError, match="X contains NaN"):
                pipe.predict(later)


@pytest.mark.parametrize("kind", ["images", "memmap"])
def test_missing_values_that_nobody_can_judge_are_refused(gaps, tmp_path, kind):
    X, y, _ = gaps
    rows = X.reshape(300, 2, 2)
    if kind == "memmap":
        rows = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=X.shape)
        rows[:] = X
    with pytest.raises(ValueError, match=r"X contains NaN"):
        default().fit(rows, y)


def test_a_classifier_that_takes_missing_values_is_trained_on_them(gaps):
    X, y, wrong = gaps
    pipe = make_dynacor_pipeline(HistGradientBoostingClassifier(max_iter=20), random_state=0)
    assert f1_score(wrong, pipe.fit_predict(X, y)) > 0.8
    assert_array_equal(pipe.predict(X), pipe[-1].flags_)


# --- what is refused, parameters ---------------------------------------------------------------

FOREST = RandomForestClassifier(10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"held_out": False, "partners": [("woods", FOREST)]}, "set held_out=True, or leave"),
        ({"partners": [("trees", ExtraTreesClassifier())]}, r"bootstrap=True.*got ExtraTreesCl"),
        ({"partners": [("net", make_mlp_classifier())]}, "partners must be RandomForestClassifier"),
        ({"partners": [FOREST]}, "pairs of a name and a forest.*got RandomForestClassifier"),
        ({"partners": [("classifier", FOREST)]}, "other names than 'classifier'"),
        ({"partners": [("woods", FOREST), ("woods", FOREST)]}, "not unique"),
        ({"partners": [("signal", FOREST)]}, "conflict with constructor arguments"),
        ({"partners": [("a__b", FOREST)]}, "must not contain __"),
    ],
)
def test_partners_that_cannot_be_heard_are_refused(steps, params, message):
    collector = DynamicsCollector(**{"held_out": True, **params})
    before = dict(vars(collector))
    with pytest.raises(ValueError, match=message):
        collector.fit(*steps)
    assert vars(collector) == before


def test_parameters_of_partners_are_nested():
    collector = DynamicsCollector(held_out=True, partners=make_forests())
    params = collector.get_params()
    assert params["extra_trees"] is collector.partners[0][1]
    assert params["extra_trees__min_samples_leaf"] == 5
    assert "extra_trees" not in collector.get_params(deep=False)
    twin = clone(collector).set_params(extra_trees__min_samples_leaf=9)
    assert twin.partners[0][1].min_samples_leaf == 9
    assert collector.partners[0][1].min_samples_leaf == 5
    twin.set_params(random_forest=FOREST, classifier=make_mlp_classifier(max_epochs=2))
    assert dict(twin.partners)["random_forest"] is FOREST
    assert twin.classifier.max_epochs == 2
    with pytest.raises(ValueError, match="Invalid parameter 'oak'"):
        twin.set_params(oak=1)


def test_partners_passed_in_are_left_alone(steps):
    X, y = steps
    partners = make_forests()
    before = [dict(vars(forest)) for _, forest in partners]
    DynamicsCollector(held_out=True, partners=partners, random_state=0).fit(X, y)
    assert [vars(forest) for _, forest in partners] == before


def test_a_search_over_partners(steps):
    X, y = steps
    y = make_label_noise(y, "symmetric", 0.1, random_state=0)[0]
    grid = {"dynamicscollector__random_forest__min_samples_leaf": [3, 80]}
    search = GridSearchCV(default(), grid, cv=InSample(), error_score="raise").fit(X, y)
    few, many = search.cv_results_["mean_test_score"]
    assert few > many
    assert search.best_estimator_[1].partners[1][1].min_samples_leaf == 3


def test_copies_are_judged_too(embedding):
    X, y, _ = embedding
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    collector = DynamicsCollector(held_out=True, partners=make_forests(), random_state=0)
    T, alone = collector.fit_transform(Xc, y), collector.fit_transform(X, y)
    assert_array_equal(T.beliefs.logits, alone.beliefs.logits)
    of_copies = T.corrupted.beliefs
    assert of_copies.logits.shape == (120, 4)
    assert of_copies.separable is T.beliefs.separable
    looks = T.beliefs.logits[Xc.corrupted.sources].argmax(axis=1)
    assert np.mean(of_copies.logits.argmax(axis=1) == looks) > 0.95


@pytest.mark.parametrize("dtype", [">f4", np.longdouble])
def test_numbers_on_the_disk_that_torch_does_not_take_are_read_first(noisy_blobs, tmp_path, dtype):
    X, y, _ = noisy_blobs
    rows = np.memmap(tmp_path / "X", dtype=dtype, mode="w+", shape=X.shape)
    rows[:] = X
    net = make_mlp_classifier(max_epochs=2)
    T, of_disk = (DynamicsCollector(net, random_state=0).fit(R, y).dynamics_ for R in (X, rows))
    assert_array_equal(of_disk, T)
