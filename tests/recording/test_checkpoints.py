"""A training that was killed goes on, and ends as if it had not been."""

import io
import os
import resource
import signal
import time
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, parent_process

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, LRScheduler
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.groundwork.files import read_sealed, write_sealed
from skdynacor.nets import make_mlp_classifier


@pytest.fixture
def rows(noisy_blobs):
    X, y, _ = noisy_blobs
    return LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y


def make_collector(folder, **params):
    net = params.pop("classifier", make_mlp_classifier(max_epochs=6))
    also = ["confidence"]
    return DynamicsCollector(
        net, also=also, signal="logit_difference", checkpoint_dir=folder, **params
    )


def saved_in(folder):
    return [path for path in sorted(folder.iterdir()) if path.suffix != ".lock"]


@contextmanager
def in_child(call):
    """Call in a process of its own, a fork of a server without threads; kill it in the end."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", "skdynacor.pipeline", "torch._dynamo"])
    process = context.Process(target=call)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def assert_same(one, other, X):
    assert_array_equal(one.dynamics_, other.dynamics_)
    assert_array_equal(one.records_["confidence"], other.records_["confidence"])
    assert_array_equal(
        one.records_["confidence"].corrupted.data, other.records_["confidence"].corrupted.data
    )
    losses = [c.classifier_.history[:, "batches", :, "train_loss"] for c in (one, other)]
    assert losses[0] == losses[1]
    assert_array_equal(one.transform(np.array(X) + 1), other.transform(np.array(X) + 1))


class Killed(BaseException):
    pass


class KillAt(Callback):
    """End the training as a signal would, in the middle of an epoch or at its end."""

    at = None

    def on_batch_begin(self, net, training, **kwargs):
        done = len(net.history) - 1
        if training and self.at is not None and done + 0.5 > self.at:
            raise Killed


class OwnStep(NeuralNetClassifier):
    def train_step_single(self, batch, **fit_params):
        return super().train_step_single(batch, **fit_params)


class Kinds:
    """Nets and loaders whose state is more than their weights."""

    @staticmethod
    def multistep():
        return make_mlp_classifier(
            max_epochs=6,
            callbacks=[("steps", LRScheduler("MultiStepLR", milestones=[2, 4], gamma=0.1))],
        )

    @staticmethod
    def adam_in_skorchs_own_loop():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
        return OwnStep(
            module,
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            max_epochs=6,
            iterator_train__shuffle=True,
            callbacks=[],
            callbacks__print_log=None,
        )

    @staticmethod
    def sampler():
        generator = torch.Generator().manual_seed(3)
        weights = torch.linspace(0.1, 1, 360)
        sampler = WeightedRandomSampler(weights, 200, generator=generator)
        return make_mlp_classifier(
            max_epochs=6, iterator_train__sampler=sampler, iterator_train__shuffle=False
        )

    @staticmethod
    def default():
        return make_mlp_classifier(max_epochs=6)


@pytest.mark.parametrize("kind", ["default", "multistep", "sampler", "adam_in_skorchs_own_loop"])
@pytest.mark.parametrize("at", [0, 1, 3, 5])
def test_a_training_that_was_cut_goes_on_to_the_same_bits(rows, tmp_path, monkeypatch, kind, at):
    X, y = rows

    def collector(folder):
        net = getattr(Kinds, kind)()
        callbacks = [*net.callbacks, ("kill", KillAt())]
        return make_collector(folder, classifier=net.set_params(callbacks=callbacks))

    whole = collector(tmp_path / "whole").set_params(random_state=0).fit(X, y)
    cut = collector(tmp_path / "cut").set_params(random_state=0)
    monkeypatch.setattr(KillAt, "at", at)
    with pytest.raises(Killed):
        cut.fit(X, y)
    assert not hasattr(cut, "dynamics_")
    monkeypatch.setattr(KillAt, "at", None)
    resumed = collector(tmp_path / "cut").set_params(random_state=0).fit(X, y)
    assert_same(resumed, whole, X)


def test_without_a_seed_the_saved_one_counts(rows, tmp_path):
    X, y = rows
    one = make_collector(tmp_path / "one").fit(X, y)
    again = make_collector(tmp_path / "one").fit(X, y)
    assert_same(one, again, X)
    other = make_collector(tmp_path / "other").fit(X, y)
    assert not np.array_equal(one.dynamics_, other.dynamics_)


def test_a_finished_training_is_read_not_made_again(rows, tmp_path):
    X, y = rows
    one = make_collector(tmp_path, random_state=0).fit(X, y)
    files = {path: path.stat().st_mtime_ns for path in saved_in(tmp_path)}
    again = make_collector(tmp_path, random_state=0).fit(X, y)
    assert {path: path.stat().st_mtime_ns for path in saved_in(tmp_path)} == files
    assert_same(one, again, X)
    without = make_collector(None, random_state=0).fit(X, y)
    assert_same(one, without, X)


def test_kills_at_random_moments(rows, tmp_path):
    """Twenty kills in a row, each at any moment of what was left, then the end."""
    X, y = rows
    torch.set_num_threads(1)
    net = make_mlp_classifier(max_epochs=80, batch_size=32)
    start = time.perf_counter()
    whole = make_collector(None, classifier=net, random_state=0).fit(X, y)
    epoch_seconds = (time.perf_counter() - start) / 80
    rng = np.random.default_rng(0)

    def n_saved():
        return len(list(tmp_path.glob("epoch-*.pt")))

    for _ in range(20):
        saved = n_saved()
        call = partial(make_collector(tmp_path, classifier=net, random_state=0).fit, X, y)
        with in_child(call) as child:
            wanted = saved + rng.integers(0, 3)
            while n_saved() < wanted and time.perf_counter() < start + 300:
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 2 * epoch_seconds))
        assert child.exitcode == -signal.SIGKILL  # it did not end by itself, well or badly
        assert n_saved() >= wanted  # nothing that was saved is lost
    assert 10 < n_saved() < 80
    resumed = make_collector(tmp_path, classifier=net, random_state=0).fit(X, y)
    assert_same(resumed, whole, X)


CHANGES = {
    "X": lambda X, y: (LabelCorruptor(0.2, random_state=0).fit_transform(X * 2, y), y),
    "y": lambda X, y: (X, np.roll(y, 1)),
    "copies": lambda X, y: (LabelCorruptor(0.2, random_state=1).fit_transform(X, y), y),
}


@pytest.mark.parametrize("differs", CHANGES)
def test_a_folder_of_other_data_is_refused_by_name(rows, tmp_path, differs):
    X, y = rows
    make_collector(tmp_path, random_state=0).fit(X, y)
    other = make_collector(tmp_path, random_state=0)
    X_other, y_other = CHANGES[differs](X, y)
    with pytest.raises(ValueError, match=f"holds another training; what differs: .*{differs}"):
        other.fit(X_other, y_other)
    assert not hasattr(other, "classes_")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"random_state": 1}, "random_state"),
        ({"signal": "cross_entropy"}, "signal"),
        ({"classifier__lr": 0.5}, "classifier__lr"),
        ({"classifier__max_epochs": 7}, "classifier__max_epochs"),
        ({"classifier__module__dropout": 0.1}, "classifier__module__dropout"),
    ],
)
def test_a_folder_of_other_parameters_is_refused_by_name(rows, tmp_path, change, named):
    X, y = rows
    make_collector(tmp_path, random_state=0).fit(X, y)
    other = make_collector(tmp_path, random_state=0).set_params(**change)
    with pytest.raises(ValueError, match=f"what differs: {named}\\. Name another folder"):
        other.fit(X, y)


def test_a_file_that_would_run_code_is_refused(rows, tmp_path):
    X, y = rows
    make_collector(tmp_path, random_state=0).fit(X, y)

    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    harmful = io.BytesIO()
    torch.save({"n_epochs": Harm()}, harmful)
    write_sealed(tmp_path / "state.pt", harmful.getvalue())
    with pytest.raises(ValueError, match=r"state\.pt asks for more .* refused"):
        make_collector(tmp_path, random_state=0).fit(X, y)
    assert not (tmp_path / "harm").exists()


def test_weights_may_be_kept_in_a_folder_or_not_at_all(rows, tmp_path):
    X, y = rows
    unseen = np.array(X) + 1
    fits = {
        keep: make_collector(None, keep_checkpoints=keep, random_state=0).fit(X, y)
        for keep in (True, str(tmp_path / "weights"), False)
    }
    in_memory, in_folder, nowhere = fits.values()
    assert_array_equal(in_folder.transform(unseen), in_memory.transform(unseen))
    assert len(in_folder.checkpoints_) == len(list((tmp_path / "weights").iterdir())) == 6
    for name, value in in_memory.checkpoints_[-1].items():
        assert torch.equal(in_folder.checkpoints_[-1][name], value)
    assert_array_equal(nowhere.dynamics_, in_memory.dynamics_)
    assert_array_equal(nowhere.transform(np.array(X)), nowhere.dynamics_)
    with pytest.raises(ValueError, match=r"not in the training.*keep_checkpoints=True or a folder"):
        nowhere.transform(unseen)
    (tmp_path / "weights" / "weights-0003.pt").unlink()
    with pytest.raises(FileNotFoundError, match="weights of epoch 3 are missing"):
        in_folder.transform(unseen)


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_a_whole_pipeline_resumes(rows, tmp_path, recipe):
    X, y = rows[0].view(np.ndarray), rows[1]
    net = make_mlp_classifier(max_epochs=4)
    pipe = make_dynacor_pipeline(net, recipe=recipe, random_state=0)
    flags = pipe.fit_predict(X, y)
    pipe.set_params(dynamicscollector__checkpoint_dir=tmp_path)
    for _ in range(2):
        assert_array_equal(pipe.fit_predict(X, y), flags)


def test_a_net_that_is_not_trained_to_the_end_resumes_too(tmp_path):
    X = np.random.default_rng(0).uniform(-2, 2, size=(300, 2))
    y = np.floor(X[:, 0]) % 2
    pipe = make_dynacor_pipeline(random_state=0)
    flags = pipe.fit_predict(X, y)
    assert "classifier" not in pipe[1].weights_  # forests are heard alone
    pipe.set_params(dynamicscollector__checkpoint_dir=tmp_path)
    for _ in range(2):
        assert_array_equal(pipe.fit_predict(X, y), flags)
        assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["first-half"]


def test_a_folder_of_other_partners_is_refused_by_name(rows, tmp_path):
    X, y = rows
    collector = make_collector(
        tmp_path, held_out=True, partners=[("woods", RandomForestClassifier(9))], random_state=0
    ).fit(X, y)
    collector.set_params(woods__max_depth=3)
    with pytest.raises(ValueError, match=r"what differs: woods__max_depth\."):
        collector.fit(X, y)


# --- what may not be believed, and who may not write --------------------------------------------


def test_a_damaged_file_is_refused_by_name(rows, tmp_path):
    X, y = rows
    net = make_mlp_classifier(max_epochs=2)
    make_collector(tmp_path / "whole", classifier=net, random_state=0).fit(X, y)
    files = saved_in(tmp_path / "whole")
    assert {"training.json", "state.pt", "epoch-0001.pt", "epoch-0002.pt"} == {
        f.name for f in files
    }
    for file in files:
        written = file.read_bytes()
        middle = len(written) // 2
        flipped = bytes([written[middle] ^ 1])
        for damaged in (written[:middle], written[:middle] + flipped + written[middle + 1 :]):
            file.write_bytes(damaged)
            collector = make_collector(tmp_path / "whole", classifier=net, random_state=0)
            with pytest.raises(ValueError, match=f"{file.name} is damaged"):
                collector.fit(X, y)
            assert not hasattr(collector, "classes_")
        file.write_bytes(written)


def test_damaged_weights_are_refused_by_name(rows, tmp_path):
    X, y = rows
    net = make_mlp_classifier(max_epochs=2)
    collector = make_collector(None, classifier=net, keep_checkpoints=tmp_path, random_state=0)
    collector.fit(X, y)
    path = tmp_path / "weights-0001.pt"
    written = bytearray(path.read_bytes())
    written[len(written) // 2] ^= 1
    path.write_bytes(written)
    with pytest.raises(ValueError, match=r"weights-0001\.pt is damaged"):
        collector.transform(np.array(X) + 1)


def test_weights_of_another_fit_in_the_same_folder_are_refused(rows, tmp_path):
    X, y = rows
    net = make_mlp_classifier(max_epochs=2)
    first, second = (
        make_collector(None, classifier=net, keep_checkpoints=tmp_path, random_state=seed)
        for seed in (0, 1)
    )
    new = np.array(X) + 1
    before = first.fit(X, y).transform(new)
    second.fit(X, y).transform(new)
    with pytest.raises(ValueError, match=r"weights-0002\.pt was written anew since"):
        first.transform(new)
    first.fit(X, y)
    np.testing.assert_array_equal(first.transform(new), before)


@pytest.mark.parametrize("first", [False, True])
def test_a_folder_of_halves_is_refused_to_whole_trainings_and_back(rows, tmp_path, first):
    X, y = rows
    collector = make_collector(tmp_path, held_out=first, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match=r"what differs: held_out\."):
        collector.set_params(held_out=not first).fit(X, y)


def test_a_folder_without_a_whole_epoch_is_free_for_other_parameters(rows, tmp_path, monkeypatch):
    X, y = rows
    monkeypatch.setattr(KillAt, "at", 0)
    net = make_mlp_classifier(max_epochs=2, callbacks=[("kill", KillAt())])
    with pytest.raises(Killed):
        make_collector(tmp_path, classifier=net, random_state=0).fit(X, y)
    make_collector(tmp_path, random_state=0).fit(X, y)


def test_states_without_what_they_are_of_are_not_believed(rows, tmp_path):
    X, y = rows
    make_collector(tmp_path, random_state=0).fit(X, y)
    (tmp_path / "training.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"training\.json"):
        make_collector(tmp_path, random_state=0).fit(X, np.roll(y, 1))


class Waits(Callback):
    """In a process of its own, say that the training has begun its third epoch, and wait there."""

    def __init__(self, file):
        self.file = file

    def on_epoch_begin(self, net, **kwargs):
        if parent_process() is not None and len(net.history) == 3:
            self.file.touch()
            signal.pause()


@pytest.mark.parametrize("held_out", [False, True])
def test_a_second_fit_in_the_folder_is_refused_until_the_first_is_killed(rows, tmp_path, held_out):
    X, y = rows
    waits = Waits(tmp_path / "waits")
    net = make_mlp_classifier(max_epochs=4, callbacks=[("waits", waits)])

    def collector(folder):
        return make_collector(folder, classifier=net, held_out=held_out, random_state=0)

    whole, folder = collector(None).fit(X, y), tmp_path / "training"
    with in_child(partial(collector(folder).fit, X, y)) as child:
        while not waits.file.exists():
            assert child.exitcode is None
            time.sleep(0.01)
        with pytest.raises(RuntimeError, match=r"is in use: another fit trains in it\. Wait"):
            collector(folder).fit(X, y)
    assert_same(collector(folder).fit(X, y), whole, X)


def test_a_full_disk_leaves_a_folder_from_which_the_training_goes_on(rows, tmp_path):
    X, y = rows
    net = make_mlp_classifier(max_epochs=4)
    whole = make_collector(None, classifier=net, random_state=0).fit(X, y)
    make_collector(tmp_path / "whole", classifier=net, random_state=0).fit(X, y)
    room = max(path.stat().st_size for path in saved_in(tmp_path / "whole")) - 100
    collector = make_collector(tmp_path / "full", classifier=net, random_state=0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        with pytest.raises(OSError, match=rf"File too large: '{tmp_path}/full/.*\.pt'"):
            collector.fit(X, y)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    files = saved_in(tmp_path / "full")
    assert len(files) >= 2  # something else had room
    for path in files:
        read_sealed(path)
    assert_same(collector.fit(X, y), whole, X)
