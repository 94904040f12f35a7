"""Nets on skorch's AccelerateMixin: in one process as any net, in two one common result."""

import os
import pickle
import socket
import time
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from skorch.hf import AccelerateMixin
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import CorruptedArray, CorruptedCopies, DynamicsCollector

accelerate = pytest.importorskip("accelerate")

N_ROWS = 101  # fill no batch of 16, and no even number of batches
N_COPIES = 20
N_EPOCHS = 3


class AcceleratedNet(AccelerateMixin, NeuralNetClassifier):
    """Trained by accelerate."""


class CarriesItsRow(nn.Module):
    """Logits whose mean is the row's first feature, which is its number."""

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
    settings = {"criterion": nn.CrossEntropyLoss, "lr": 0.1, "max_epochs": N_EPOCHS, "verbose": 0}
    batches = {"batch_size": 16, "iterator_train__shuffle": True}
    return net_class(**{"module": CarriesItsRow, **settings, **batches, **params})


def make_collector(net, **params):
    settings = {"signal": "logit_difference", "extra_signals": [row, label], "random_state": 0}
    return DynamicsCollector(net, **settings, **params)


# --- one process -------------------------------------------------------------------------------


def test_one_process_records_the_same_as_without_accelerate():
    X, y = make_rows()
    plain = make_collector(make_net(NeuralNetClassifier), device="cpu").fit(X, y)
    collector = make_collector(make_net()).fit(X, y)
    assert_allclose(collector.dynamics_, plain.dynamics_, rtol=1e-4, atol=1e-4)
    for signal in (row, label):
        dynamics, expected = collector.extra_dynamics_[signal], plain.extra_dynamics_[signal]
        assert_array_equal(dynamics, expected)
        assert_array_equal(dynamics.corrupted.data, expected.corrupted.data)
    unseen = np.asarray(X)[:9] + np.float32(0.5)
    assert_allclose(collector.transform(unseen), plain.transform(unseen), rtol=1e-3, atol=1e-3)
    assert_array_equal(collector.estimator_.predict(unseen), plain.estimator_.predict(unseen))
    assert type(collector.estimator_) is AcceleratedNet


@pytest.mark.filterwarnings("ignore:Setting self.device = cpu")  # the net passed in has device=None
def test_it_survives_pickle_and_keeps_nothing_of_the_training(tmp_path):
    X, y = make_rows()
    net = make_net(callbacks=[LRScheduler("StepLR", step_size=1)])
    collector = make_collector(net).fit(X, y)
    assert net.accelerator._dataloaders == net.accelerator._models == []
    twin = pickle.loads(pickle.dumps(collector))
    unseen = np.asarray(X) + 1
    assert_array_equal(twin.transform(unseen), collector.transform(unseen))
    assert b"accelerate." not in pickle.dumps(collector.estimator_)  # loads without accelerate
    collector.estimator_.save_params(f_params=tmp_path / "weights.pt")
    twin.estimator_.load_params(f_params=tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="Pass a net that is not trained"):
        make_collector(collector.estimator_).fit(X, y)


def test_a_training_resumes(tmp_path):
    X, y = make_rows()
    first, second = (
        make_collector(make_net(), checkpoint_dir=tmp_path).fit_transform(X, y) for _ in range(2)
    )
    assert_array_equal(first, second)


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


# --- two processes -----------------------------------------------------------------------------


def train_in_one_of_two(rank, port, folder):
    """Train as one of two processes, and save what came of it."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    X, y = make_rows()
    unseen = np.asarray(X) + np.float32(0.5)
    found = {"n_processes": accelerate.Accelerator(cpu=True).num_processes}

    collector = make_collector(make_net())
    T = collector.fit_transform(X, y)
    if rank == 1:  # does not wait for other processes
        found["alone"] = collector.transform(unseen)
    found |= {
        "T": np.asarray(T),
        "copies": T.corrupted.data,
        "rows and labels": [collector.extra_dynamics_[signal] for signal in (row, label)],
        "log_probs": collector.log_probs_,
        "checkpoints": collector.checkpoints_,
        "ends": collector.estimator_.module_.state_dict(),
        "n_batches": collector.estimator_.history[:, "train_batch_count"],
        "unseen": collector.transform(unseen),
        "pickled": pickle.dumps(collector.estimator_),
    }
    # The first ten rows are not drawn by any process.
    sampler = WeightedRandomSampler([0.0] * 10 + [1.0] * 111, 121)
    net = make_net(iterator_train__shuffle=False, iterator_train__sampler=sampler)
    collector = make_collector(net)
    found["T sampled"] = np.asarray(collector.fit_transform(X, y))
    found["rows sampled"] = collector.extra_dynamics_[row]
    found["checkpoints sampled"] = collector.checkpoints_

    config = accelerate.DataLoaderConfiguration(even_batches=False)
    uneven = accelerate.Accelerator(cpu=True, dataloader_config=config)
    found["errors"] = []
    for params, net in (
        ({"checkpoint_dir": folder / "training"}, make_net()),
        ({"keep_checkpoints": folder / "weights"}, make_net()),
        ({}, make_net(accelerator=uneven)),
    ):
        try:
            make_collector(net, **params).fit(X, y)
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


def test_two_processes_have_the_same_result(two):
    first, second = two
    assert first["n_processes"] == second["n_processes"] == 2
    assert first["n_batches"] == [-(-(N_ROWS + N_COPIES) // 32)] * N_EPOCHS  # half of them
    for name in ("T", "copies", "log_probs", "unseen", "T sampled"):
        assert_array_equal(first[name], second[name])
        assert np.isfinite(first[name]).all()
    assert_array_equal(second["alone"], second["unseen"])
    for name in ("checkpoints", "checkpoints sampled"):
        assert len(first[name]) == N_EPOCHS
        for one, other in zip(first[name], second[name], strict=True):
            assert one.keys() == CarriesItsRow().state_dict().keys()
            assert all(torch.equal(one[key], other[key]) for key in one)
    for found in two:
        assert all(torch.equal(v, first["checkpoints"][-1][k]) for k, v in found["ends"].items())
    twin = pickle.loads(second["pickled"])  # where nothing is distributed
    assert twin.predict(np.asarray(make_rows()[0])).shape == (N_ROWS,)


def test_no_row_is_missing_or_doubled(two):
    X, y = make_rows()
    for found in two:
        assert found["T"].shape == (N_ROWS, N_EPOCHS)
        rows, labels = found["rows and labels"]
        assert_array_equal(rows, np.tile(np.arange(N_ROWS)[:, None], N_EPOCHS))
        copies = N_ROWS + np.arange(N_COPIES)
        assert_array_equal(rows.corrupted.data, np.tile(copies[:, None], N_EPOCHS))
        assert_array_equal(labels, np.tile(y[:, None], N_EPOCHS))
        assert_array_equal(labels.corrupted.data, np.tile(X.corrupted.labels[:, None], N_EPOCHS))


def test_rows_that_no_process_draws_get_the_signal_of_the_epochs_end(two):
    X, y = make_rows()
    first = two[0]
    assert_array_equal(first["rows sampled"], np.tile(np.arange(N_ROWS)[:, None], N_EPOCHS))
    given = torch.as_tensor(y[:10, None])
    for epoch, weights in enumerate(first["checkpoints sampled"]):
        module = CarriesItsRow().eval()
        module.load_state_dict(weights)
        logits = module(torch.as_tensor(np.asarray(X)[:10])).detach()
        margins = logits.gather(1, given) - logits.scatter(1, given, -torch.inf).amax(1)[:, None]
        assert_allclose(first["T sampled"][:10, epoch], margins[:, 0], atol=1e-3)


def test_what_two_processes_cannot_share_is_refused(two):
    for found in two:
        folder, other_folder, uneven = found["errors"]
        assert folder == other_folder
        assert "would all write to the folder of checkpoint_dir or keep_checkpoints" in folder
        assert "Set even_batches=True" in uneven
