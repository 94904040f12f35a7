"""The recording: the right number in the right place, whatever the training does."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback, Checkpoint, EpochScoring
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import (
    CorruptedArray,
    DynamicsCollector,
    LabelCorruptor,
    make_dynacor_pipeline,
)
from skdynacor.utils.random_numbers import make_rng


def small_net(**params):
    settings = {"criterion": nn.CrossEntropyLoss, "lr": 0.1, "max_epochs": 4, "batch_size": 32}
    size = {"module__in_features": 4, "module__out_features": 3, "verbose": 0}
    return NeuralNetClassifier(nn.Linear, **{**settings, **size, **params})


#: Parameters of a torch DataLoader, for 300 rows and 60 copies.
LOADERS = {
    "in order": {"batch_size": 60},
    "a last batch of one row, shuffled": {"batch_size": 359, "shuffle": True},
    "an odd last batch, workers": {"batch_size": 50, "num_workers": 2},
    "a weighted sampler": {
        "batch_size": 7,
        "sampler": WeightedRandomSampler(np.linspace(0.1, 1, 360), 301),
    },
}


def margins(logits, labels):
    given = labels[:, None]
    return (logits.gather(1, given)[:, 0] - logits.scatter(1, given, -torch.inf).amax(1)).detach()


@pytest.mark.parametrize("loader", LOADERS.values(), ids=LOADERS)
def test_a_hand_written_loop_records_the_same(noisy_blobs, loader):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    net = small_net(**{f"iterator_train__{name}": value for name, value in loader.items()})
    collector = DynamicsCollector(net, signal="logit_difference", random_state=5)
    T = collector.fit_transform(Xc, y)

    rows = torch.as_tensor(np.concatenate([X, Xc.corrupted.data]))
    labels = torch.as_tensor(np.concatenate([y, Xc.corrupted.labels]))
    record = torch.full((4, 360), torch.nan)
    draws, sums = torch.zeros(4, 360), torch.zeros(360, 3)
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
                sums.index_add_(0, index, logits.detach())
            left_out = draws[epoch] == 0
            logits = module(rows[left_out]).detach()
            record[epoch, left_out] = margins(logits, labels[left_out])
            sums[left_out] += logits
    if "sampler" in loader:
        assert 0.2 < (draws == 0).float().mean() < 0.6
        assert (draws > 1).float().mean() > 0.2
    else:
        assert (draws == 1).all()
    means = sums / draws.clamp(min=1).sum(dim=0)[:, None]
    assert_allclose(T, record.T[:300], rtol=1e-4, atol=1e-4)
    assert_allclose(T.corrupted.data, record.T[300:], rtol=1e-4, atol=1e-4)
    assert_allclose(collector.log_probs_, means[:300], rtol=1e-3, atol=1e-3)


def test_copies_train_and_are_recorded(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.5, random_state=0).fit_transform(X, y)
    T = DynamicsCollector(random_state=0).fit_transform(Xc, y)
    assert type(T) is CorruptedArray
    assert T.shape == (300, 20)
    assert T.dtype == np.float32
    assert set(np.unique(T)) == {-1, 1}  # by default, the quantized signal
    assert T.corrupted.data.shape == (150, 20)
    assert_array_equal(T.corrupted.labels, Xc.corrupted.labels)
    assert_array_equal(T.corrupted.sources, Xc.corrupted.sources)
    assert T.corrupted.data[:, 10:].mean() < T[:, 10:].mean() - 0.3


def test_extra_signals_come_from_the_same_training(noisy_blobs):
    X, y, _ = noisy_blobs
    X = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)

    def largest(logits, labels):
        return logits.amax(dim=1)

    extra = ["logit_difference", largest]
    collector = DynamicsCollector(small_net(), extra_signals=extra, random_state=0)
    T = collector.fit_transform(X, y)
    assert list(collector.extra_dynamics_) == extra
    for signal in extra:
        alone = DynamicsCollector(small_net(), signal=signal, random_state=0).fit_transform(X, y)
        extra_T = collector.extra_dynamics_[signal]
        assert_array_equal(extra_T, alone)
        assert_array_equal(extra_T.corrupted.data, alone.corrupted.data)
        assert_array_equal(extra_T.corrupted.labels, X.corrupted.labels)
    assert_array_equal(np.where(collector.extra_dynamics_["logit_difference"] < 0, -1, 1), T)


@pytest.mark.parametrize("extra", [["margin"], "confidence", [3]])
def test_an_unknown_extra_signal_is_refused(noisy_blobs, extra):
    X, y, _ = noisy_blobs
    collector = DynamicsCollector(small_net(), extra_signals=extra)
    with pytest.raises(ValueError, match=r"'logit_difference'.*got|The 'extra_signals' parameter"):
        collector.fit(X, y)
    assert not hasattr(collector, "n_features_in_")


@pytest.mark.parametrize(
    "y_as",
    [
        lambda y: np.array(["ant", "bee", "cow"])[y],
        lambda y: np.array([-7.0, 0.0, 3.0])[y],
        lambda y: y.astype(object),
        lambda y: list(y),
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
    T = DynamicsCollector(small_net(), random_state=0).fit_transform(X, y)
    read_only = X.copy()
    read_only.flags.writeable = False
    for same in (np.asfortranarray(X), X.astype(float), X.tolist(), read_only):
        assert_array_equal(DynamicsCollector(small_net(), random_state=0).fit_transform(same, y), T)


def test_the_net_passed_in_is_left_alone(noisy_blobs):
    X, y, _ = noisy_blobs
    module = nn.Linear(4, 3)
    before = module.weight.detach().clone()
    net = NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, lr=0.1, max_epochs=2, verbose=0
    )
    params = dict(vars(net))
    collector = DynamicsCollector(net, random_state=0).fit(X, y)
    assert collector.estimator is net
    assert torch.equal(module.weight, before)
    assert not torch.equal(collector.estimator_.module_.weight, before)
    assert not net.initialized_
    assert vars(net) == params
    assert collector.dynamics_.shape == (300, 2)  # skorch's default split held no row out
    assert "Recorder" not in dict(collector.estimator_.callbacks_)


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


class WithExtras(Logits):
    def forward(self, X):
        return self.layer(X), X


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


def test_a_binary_net_records_the_difference_of_two_logits(noisy_blobs):
    X, y, _ = noisy_blobs
    X, y = X[y < 2], y[y < 2]
    net = NeuralNetBinaryClassifier(nn.Linear(4, 1), lr=0.02, max_epochs=9, verbose=0)
    collector = DynamicsCollector(net, signal="logit_difference", random_state=0).fit(X, y)
    odds = collector.estimator_.forward(X).numpy().ravel()
    ends = collector.transform(X + np.float32(1e-6))[:, -1]
    assert_allclose(np.abs(ends), np.abs(odds), rtol=1e-3, atol=1e-3)
    assert np.mean((collector.dynamics_[:, -1] > 0) == ((odds > 0) == (y == 1))) > 0.98


def test_callbacks_of_the_user_keep_working(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    net = small_net(
        callbacks=[
            ("accuracy", EpochScoring("accuracy", on_train=True, use_caching=True, name="acc")),
            Checkpoint(dirname=tmp_path, monitor="train_loss_best"),
        ]
    )
    history = DynamicsCollector(net).fit(X, y).estimator_.history
    assert len(history[:, "acc"]) == 4
    assert list(tmp_path.iterdir())
    assert DynamicsCollector(small_net(callbacks="disable")).fit(X, y).dynamics_.shape == (300, 4)


# --- transform ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted(noisy_blobs):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    return DynamicsCollector(small_net(), signal="logit_difference", random_state=0).fit(Xc, y)


def test_rows_seen_in_fit_get_their_recorded_dynamics(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    assert_array_equal(fitted.transform(X), fitted.dynamics_)
    order = np.random.default_rng(0).permutation(300)[:77]
    assert_array_equal(fitted.transform(X[order]), fitted.dynamics_[order])
    assert_array_equal(fitted.transform(X, y), fitted.dynamics_)
    assert_array_equal(fitted.transform(X[order], y[order]), fitted.dynamics_[order])
    fitted.transform(X)[:] = 0
    assert (fitted.dynamics_ != 0).all()


def by_hand(fitted, x, label=None):
    module = nn.Linear(4, 3)
    trajectory = []
    for weights in reversed(fitted.checkpoints_):
        module.load_state_dict(weights)
        logits = module(torch.as_tensor(x)).tolist()
        label = int(np.argmax(logits)) if label is None else label
        trajectory.insert(0, logits[label] - max(v for k, v in enumerate(logits) if k != label))
    return trajectory


def test_unseen_rows_pass_through_the_weights_of_every_epoch(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    unseen = X[:6] + np.float32(0.5)
    T = fitted.transform(np.concatenate([unseen, X[10:12]]))
    assert_allclose(T[:6], [by_hand(fitted, x) for x in unseen], atol=1e-3)
    assert_array_equal(T[6:], fitted.dynamics_[10:12])
    expected = [by_hand(fitted, x, label) for x, label in zip(unseen, y[:6], strict=True)]
    assert_allclose(fitted.transform(unseen, y[:6]), expected, atol=1e-3)


def test_a_seen_row_with_another_label_is_scored_for_that_label(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    other = (y + 1) % 3
    for rows in (slice(None), slice(3, 40)):  # found by position and by content
        T = fitted.transform(X[rows], other[rows])
        expected = [
            by_hand(fitted, x, label) for x, label in zip(X[rows], other[rows], strict=True)
        ]
        assert_allclose(T, expected, atol=1e-3)


def test_equal_rows_with_different_labels_stay_apart(noisy_blobs):
    X, y, _ = noisy_blobs
    X, y = np.concatenate([X, X[:50]]), np.concatenate([y, (y[:50] + 1) % 3])
    collector = DynamicsCollector(small_net(), signal="logit_difference", random_state=0).fit(X, y)
    assert_array_equal(collector.transform(X), collector.dynamics_)
    assert not np.array_equal(collector.dynamics_[:50], collector.dynamics_[300:])
    assert_array_equal(collector.transform(X[300:], y[300:]), collector.dynamics_[300:])
    assert_array_equal(collector.transform(X[:50], y[:50]), collector.dynamics_[:50])


def test_it_survives_pickle_and_clone(noisy_blobs, fitted):
    X, y, _ = noisy_blobs
    twin = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(twin.transform(X[:9] + 1), fitted.transform(X[:9] + 1))
    assert_array_equal(twin.transform(X), fitted.dynamics_)
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    assert_array_equal(clone(fitted).fit(Xc, y).dynamics_, fitted.dynamics_)


def test_representations_are_directions_of_the_last_layers_input(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    ((mask, represent),) = fitted.representations()
    assert mask.all()
    assert mask.shape == (300,)
    assert_allclose(represent(X), X / np.linalg.norm(X, axis=1, keepdims=True), rtol=1e-5)


def test_set_output_reaches_the_steps_before(noisy_blobs):
    """The copies live in an array, which no container of pandas would carry."""
    pytest.importorskip("pandas")
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(small_net(), random_state=0)
    pipe.steps.insert(0, ("scaler", StandardScaler()))
    pipe.set_output(transform="pandas")
    T = pipe[:-1].fit_transform(X, y)
    assert type(T) is CorruptedArray
    assert len(T.corrupted.data) == 30
    assert list(pipe[0].transform(X).columns) == ["x0", "x1", "x2", "x3"]


# --- trainings that fail -----------------------------------------------------------------------


def fitted_state(estimator):
    return vars(estimator).keys() - estimator.get_params(deep=False).keys()


def test_a_loss_that_is_nan_is_refused_with_its_epoch(noisy_blobs):
    X, y, _ = noisy_blobs

    class Diverges(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 3:
                net.optimizer_.param_groups[0]["lr"] = np.nan

    collector = DynamicsCollector(small_net(callbacks=[Diverges()]), random_state=0)
    with pytest.raises(ValueError, match=r"diverged in epoch 3 of 4 \(loss .*StandardScaler"):
        collector.fit(X, y)
    assert not fitted_state(collector)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_fit_that_ends_early_leaves_no_fitted_state(noisy_blobs, error):
    X, y, _ = noisy_blobs

    class Stops(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise error

    collector = DynamicsCollector(small_net(callbacks=[Stops()]))
    with pytest.raises(error):
        collector.fit(X, y)
    assert not fitted_state(collector)


def test_a_fit_that_fails_keeps_the_last_good_one(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    collector = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(ValueError, match="one class only"):
        collector.fit(X[:, :2], np.zeros(300))
    assert collector.n_features_in_ == 4
    assert_array_equal(collector.transform(X + 1), fitted.transform(X + 1))
