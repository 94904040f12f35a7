"""The recording: the right number in the right place, whatever the training does."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.preprocessing import LabelEncoder
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback, Checkpoint, EpochScoring
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import CorruptedArray, DynamicsCollector, LabelCorruptor
from skdynacor.groundwork.random_numbers import make_rng
from skdynacor.recording.replay import hash_rows


def small_net(n_features=4, n_classes=3, **params):
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "lr": 0.1,
        "max_epochs": 4,
        "batch_size": 32,
        "train_split": None,
        "verbose": 0,
    }
    return NeuralNetClassifier(
        nn.Linear,
        module__in_features=n_features,
        module__out_features=n_classes,
        **{**settings, **params},
    )


#: What a torch DataLoader is told, for 300 rows and 60 copies.
LOADERS = {
    "in order": {"batch_size": 60},
    "shuffled": {"batch_size": 60, "shuffle": True},
    "an odd last batch": {"batch_size": 50},
    "a last batch of one row": {"batch_size": 359},
    "workers": {"batch_size": 60, "num_workers": 2},
    "a weighted sampler": {
        "batch_size": 60,
        "sampler": WeightedRandomSampler(np.linspace(0.1, 1, 360), 360),
    },
    "shuffled, an odd last batch": {"batch_size": 50, "shuffle": True},
    "shuffled, a last batch of one row, workers": {
        "batch_size": 359,
        "shuffle": True,
        "num_workers": 2,
    },
    "a weighted sampler, a last batch of one row": {
        "batch_size": 60,
        "sampler": WeightedRandomSampler(np.linspace(0.1, 1, 360), 301),
    },
    "a weighted sampler, an odd last batch, workers": {
        "batch_size": 7,
        "sampler": WeightedRandomSampler(np.linspace(0.1, 1, 360), 360),
        "num_workers": 2,
    },
}


def margins(logits, labels):
    given = labels[:, None]
    return (logits.gather(1, given)[:, 0] - logits.scatter(1, given, -torch.inf).amax(1)).detach()


@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_a_hand_written_loop_records_the_same_bits(noisy_blobs, loader):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    net = small_net(**{f"iterator_train__{name}": value for name, value in loader.items()})
    T = DynamicsCollector(net, signal="logit_difference", random_state=5).fit_transform(Xc, y)

    rows = torch.as_tensor(np.concatenate([X, Xc.corrupted.data]))
    labels = torch.as_tensor(np.concatenate([y, Xc.corrupted.labels]))
    record = torch.full((4, 360), torch.nan)
    draws = torch.zeros(4, 360)
    with torch.random.fork_rng():
        torch.manual_seed(int(make_rng(5, "DynamicsCollector").integers(2**63)))
        module = nn.Linear(4, 3)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        batches = torch.utils.data.DataLoader(range(360), **{**loader, "num_workers": 0})
        for epoch in range(4):
            for index in batches:
                optimizer.zero_grad()
                logits = module(rows[index])
                nn.functional.cross_entropy(logits, labels[index]).backward()
                optimizer.step()
                for row, margin in zip(index, margins(logits, labels[index]), strict=True):
                    record[epoch, row] = margin  # of a row drawn twice, the last one's stays
                    draws[epoch, row] += 1
            left_out = draws[epoch] == 0
            record[epoch, left_out] = margins(module(rows[left_out]), labels[left_out])
    if "sampler" in loader:
        assert 0.2 < (draws == 0).float().mean() < 0.6
        assert (draws > 1).float().mean() > 0.2
    else:
        assert (draws == 1).all()
    assert_array_equal(T, record.T[:300])
    assert_array_equal(T.corrupted.data, record.T[300:])


@pytest.mark.parametrize(
    "served",
    [
        {"iterator_train__pin_memory": False, "iterator_train__drop_last": False},
        {"dataset": Dataset, "dataset__length": 300},
        {"iterator_train__collate_fn": torch.utils.data.default_collate},
        {"batch_size": -1},
    ],
    ids=str,
)
def test_rows_may_be_served_otherwise(noisy_blobs, served):
    X, y, _ = noisy_blobs
    batch_size = {"batch_size": 300} if "batch_size" in served else {}
    records = [
        DynamicsCollector(small_net(**params), signal="logit_difference", random_state=0)
        .fit(X, y)
        .dynamics_
        for params in (batch_size, served)
    ]
    assert_array_equal(*records)


class OwnStep(NeuralNetClassifier):
    def train_step(self, batch, **params):
        return super().train_step(batch, **params)


class SeesGradients(Callback):
    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.names = [name for name, _ in named_parameters]


def test_skorchs_own_loop_gives_the_same_bits(noisy_blobs):
    X, y, _ = noisy_blobs
    plain = small_net(iterator_train__shuffle=True)
    own = OwnStep(**plain.get_params(deep=False))
    watched = clone(plain).set_params(callbacks=[("watcher", SeesGradients())])
    lbfgs = clone(plain).set_params(optimizer=torch.optim.LBFGS, lr=0.01)
    fitted = [
        DynamicsCollector(net, signal="logit_difference", random_state=0).fit(X, y)
        for net in (plain, own, watched, lbfgs)
    ]
    for other in fitted[1:3]:
        assert_array_equal(other.dynamics_, fitted[0].dynamics_)
        assert (
            other.classifier_.history[:, "batches"] == fitted[0].classifier_.history[:, "batches"]
        )
    assert dict(fitted[2].classifier_.callbacks_)["watcher"].names == ["weight", "bias"]
    assert np.mean(fitted[3].dynamics_[:, -1] > 0) > 0.6


class Mixed(NeuralNetClassifier):
    def train_step(self, batch, **params):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super().train_step(batch, **params)


def test_mixed_precision_is_recorded_in_full(noisy_blobs):
    X, y, _ = noisy_blobs
    plain = small_net()
    mixed = Mixed(**plain.get_params(deep=False))
    T, T_mixed = (
        DynamicsCollector(net, signal="logit_difference", random_state=0).fit_transform(X, y)
        for net in (plain, mixed)
    )
    assert T_mixed.shape == (300, 4)
    assert T_mixed.dtype == np.float32
    assert not np.array_equal(T_mixed, T)
    assert_allclose(T_mixed, T, atol=0.05 * np.abs(T).max())


@pytest.mark.filterwarnings("ignore")  # torch's own, as it compiles
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_net_gives_the_same_bits(noisy_blobs, backend):
    X, y, _ = noisy_blobs
    torch.compiler.reset()  # or it takes what another backend compiled
    plain, compiled = (
        DynamicsCollector(small_net(**params), signal="logit_difference", random_state=0).fit(X, y)
        for params in ({}, {"compile": True, "compile__backend": backend})
    )
    assert "OptimizedModule" in type(compiled.classifier_.module_).__name__
    assert_array_equal(compiled.dynamics_, plain.dynamics_)
    assert_array_equal(compiled.transform(X[:9] + 1), plain.transform(X[:9] + 1))


def test_copies_train_and_are_recorded(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.5, random_state=0).fit_transform(X, y)
    T = DynamicsCollector(random_state=0).fit_transform(Xc, y)
    assert type(T) is CorruptedArray
    assert T.shape == (300, 20)
    assert T.dtype == np.float32
    assert T.corrupted.data.shape == (150, 20)
    assert_array_equal(T.corrupted.labels, Xc.corrupted.labels)
    assert_array_equal(T.corrupted.sources, Xc.corrupted.sources)
    assert T.corrupted.data[:, 10:].mean() < T[:, 10:].mean() - 0.3


def test_what_is_returned_may_be_changed(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(small_net(), random_state=0)
    T = collector.fit_transform(X, y)
    T[:] = 0
    assert (collector.transform(X) != 0).all()


def test_the_signal_is_quantized_unless_said_otherwise(noisy_blobs):
    X, y, _ = noisy_blobs
    net = small_net()
    T = {
        name: DynamicsCollector(net, signal=name, random_state=0).fit_transform(X, y)
        for name in (
            "quantized_logit_difference",
            "logit_difference",
            "confidence",
            "cross_entropy",
        )
    }
    default = DynamicsCollector(net, random_state=0).fit_transform(X, y)
    assert_array_equal(default, T["quantized_logit_difference"])
    assert_array_equal(default, np.where(T["logit_difference"] < 0, -1, 1))
    assert_allclose(-np.log(T["confidence"]), T["cross_entropy"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("with_copies", [True, False])
def test_further_signals_come_from_the_same_training(noisy_blobs, with_copies):
    X, y, _ = noisy_blobs
    if with_copies:
        X = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)

    def largest(logits, labels):
        return logits.amax(dim=1)

    also = ["logit_difference", largest]
    collector = DynamicsCollector(small_net(), also=also, random_state=0)
    T = collector.fit_transform(X, y)
    assert list(collector.records_) == also
    for signal in also:
        alone = DynamicsCollector(small_net(), signal=signal, random_state=0).fit_transform(X, y)
        record = collector.records_[signal]
        assert type(record) is type(alone)
        assert_array_equal(record, alone)
        if with_copies:
            assert_array_equal(record.corrupted.data, alone.corrupted.data)
            assert_array_equal(record.corrupted.labels, X.corrupted.labels)
    assert_array_equal(np.where(collector.records_["logit_difference"] < 0, -1, 1), T)


@pytest.mark.parametrize("also", [["margin"], "confidence", [3]])
def test_an_unknown_further_signal_is_refused(noisy_blobs, also):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(small_net(), also=also)
    with pytest.raises(ValueError, match=r"'logit_difference'.*got|The 'also' parameter"):
        collector.fit(X, y)
    assert not hasattr(collector, "n_features_in_")


def test_a_callable_signal(noisy_blobs):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(
        small_net(), signal=lambda logits, labels: (logits.argmax(dim=1) == labels).float() * 3
    )
    assert set(np.unique(collector.fit_transform(X, y))) == {0.0, 3.0}


@pytest.mark.parametrize(
    "y_as",
    [
        lambda y: np.array(["ant", "bee", "cow"])[y],
        lambda y: np.array([-7, 0, 3])[y],
        lambda y: np.array([1.0, 2.0, 5.0])[y],
        lambda y: y.astype(object),
        lambda y: list(y),
        lambda y: np.repeat(y, 2)[::2],
    ],
)
def test_labels_of_any_kind(noisy_blobs, y_as):
    X, y, _ = noisy_blobs
    plain = DynamicsCollector(small_net(), random_state=0).fit(X, y)
    collector = DynamicsCollector(small_net(), random_state=0).fit(X, y_as(y))
    assert_array_equal(collector.dynamics_, plain.dynamics_)
    assert_array_equal(collector.classes_, np.unique(y_as(y)))


def test_rows_of_any_layout(noisy_blobs):
    X, y, _ = noisy_blobs
    T = DynamicsCollector(random_state=0).fit_transform(X, y)
    for same in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], X.astype(float), X.tolist()):
        assert_array_equal(DynamicsCollector(random_state=0).fit_transform(same, y), T)
    X_read_only = X.copy()
    X_read_only.flags.writeable = False
    assert_array_equal(DynamicsCollector(random_state=0).fit_transform(X_read_only, y), T)


def test_the_net_passed_in_is_left_alone(noisy_blobs):
    X, y, _ = noisy_blobs
    module = nn.Linear(4, 3)
    before = module.weight.detach().clone()
    net = NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, lr=0.1, max_epochs=2, verbose=0
    )
    params = dict(vars(net))
    collector = DynamicsCollector(net, random_state=0).fit(X, y)
    assert torch.equal(module.weight, before)
    assert not torch.equal(collector.classifier_.module_.weight, before)
    assert not net.initialized_
    assert vars(net) == params
    assert collector.dynamics_.shape == (300, 2)  # skorch's default split held no row out
    assert all(name != "recorder" for name, _ in collector.classifier_.callbacks_)


def test_global_random_state_is_left_alone(noisy_blobs):
    X, y, _ = noisy_blobs
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    for seed in (0, None):
        numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
        Xc = LabelCorruptor(random_state=seed).fit_transform(X, y)
        DynamicsCollector(small_net(), random_state=seed).fit(Xc, y).transform(X[:5] + 1)
        assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
        assert torch.equal(torch.get_rng_state(), torch_before)


def test_a_seed_repeats_and_none_does_not(noisy_blobs):
    X, y, _ = noisy_blobs

    def weights(seed):
        return (
            DynamicsCollector(small_net(), random_state=seed).fit(X, y).checkpoints_[-1]["weight"]
        )

    torch.manual_seed(0)
    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))
    assert not torch.equal(weights(None), weights(None))


class Probabilities(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layer = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.layer(X).softmax(dim=1)


class Logits(Probabilities):
    def forward(self, X):
        return self.layer(X)


class WithExtras(Logits):
    def forward(self, X):
        return self.layer(X), X


def test_nets_that_end_in_probabilities_record_the_signals_of_logits(noisy_blobs):
    X, y, _ = noisy_blobs
    params = {"lr": 0.1, "max_epochs": 3, "verbose": 0}
    ends_in_probabilities = NeuralNetClassifier(Probabilities, **params)
    ends_in_logits = NeuralNetClassifier(Logits, criterion=nn.CrossEntropyLoss, **params)
    for signal in ("logit_difference", "confidence"):
        T, T_logits = (
            DynamicsCollector(net, signal=signal, random_state=0).fit_transform(X, y)
            for net in (ends_in_probabilities, ends_in_logits)
        )
        assert_allclose(T, T_logits, rtol=1e-2, atol=1e-3)


class ManyOutputs(NeuralNetClassifier):
    def get_loss(self, y_pred, y_true, *args, **kwargs):
        return super().get_loss(y_pred[0], y_true, *args, **kwargs)


def test_the_first_of_several_outputs_counts(noisy_blobs):
    X, y, _ = noisy_blobs
    params = {"criterion": nn.CrossEntropyLoss, "lr": 0.1, "max_epochs": 3, "verbose": 0}
    several = DynamicsCollector(ManyOutputs(WithExtras, **params), random_state=0).fit(X, y)
    one = DynamicsCollector(NeuralNetClassifier(Logits, **params), random_state=0).fit(X, y)
    assert_array_equal(several.dynamics_, one.dynamics_)
    assert_array_equal(several.transform(X[:9] + 1), one.transform(X[:9] + 1))


@pytest.mark.parametrize("flatten", [False, True])
def test_a_binary_net_records_the_difference_of_two_logits(noisy_blobs, flatten):
    X, y, _ = noisy_blobs
    X, y = X[y < 2], y[y < 2]
    module = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0)) if flatten else nn.Linear(4, 1)
    net = NeuralNetBinaryClassifier(
        module, lr=0.02, max_epochs=9, verbose=0, iterator_train__shuffle=True
    )
    collector = DynamicsCollector(net, signal="logit_difference", random_state=0).fit(X, y)
    odds = collector.classifier_.forward(X).numpy().ravel()
    ends = collector.transform(X + np.float32(1e-6))[:, -1]
    assert_allclose(np.abs(ends), np.abs(odds), rtol=1e-3, atol=1e-3)
    assert np.mean((collector.dynamics_[:, -1] > 0) == ((odds > 0) == (y == 1))) > 0.98


def test_a_module_is_told_what_it_asks_for_unless_it_is_set(noisy_blobs):
    X, y, _ = noisy_blobs
    net = NeuralNetClassifier(Logits, criterion=nn.CrossEntropyLoss, max_epochs=1, verbose=0)
    fitted = DynamicsCollector(net).fit(X, y).classifier_
    assert (fitted.module__n_features, fitted.module__n_classes) == (4, 3)
    assert not hasattr(net, "module__n_features")
    net.set_params(module__n_features=4)
    assert DynamicsCollector(net).fit(X, y).classifier_.module_.layer.in_features == 4


def test_callbacks_of_the_user_keep_working(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = small_net(
        callbacks=[
            ("accuracy", EpochScoring("accuracy", on_train=True, use_caching=True, name="acc")),
            Checkpoint(dirname=tmp_path, monitor="train_loss_best"),
        ]
    )
    history = DynamicsCollector(net).fit(X, y).classifier_.history
    assert len(history[:, "acc"]) == 4
    assert list(tmp_path.iterdir())
    assert DynamicsCollector(small_net(callbacks="disable")).fit(X, y).dynamics_.shape == (300, 4)


# --- transform ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    return DynamicsCollector(small_net(), signal="logit_difference", random_state=0).fit(Xc, y)


def test_rows_seen_in_fit_replay(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    assert_array_equal(fitted.transform(X), fitted.dynamics_)
    order = np.random.default_rng(0).permutation(300)[:77]
    assert_array_equal(fitted.transform(X[order]), fitted.dynamics_[order])
    assert_array_equal(fitted.transform(X, labels=y), fitted.dynamics_)
    assert_array_equal(fitted.transform(X[order], labels=y[order]), fitted.dynamics_[order])
    assert_array_equal(fitted.transform(X[:1]), fitted.dynamics_[:1])


def by_hand(fitted, x, label=None):
    module = nn.Linear(4, 3)
    trail = []
    for weights in reversed(fitted.checkpoints_):
        module.load_state_dict(weights)
        logits = module(torch.as_tensor(x)).tolist()
        label = int(np.argmax(logits)) if label is None else label
        trail.insert(0, logits[label] - max(v for k, v in enumerate(logits) if k != label))
    return trail


def test_unseen_rows_pass_through_the_weights_of_every_epoch(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    unseen = X[:6] + np.float32(0.5)
    assert_allclose(fitted.transform(unseen), [by_hand(fitted, x) for x in unseen], atol=1e-4)
    expected = [by_hand(fitted, x, label) for x, label in zip(unseen, y[:6], strict=True)]
    assert_allclose(fitted.transform(unseen, labels=y[:6]), expected, atol=1e-4)


def test_seen_and_unseen_rows_mix(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    mixed = np.concatenate([X[5:7] + 1, X[10:12]])
    T = fitted.transform(mixed)
    assert_allclose(T[:2], [by_hand(fitted, x) for x in mixed[:2]], atol=1e-4)
    assert_array_equal(T[2:], fitted.dynamics_[10:12])


def test_a_seen_row_with_another_label_is_judged_for_that_label(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    other = (y + 1) % 3
    for rows in (slice(None), slice(3, 40)):  # found by position and by content
        T = fitted.transform(X[rows], labels=other[rows])
        expected = [
            by_hand(fitted, x, label) for x, label in zip(X[rows], other[rows], strict=True)
        ]
        assert_allclose(T, expected, atol=1e-4)


def test_equal_rows_with_different_labels_stay_apart(noisy_blobs):
    X, y, _ = noisy_blobs
    X, y = np.concatenate([X, X[:50]]), np.concatenate([y, (y[:50] + 1) % 3])
    collector = DynamicsCollector(small_net(), signal="logit_difference", random_state=0).fit(X, y)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    assert not np.array_equal(collector.dynamics_[:50], collector.dynamics_[300:])
    assert_array_equal(collector.transform(X[300:], labels=y[300:]), collector.dynamics_[300:])
    assert_array_equal(collector.transform(X[:50], labels=y[:50]), collector.dynamics_[:50])


def test_fit_transform_judges_for_labels_that_are_given(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    other = y.copy()
    other[:3] = (y[:3] + 1) % 3
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    T = clone(fitted).fit_transform(Xc, y, labels=other)
    assert_array_equal(T, fitted.transform(X, labels=other))
    assert len(T.corrupted.data) == 60


def test_transform_changes_nothing(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    before = pickle.dumps(fitted.classifier_.module_.state_dict())
    first = fitted.transform(X[:20] + 1)
    assert_array_equal(fitted.transform(X[:20] + 1), first)
    assert pickle.dumps(fitted.classifier_.module_.state_dict()) == before
    first[:] = 0
    assert (fitted.transform(X) != 0).all()


def test_it_survives_pickle_and_clone(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(twin.transform(X[:9] + 1), fitted.transform(X[:9] + 1))
    assert_array_equal(twin.transform(X), fitted.dynamics_)
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    assert_array_equal(clone(fitted).fit(Xc, y).dynamics_, fitted.dynamics_)


def test_rows_have_keys_of_their_own():
    X = np.random.default_rng(0).integers(0, 3, (5000, 8)).astype(np.float32)
    keys = hash_rows(X)
    kinds = LabelEncoder().fit_transform([row.tobytes() for row in X])
    assert len(set(keys)) == kinds.max() + 1
    assert len(set(zip(keys, kinds, strict=True))) == kinds.max() + 1


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_records_what_the_cpu_records(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    T = {}
    for device in ("cpu", "cuda", "auto"):
        collector = DynamicsCollector(
            small_net(), signal="confidence", device=device, random_state=0
        )
        T[device] = collector.fit_transform(Xc, y)
        assert collector.classifier_.device == ("cpu" if device == "cpu" else "cuda")
        assert_array_equal(collector.transform(X), T[device])
    assert_allclose(T["cuda"], T["cpu"], atol=1e-3)
    assert_allclose(T["auto"], T["cpu"], atol=1e-3)
