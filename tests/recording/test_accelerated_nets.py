"""Nets on skorch's AccelerateMixin: in one process as any net, in several one common record."""

import os
import pickle
import socket
import time
import warnings
from unittest import mock

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochScoring, LRScheduler
from skorch.hf import AccelerateMixin
from torch import nn
from torch.utils.data import WeightedRandomSampler, default_collate

from skdynacor import CorruptedArray, CorruptedCopies, DynamicsCollector

accelerate = pytest.importorskip("accelerate")

N_ROWS = 101  # fill no batch of 16, and no even number of batches
N_COPIES = 20
N_EPOCHS = 3


class AcceleratedNet(AccelerateMixin, NeuralNetClassifier):
    """Trained by accelerate."""


class CarriesItsRow(nn.Module):
    """Logits whose mean is the row's first feature, which tells the row."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.1), nn.Linear(4, 3))

    def forward(self, X):
        logits = self.layers(X[:, 1:])
        return logits - logits.mean(dim=1, keepdim=True) + X[:, :1]


def row(logits, labels):
    return logits.mean(dim=1).round()


def label(logits, labels):
    return labels.float()


def make_rows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, N_ROWS)
    X = np.column_stack([np.arange(N_ROWS), rng.normal(size=(N_ROWS, 4)) + y[:, None]])
    X = X.astype(np.float32)
    sources = rng.choice(N_ROWS, N_COPIES, replace=False)
    copied = X[sources]
    copied[:, 0] = N_ROWS + np.arange(N_COPIES)
    return CorruptedArray(X, CorruptedCopies(copied, (y[sources] + 1) % 3, sources)), y


def make_net(net_class=AcceleratedNet, **params):
    if net_class is AcceleratedNet and "accelerator" not in params:
        params["accelerator"] = accelerate.Accelerator(cpu=True)
    settings = {
        "module": CarriesItsRow,
        "criterion": nn.CrossEntropyLoss,
        "lr": 0.1,
        "max_epochs": N_EPOCHS,
        "batch_size": 16,
        "iterator_train__shuffle": True,
        "verbose": 0,
    }
    return net_class(**{**settings, **params})


def make_collector(net, **params):
    params = {"signal": "logit_difference", "also": [row, label], "random_state": 0, **params}
    return DynamicsCollector(net, **params)


# --- one process -------------------------------------------------------------------------------


def test_one_process_records_the_same_bits_as_without_accelerate():
    X, y = make_rows()
    plain = make_collector(make_net(NeuralNetClassifier), device="cpu").fit(X, y)
    collector = make_collector(make_net()).fit(X, y)
    assert_array_equal(collector.dynamics_, plain.dynamics_)
    for signal in (row, label):
        record, expected = collector.records_[signal], plain.records_[signal]
        assert_array_equal(record, expected)
        assert_array_equal(record.corrupted.data, expected.corrupted.data)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    unseen = np.asarray(X)[:9] + np.float32(0.5)
    assert_array_equal(collector.transform(unseen), plain.transform(unseen))
    assert_array_equal(collector.classifier_.predict(unseen), plain.classifier_.predict(unseen))
    assert type(collector.classifier_) is AcceleratedNet
    assert_array_equal(collector.fit(X, y).dynamics_, plain.dynamics_)


@pytest.mark.parametrize(
    "params",
    [
        {"iterator_train__collate_fn": default_collate},
        {"iterator_train__num_workers": 1},
        {
            "callbacks": [
                LRScheduler("StepLR", step_size=1),
                EpochScoring("accuracy", on_train=True),
            ]
        },
        {
            "iterator_train__sampler": WeightedRandomSampler([1.0] * 121, 121),
            "iterator_train__shuffle": False,
        },
        {"module": CarriesItsRow(), "callbacks": "disable", "unwrap_after_train": False},
    ],
    ids=lambda params: next(iter(params)),
)
def test_nets_set_up_in_other_ways(params):
    X, y = make_rows()
    collector = make_collector(make_net(**params)).fit(X, y)
    assert_array_equal(collector.records_[row], np.tile(np.arange(N_ROWS)[:, None], N_EPOCHS))
    assert collector.transform(np.asarray(X) + 1).shape == (N_ROWS, N_EPOCHS)
    pickle.loads(pickle.dumps(collector.classifier_)).predict(np.asarray(X))


class CountsSteps(torch.optim.SGD):
    n_steps = 0

    def step(self, *args):
        type(self).n_steps += 1
        return super().step(*args)


@pytest.mark.parametrize(("n_batches", "n_steps"), [(1, 8), (3, 3), (1000, 1)])
def test_gradients_are_accumulated(monkeypatch, n_batches, n_steps):
    monkeypatch.setattr(CountsSteps, "n_steps", 0)
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=n_batches)
    make_collector(make_net(accelerator=accelerator, optimizer=CountsSteps)).fit(*make_rows())
    accelerate.Accelerator(cpu=True)  # all share how many
    assert CountsSteps.n_steps == n_steps * N_EPOCHS


@pytest.mark.filterwarnings("ignore:Setting self.device = cpu")  # the net passed in has device=None
def test_it_survives_pickle_and_keeps_nothing_of_the_training(tmp_path):
    X, y = make_rows()
    net = make_net()
    collector = make_collector(net).fit(X, y)
    assert net.accelerator._dataloaders == net.accelerator._models == []
    twin = pickle.loads(pickle.dumps(collector))
    unseen = np.asarray(X) + 1
    assert_array_equal(twin.transform(unseen), collector.transform(unseen))
    assert b"accelerate." not in pickle.dumps(collector.classifier_)  # loads without accelerate
    collector.classifier_.save_params(f_params=tmp_path / "weights.pt")
    twin.classifier_.load_params(f_params=tmp_path / "weights.pt")


def test_a_killed_training_goes_on(tmp_path):
    X, y = make_rows()
    T = make_collector(make_net(), checkpoint_dir=tmp_path).fit_transform(X, y)
    collector = make_collector(make_net(), checkpoint_dir=tmp_path)
    assert_array_equal(collector.fit_transform(X, y), T)


@pytest.mark.parametrize(
    ("params", "net_params", "match"),
    [
        ({"device": "cpu"}, {}, r"accelerator says where.*device='auto'"),
        ({}, {"dispatch_batches": True}, "Set dispatch_batches=False"),
    ],
)
def test_what_cannot_be_recorded_is_refused(params, net_params, match):
    config = accelerate.DataLoaderConfiguration(**net_params)
    net = make_net(accelerator=accelerate.Accelerator(cpu=True, dataloader_config=config))
    with pytest.raises(ValueError, match=match):
        make_collector(net, **params).fit(*make_rows())


def test_a_trained_net_is_refused():
    X, y = make_rows()
    collector = make_collector(make_net()).fit(X, y)
    with pytest.raises(ValueError, match="Pass a net that is not trained"):
        make_collector(collector.classifier_).fit(X, y)


# --- two processes -----------------------------------------------------------------------------


def train_in_one_of_two(rank, port, folder):
    """Train as one of two processes, and save what came of it."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    X, y = make_rows()
    found = {"n_processes": accelerate.Accelerator(cpu=True).num_processes}

    gathered, evaluated = [], []
    gather = accelerate.Accelerator.gather

    def spy_on_gather(self, tensor):
        gathered.append(tuple(tensor.shape))
        return gather(self, tensor)

    def spy_on_evaluation(net, batch, training=False):
        evaluated.append(len(batch[0]))
        return AccelerateMixin.evaluation_step(net, batch, training)

    with (
        mock.patch.object(accelerate.Accelerator, "gather", spy_on_gather),
        mock.patch.object(AcceleratedNet, "evaluation_step", spy_on_evaluation),
    ):
        collector = make_collector(make_net())
        T = collector.fit_transform(X, y)
    found.update(gathered=gathered, evaluated=evaluated, T=np.asarray(T), copies=T.corrupted.data)
    found.update(records=[collector.records_[signal] for signal in (row, label)])
    found.update(
        checkpoints=collector.checkpoints_, ends=collector.classifier_.module_.state_dict()
    )
    found["train_batches"] = collector.classifier_.history[:, "train_batch_count"]
    unseen = np.asarray(X) + np.float32(0.5)
    found["replayed"] = collector.transform(X)
    if rank == 1:  # waits for nobody
        found["alone"] = collector.transform(unseen)
    found["unseen"] = collector.transform(unseen)
    found["pickled"] = pickle.dumps(collector.classifier_)

    # The first ten rows are drawn by nobody; no int decides what is drawn.
    sampler = WeightedRandomSampler([0.0] * 10 + [1.0] * 111, 121)
    net = make_net(iterator_train__shuffle=False, iterator_train__sampler=sampler)
    collector = make_collector(net, random_state=None, keep_checkpoints=True)
    found["T_sampled"] = np.asarray(collector.fit_transform(X, y))
    found["rows_sampled"] = collector.records_[row]
    found["checkpoints_sampled"] = collector.checkpoints_

    collector = make_collector(make_net(), random_state=None, held_out=True)
    T = collector.fit_transform(X, y)
    found.update(T_held_out=np.asarray(T), believed=T.beliefs.logits)
    found["copies_held_out"] = T.corrupted.data
    found["unseen_held_out"] = collector.transform(unseen)

    config = accelerate.DataLoaderConfiguration(even_batches=False)
    uneven = accelerate.Accelerator(cpu=True, dataloader_config=config)
    found["errors"] = []
    for params, net, labels in (
        ({"checkpoint_dir": folder / "training"}, make_net(), y),
        ({"keep_checkpoints": folder / "weights"}, make_net(), y),
        ({}, make_net(), (y + rank) % 3),
        ({}, make_net(accelerator=uneven), y),
    ):
        try:
            make_collector(net, **params).fit(np.asarray(X), labels)
        except ValueError as error:
            found["errors"].append(str(error))
    torch.save(found, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = torch.multiprocessing.spawn(
        train_in_one_of_two, (port, folder), nprocs=2, join=False
    )
    give_up = time.monotonic() + 120
    try:
        while not processes.join(timeout=1):
            assert time.monotonic() < give_up, "the processes wait for each other"
    finally:
        for process in processes.processes:
            process.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in (0, 1)]


def test_two_processes_have_the_same_record(two):
    first, second = two
    assert first["n_processes"] == second["n_processes"] == 2
    names = "T copies replayed unseen T_sampled rows_sampled"
    held_out = "T_held_out believed copies_held_out unseen_held_out"
    for name in [*names.split(), *held_out.split()]:
        assert_array_equal(first[name], second[name])
        assert np.isfinite(first[name]).all()
    for one, other in zip(first["records"], second["records"], strict=True):
        assert_array_equal(one.corrupted.data, other.corrupted.data)
    assert_array_equal(second["alone"], second["unseen"])
    assert_array_equal(first["replayed"], first["T"])


def test_no_row_is_missing_or_doubled(two):
    X, y = make_rows()
    for found in two:
        assert found["T"].shape == (N_ROWS, N_EPOCHS)
        assert np.isfinite(found["T"]).all()
        rows, labels = found["records"]
        assert_array_equal(rows, np.tile(np.arange(N_ROWS)[:, None], N_EPOCHS))
        copies = N_ROWS + np.arange(N_COPIES)
        assert_array_equal(rows.corrupted.data, np.tile(copies[:, None], N_EPOCHS))
        assert_array_equal(labels, np.tile(y[:, None], N_EPOCHS))
        assert_array_equal(labels.corrupted.data, np.tile(X.corrupted.labels[:, None], N_EPOCHS))


def test_each_process_records_its_own_rows_and_gathers_once(two):
    n_rows = N_ROWS + N_COPIES
    for found in two:
        assert found["train_batches"] == [-(-n_rows // 32)] * N_EPOCHS  # half the batches
        assert found["evaluated"] == [5]  # before the training; no row was missing in it
        shapes = found["gathered"]
        assert shapes.count((1, 3, N_EPOCHS, n_rows)) == 1
        assert shapes.count((1, n_rows)) == N_EPOCHS + 1  # which were not drawn; how often all were
        assert shapes.count((1, n_rows, 3)) == 1  # their logits, summed up
        assert max(map(np.prod, shapes[: shapes.index((1, 3, N_EPOCHS, n_rows))])) <= n_rows


def test_weights_are_the_same_in_both_processes(two):
    first, second = two
    for name in ("checkpoints", "checkpoints_sampled"):
        assert len(first[name]) == N_EPOCHS
        for one, other in zip(first[name], second[name], strict=True):
            assert one.keys() == CarriesItsRow().state_dict().keys()
            for key in one:
                assert torch.equal(one[key], other[key])
    for found in two:
        for key, value in found["ends"].items():
            assert torch.equal(value, first["checkpoints"][-1][key])
    twin = pickle.loads(second["pickled"])  # where nothing is distributed
    assert twin.predict(np.asarray(make_rows()[0])).shape == (N_ROWS,)


def test_rows_that_nobody_draws_get_the_signal_of_the_epochs_end(two):
    X, y = make_rows()
    first = two[0]
    assert_array_equal(first["rows_sampled"], np.tile(np.arange(N_ROWS)[:, None], N_EPOCHS))
    given = torch.as_tensor(y[:10, None])
    for epoch, weights in enumerate(first["checkpoints_sampled"]):
        module = CarriesItsRow().eval()
        module.load_state_dict(weights)
        logits = module(torch.as_tensor(np.asarray(X)[:10])).detach()
        margins = logits.gather(1, given) - logits.scatter(1, given, -torch.inf).amax(1)[:, None]
        assert_allclose(first["T_sampled"][:10, epoch], margins[:, 0], atol=1e-4)


def test_what_two_processes_cannot_share_is_refused(two):
    for found in two:
        assert len(found["errors"]) == 4
        assert "Set checkpoint_dir=None" in found["errors"][0]
        assert "Set keep_checkpoints=True" in found["errors"][1]
        assert "different rows or labels" in found["errors"][2]
        assert "Set even_batches=True" in found["errors"][3]
