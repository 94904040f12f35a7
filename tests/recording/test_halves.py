"""A training on each half of the rows, which judges the other."""

import fcntl
import os
import signal
import threading

import numpy as np
import pytest
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import DynamicsCollector, LabelCorruptor
from skdynacor.groundwork.row_order import order_rows
from skdynacor.nets import make_mlp_classifier
from skdynacor.recording import training_task
from skdynacor.recording.halves import Halves, TrainedHalves, halve

BOOSTING = HistGradientBoostingClassifier(max_iter=5, random_state=0)
CLASSIFIERS = {
    "net": make_mlp_classifier(max_epochs=3),
    "staged": BOOSTING,
    "in parts": SGDClassifier(loss="log_loss"),
    "forest": RandomForestClassifier(30, random_state=0),
    "extra trees": ExtraTreesClassifier(30, bootstrap=True, random_state=0),
}


@pytest.mark.parametrize("labels", [np.arange(101) % 4, np.sort(np.arange(101) % 4)])
def test_each_class_is_halved_at_random(labels):
    order = np.arange(101)
    half = halve(labels, order)
    assert_array_equal(halve(labels, order), half)
    for label in range(4):
        of_class = half[labels == label]
        assert abs(of_class.sum() - len(of_class) / 2) <= 0.5
        assert 0.2 < (of_class[1:] == of_class[:-1]).mean() < 0.8  # neighbours are not paired


class Trainings:
    """Stands for trainings that record what they are told of, and say which one they are."""

    def __init__(self):
        self.told = {}

    def __call__(self, only, name):
        self.told[name] = only.tolist()
        logits = np.full((8, 3), len(self.told), dtype=np.float32)
        return name, logits[None], logits.copy()


LABELS = np.array([0, 0, 1, 1, 0, 2])
HALF = np.array([True, False, True, False, True, True, False, True])  # the last two are copies


def test_each_half_is_judged_by_the_training_on_the_other():
    trained, record, logits = Halves(Trainings(), HALF, LABELS).complete()
    assert (trained.first, trained.second) == ("first-half", "second-half")
    assert_array_equal(logits[:, 0], np.where(HALF, 2, 1))
    assert_array_equal(record[0], logits)


def test_the_only_row_of_a_class_is_told_to_both_and_no_copy_to_any():
    train = Trainings()
    Halves(train, HALF, LABELS).complete()
    assert train.told == {"first-half": [0, 2, 4, 5], "second-half": [1, 3, 5]}


def test_the_first_half_can_be_looked_at_before_the_second_is_trained():
    train = Trainings()
    halves = Halves(train, HALF, LABELS)
    assert_array_equal(halves.trainings[0][0], [True, False, True, False, True, True])
    assert_array_equal(halves.trainings[1][1], [True, False, True, False, True, False])
    for _ in range(2):
        assert_array_equal(halves.first_logits(), np.ones((6, 3)))
    assert list(train.told) == ["first-half"]
    assert_array_equal(halves.complete().logits[:, 0], np.where(HALF, 2, 1))
    assert list(train.told) == ["first-half", "second-half"]


# --- in the collector --------------------------------------------------------------------------


@pytest.fixture
def rows(noisy_blobs):
    X, y, _ = noisy_blobs
    return LabelCorruptor(0.2, jitter=0, random_state=0).fit_transform(X, y), y


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_what_a_row_and_its_copy_look_like_does_not_depend_on_its_label(rows, kind, monkeypatch):
    X, y = rows
    monkeypatch.setattr(training_task, "halve", lambda labels, _: np.arange(len(labels)) % 2 == 0)
    collector = DynamicsCollector(CLASSIFIERS[kind], held_out=True, random_state=0)
    T = collector.fit_transform(X, y)
    for copy in (0, 1):
        row, other = X.corrupted.sources[copy], y.copy()
        believed = T.beliefs.logits[row].argmax()
        other[row] = believed if believed != y[row] else (believed + 1) % 3
        T_other = collector.fit_transform(X, other)
        assert_array_equal(T_other.beliefs.logits[row], T.beliefs.logits[row])
        copies, copies_other = T.corrupted.beliefs, T_other.corrupted.beliefs
        assert_array_equal(copies_other.logits[copy], copies.logits[copy])
        assert not np.array_equal(T_other.beliefs.logits, T.beliefs.logits)
        assert not np.array_equal(T_other[row], T[row])  # it is judged for its label, of course


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_order_of_rows_changes_nothing(noisy_blobs, kind, held_out):
    X, y, _ = noisy_blobs
    order = np.random.default_rng(1).permutation(len(y))
    pipe = make_pipeline(
        LabelCorruptor(0.2, random_state=0),
        DynamicsCollector(
            CLASSIFIERS[kind], signal="logit_difference", held_out=held_out, random_state=0
        ),
    )
    T, shuffled = pipe.fit_transform(X, y), pipe.fit_transform(X[order], y[order])
    assert_array_equal(order[shuffled.corrupted.sources], T.corrupted.sources)
    assert_array_equal(shuffled.corrupted.labels, T.corrupted.labels)
    for one, other in [
        (T.corrupted.data, shuffled.corrupted.data),
        (T[order], shuffled),
        (T.beliefs.logits[order], shuffled.beliefs.logits),
    ]:
        assert_allclose(other, one, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["net", "staged", "forest"])
def test_jobs_change_nothing(rows, kind):
    X, y = rows
    collector = DynamicsCollector(CLASSIFIERS[kind], held_out=True, random_state=0)
    T = collector.fit_transform(X, y)
    collector.set_params(n_jobs=2)
    T_jobs = collector.fit_transform(X, y)
    assert_array_equal(T_jobs, T)
    assert_array_equal(T_jobs.beliefs.logits, T.beliefs.logits)
    assert_array_equal(T_jobs.corrupted.data, T.corrupted.data)


def test_with_jobs_both_halves_are_trained_in_processes_of_their_own(rows):
    X, y = rows
    net = make_mlp_classifier(max_epochs=2, callbacks=[("process", RememberProcess())])
    collector = DynamicsCollector(net, held_out=True, random_state=0)
    processes = {}
    for n_jobs in (None, 2):
        trained = collector.set_params(n_jobs=n_jobs).fit(X, y)._heard.recorded
        nets = trained.first.classifier, trained.second.classifier
        processes[n_jobs] = {dict(net.callbacks_)["process"].process for net in nets}
    assert processes[None] == {os.getpid()}
    assert len(processes[2]) == 2
    assert os.getpid() not in processes[2]


class RememberProcess(Callback):
    def __init__(self, process=None):
        self.process = process

    def on_train_end(self, net, **kwargs):
        self.process = os.getpid()


@pytest.mark.parametrize("kind", ["staged", "forest", "extra trees"])
def test_random_labels_are_guessed_by_nobody(kind):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 4)), rng.integers(0, 2, 400)
    Xc = LabelCorruptor(1.0, jitter=0, random_state=0).fit_transform(X, y)

    def agreement(beliefs):
        return np.mean(beliefs.logits.argmax(axis=1) == y)

    T = DynamicsCollector(CLASSIFIERS[kind], held_out=True).fit_transform(Xc, y)
    assert 0.35 < agreement(T.beliefs) < 0.6
    assert 0.35 < agreement(T.corrupted.beliefs) < 0.6  # with the label of its source


def test_each_half_and_no_copy_is_trained_on(rows, monkeypatch):
    X, y = rows
    seen = {}

    def spied(*args, told, **kwargs):
        seen[len(seen)] = told
        return record_net(*args, told=told, **kwargs)

    record_net = training_task.record_net
    monkeypatch.setattr(training_task, "record_net", spied)
    DynamicsCollector(make_mlp_classifier(max_epochs=2), held_out=True).fit(X, y)
    assert_array_equal(np.sort(np.concatenate([seen[0], seen[1]])), np.arange(300))
    for label in range(3):
        sizes = [np.sum(y[told] == label) for told in seen.values()]
        assert abs(sizes[0] - sizes[1]) <= 1


def test_copies_change_nothing_of_the_rows(rows):
    X, y = rows
    for kind in ("net", "staged", "forest"):
        collector = DynamicsCollector(CLASSIFIERS[kind], held_out=True, random_state=0)
        T, alone = collector.fit_transform(X, y), collector.fit_transform(np.array(X), y)
        assert_array_equal(T, alone)
        assert_array_equal(T.beliefs.logits, alone.beliefs.logits)


def staged(X, y, rows):
    """What boosting on each half makes of rows, (2, n_rows, n_stages, n_classes)."""
    half, outputs = halve(y, order_rows(X, y)), []
    for told in (half, ~half):
        twin = HistGradientBoostingClassifier(max_iter=5, early_stopping=False, random_state=0)
        twin.fit(X[told], y[told])
        outputs.append([stage.copy() for stage in twin.staged_decision_function(rows)])
    return np.array(outputs).transpose(0, 2, 1, 3)


def margins(outputs, labels):
    given = np.arange(outputs.shape[-1]) == labels[:, None, None]
    others = np.where(given, -np.inf, outputs).max(axis=-1)
    return np.where(given, outputs, 0).sum(axis=-1) - others


@pytest.fixture
def boosted(rows):
    X, y = rows
    collector = DynamicsCollector(BOOSTING, signal="logit_difference", held_out=True)
    return X, y, collector, collector.fit_transform(X, y)


def test_rows_are_recorded_as_by_hand(boosted):
    X, y, _, T = boosted
    X, copies, sources = np.array(X), X.corrupted, X.corrupted.sources
    half = halve(y, order_rows(X, y))
    first, second = staged(X, y, X)
    judged = np.where(half[:, None, None], second, first)
    assert_allclose(T, margins(judged, y), rtol=1e-5, atol=1e-5)
    assert_allclose(T.beliefs.logits, judged.mean(axis=1), rtol=1e-5, atol=1e-5)
    of_copies = margins(judged[sources], copies.labels)  # copies are not jittered
    assert_allclose(T.corrupted.data, of_copies, rtol=1e-5, atol=1e-5)


def test_seen_rows_replay_and_others_get_the_mean_of_both_halves(boosted):
    X, y, collector, T = boosted
    again = collector.transform(np.array(X)[7:20])
    assert_array_equal(again, T[7:20])
    assert_array_equal(again.beliefs.logits, T.beliefs.logits[7:20])
    unseen = np.array(X[:30]) + np.float32(0.5)
    mean = staged(np.array(X), y, unseen).mean(axis=0)
    T_unseen = collector.transform(unseen, labels=y[:30])
    assert_allclose(T_unseen, margins(mean, y[:30]), rtol=1e-5, atol=1e-5)
    assert_allclose(T_unseen.beliefs.logits, mean.mean(axis=1), rtol=1e-5, atol=1e-5)
    ends = mean[:, -1].argmax(axis=1)
    assert_array_equal(collector.transform(unseen).beliefs.labels, ends)


@pytest.mark.parametrize("seed", [2, 11], ids=["the second", "the first"])
def test_a_half_that_ends_early_stays_as_it_was(seed):
    """Boosting ends where nothing is left to learn."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    y[rng.choice(40, 2)] ^= 1
    boosting = AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=10)
    collector = DynamicsCollector(
        boosting, signal="logit_difference", held_out=True, random_state=0
    ).fit(X, y)
    halves = collector._heard.recorded
    n_stages = halves.n_stages
    short = 0 if seed == 11 else 1
    assert n_stages[short] < n_stages[1 - short] <= 10
    assert collector.dynamics_.shape == (40, max(n_stages))
    judged = halves.half if short else ~halves.half  # by the one that ended early
    tails = collector.dynamics_[:, n_stages[short] - 1 :]
    assert (tails[judged] == tails[judged, :1]).all()
    assert not (tails[~judged] == tails[~judged, :1]).all()
    unseen = X + np.float32(0.5)
    outputs = []
    for half in (halves.first, halves.second):
        stages = [stage.numpy() for stage in half.staged_logits(unseen)][::-1]
        outputs.append(np.stack(stages + stages[-1:] * (max(n_stages) - len(stages)), axis=1))
    found = collector.transform(unseen, labels=y)
    assert_allclose(found, margins(np.mean(outputs, axis=0), y), rtol=1e-5, atol=1e-5)


def test_halves_show_what_the_first_has(boosted):
    *_, collector, _ = boosted
    halves = collector._heard.recorded
    assert isinstance(halves, TrainedHalves)
    assert collector.classifier_ is halves.first.classifier
    assert collector.weights_ == {"classifier": 1.0}


def test_weights_may_be_kept_in_a_folder_of_each_half(rows, tmp_path):
    X, y = rows
    net = make_mlp_classifier(max_epochs=3)
    in_memory, in_folder = (
        DynamicsCollector(net, held_out=True, keep_checkpoints=keep, random_state=0).fit(X, y)
        for keep in (True, tmp_path)
    )
    assert {path.name for path in tmp_path.iterdir()} == {"first-half", "second-half"}
    unseen = np.array(X) + 1
    assert_array_equal(in_folder.transform(unseen), in_memory.transform(unseen))


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classes_of_one_row_and_of_two(kind):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2, 3], [30, 30, 2, 1])
    X = (rng.normal(size=(63, 3)) + 5 * y[:, None]).astype(np.float32)
    collector = DynamicsCollector(CLASSIFIERS[kind], held_out=True, random_state=0)
    T = collector.fit_transform(X, y)
    assert np.isfinite(T).all()
    assert T.beliefs.logits.shape == (63, 4)
    assert collector.transform(X + 1).beliefs.logits.shape == (63, 4)


def test_a_batch_of_one_row_is_avoided_for_batch_norm(noisy_blobs):
    X, y, _ = noisy_blobs
    module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    sizes = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, training, **kwargs):
            sizes.append(len(batch[0]))

    net = NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        max_epochs=2,
        batch_size=149,  # halves have 150 rows
        iterator_train__shuffle=True,
        callbacks=[("watch", Watch())],
        verbose=0,
    )
    T = DynamicsCollector(net, held_out=True, random_state=0).fit_transform(X, y)
    assert np.isfinite(T).all()
    assert min(sizes) >= 2


@pytest.mark.parametrize("name", ["sampler", "batch_sampler"])
def test_a_sampler_of_all_rows_is_refused(noisy_blobs, name):
    X, y, _ = noisy_blobs
    sampler = WeightedRandomSampler(torch.ones(300), 300)
    if name == "batch_sampler":
        sampler = torch.utils.data.BatchSampler(sampler, 30, drop_last=False)
    net = make_mlp_classifier(**{f"iterator_train__{name}": sampler}, iterator_train__shuffle=False)
    collector = DynamicsCollector(net, held_out=True)
    before = dict(vars(collector))
    with pytest.raises(ValueError, match=rf"iterator_train__{name} does not know .*held_out=False"):
        collector.fit(X, y)
    assert vars(collector) == before


class Killed(BaseException):
    pass


class KillAfter(Callback):
    """End the process's training after some batches, counted over all trainings."""

    batches = np.inf

    def on_batch_begin(self, net, training, **kwargs):
        KillAfter.batches -= training
        if KillAfter.batches < 0:
            raise Killed


@pytest.mark.parametrize("random_state", [0, None])
def test_halves_that_are_killed_anywhere_resume(rows, tmp_path, monkeypatch, random_state):
    X, y = rows

    def collector(folder):
        net = make_mlp_classifier(max_epochs=4, batch_size=32, callbacks=[("kill", KillAfter())])
        return DynamicsCollector(
            net,
            signal="confidence",
            held_out=True,
            checkpoint_dir=tmp_path / folder,
            random_state=random_state,
        )

    kills, folders = 0, []
    while True:
        monkeypatch.setattr(KillAfter, "batches", 13)  # two epochs of the five batches of a half
        try:
            cut = collector("cut").fit(X, y)
            break
        except Killed:
            kills += 1
            folders.append({path.name for path in (tmp_path / "cut").iterdir() if path.is_dir()})
    assert kills >= 3
    assert folders[0] == {"first-half"}
    assert folders[-1] == {"first-half", "second-half"}
    monkeypatch.setattr(KillAfter, "batches", np.inf)
    again = collector("cut" if random_state is None else "whole").fit(X, y)
    assert_array_equal(cut.dynamics_, again.dynamics_)
    unseen = [np.array(X), np.array(X) + 1]
    for rows_later in unseen:
        T, T_again = (c.transform(rows_later) for c in (cut, again))
        assert_array_equal(T, T_again)
        assert_array_equal(T.beliefs.logits, T_again.beliefs.logits)


def test_a_folder_of_halves_is_refused_to_other_labels(rows, tmp_path):
    X, y = rows
    collector = DynamicsCollector(
        make_mlp_classifier(max_epochs=2), held_out=True, checkpoint_dir=tmp_path, random_state=0
    ).fit(X, y)
    with pytest.raises(ValueError, match="holds another training; what differs: y"):
        collector.fit(np.array(X), np.roll(y, 1))


# --- processes that end early -------------------------------------------------------------------


class AtThirdEpoch(Callback):
    """Note whether a file is there when a training begins; end the process if one says so."""

    begun_beside = None

    def __init__(self, file):
        self.file = file

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 1:
            AtThirdEpoch.begun_beside = self.file.exists()
        if len(net.history) == 3 and self.file.exists():
            os.kill(os.getpid(), signal.SIGKILL)


def make_saved(folder):
    """Make a collector that saves both halves."""
    net = make_mlp_classifier(max_epochs=4, callbacks=[("third", AtThirdEpoch(folder / "file"))])
    collector = DynamicsCollector(net, held_out=True, random_state=0)
    return collector.set_params(checkpoint_dir=folder / "training")


@pytest.fixture
def undisturbed(rows, tmp_path):
    return make_saved(tmp_path).set_params(checkpoint_dir=None).fit_transform(*rows)


def test_a_worker_that_is_killed_is_an_error_and_the_halves_resume(rows, undisturbed, tmp_path):
    (tmp_path / "file").touch()
    collector = make_saved(tmp_path).set_params(n_jobs=2)
    with pytest.raises(TerminatedWorkerError):
        collector.fit(*rows)
    assert not hasattr(collector, "classes_")
    (tmp_path / "file").unlink()
    collector.set_params(n_jobs=None)
    assert_array_equal(collector.fit_transform(*rows), undisturbed)


def test_a_worker_that_outlives_its_fit_is_waited_for(rows, undisturbed, tmp_path):
    """The lock is such a worker's, the file is there as long as that."""
    folder = tmp_path / "training" / "first-half"
    folder.mkdir(parents=True)
    lock = (folder / "training.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (tmp_path / "file").touch()

    def end():
        (tmp_path / "file").unlink()
        lock.close()

    threading.Timer(0.5, end).start()
    assert_array_equal(make_saved(tmp_path).fit_transform(*rows), undisturbed)
    assert AtThirdEpoch.begun_beside is False


def test_rows_that_are_all_alone_in_their_class_are_refused():
    X, y = np.random.default_rng(0).normal(size=(15, 3)), np.arange(15)
    collector = DynamicsCollector(held_out=True, random_state=0)
    with pytest.raises(ValueError, match="15 classes of one row each"):
        collector.fit(X, y)
    y[1] = 0
    assert collector.fit_transform(X, y).shape[0] == 15
