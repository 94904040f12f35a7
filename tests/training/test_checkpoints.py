"""A training that was killed resumes, and ends as if it had not been."""

import io
import os

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, LRScheduler
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import DynamicsCollector, LabelCorruptor
from skdynacor.nets import make_mlp_classifier


@pytest.fixture(scope="module")
def rows(noisy_blobs):
    X, y, _ = noisy_blobs
    return LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y


def make_collector(folder, net=None, random_state=0, **params):
    return DynamicsCollector(
        make_mlp_classifier(max_epochs=4) if net is None else net,
        signal="logit_difference",
        extra_signals=["confidence"],
        checkpoint_dir=folder,
        random_state=random_state,
        **params,
    )


def assert_same(one, other, X):
    def is_close(a, b):
        assert_allclose(a, b, rtol=1e-4, atol=1e-4)

    is_close(one.dynamics_, other.dynamics_)
    is_close(one.copies_.data, other.copies_.data)
    is_close(one.extra_dynamics_["confidence"], other.extra_dynamics_["confidence"])
    is_close(one.log_probs_, other.log_probs_)
    losses = [c.estimator_.history[:, "batches", :, "train_loss"] for c in (one, other)]
    is_close(*(np.concatenate(each) for each in losses))
    is_close(one.transform(np.array(X) + 1), other.transform(np.array(X) + 1))


class Killed(BaseException):
    pass


class KillAt(Callback):
    """End the training as a signal would, in the middle of an epoch."""

    at = None

    def on_batch_begin(self, net, training, **kwargs):
        if training and self.at is not None and len(net.history) - 1 >= self.at:
            raise Killed


def multistep():
    schedule = LRScheduler("MultiStepLR", milestones=[1, 3], gamma=0.1)
    return make_mlp_classifier(max_epochs=4, callbacks=[("steps", schedule)])


def adam_with_batch_norm():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    return NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        max_epochs=4,
        iterator_train__shuffle=True,
        callbacks=[],
        callbacks__print_log=None,
    )


def sampler():
    generator = torch.Generator().manual_seed(3)
    sampler = WeightedRandomSampler(torch.linspace(0.1, 1, 360), 200, generator=generator)
    return make_mlp_classifier(
        max_epochs=4, iterator_train__sampler=sampler, iterator_train__shuffle=False
    )


@pytest.mark.parametrize("make_net", [multistep, sampler, adam_with_batch_norm])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_killed_training_resumes_with_the_dynamics_of_an_uninterrupted_one(
    rows, tmp_path, monkeypatch, make_net, at
):
    X, y = rows

    def collector(folder):
        net = make_net()
        return make_collector(folder, net.set_params(callbacks=[*net.callbacks, ("k", KillAt())]))

    whole = collector(None).fit(X, y)
    monkeypatch.setattr(KillAt, "at", at)
    cut = collector(tmp_path / "new")
    with pytest.raises(Killed):
        cut.fit(X, y)
    assert not hasattr(cut, "dynamics_")
    assert len(list((tmp_path / "new").iterdir())) == (at > 0)
    monkeypatch.setattr(KillAt, "at", None)
    assert_same(collector(tmp_path / "new").fit(X, y), whole, X)


def test_a_finished_training_is_read_not_made_again(rows, tmp_path, monkeypatch):
    X, y = rows
    net = make_mlp_classifier(max_epochs=2, callbacks=[("kill", KillAt())])
    one = make_collector(tmp_path, net, random_state=None).fit(X, y)
    monkeypatch.setattr(KillAt, "at", 0)
    assert_same(make_collector(tmp_path, net, random_state=None).fit(X, y), one, X)
    assert [path.name for path in tmp_path.iterdir()] == ["training.pt"]


# --- files that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda X, y: (LabelCorruptor(0.2, random_state=0).fit_transform(X * 2, y), y),
        lambda X, y: (X, np.roll(y, 1)),
        lambda X, y: (LabelCorruptor(0.2, random_state=1).fit_transform(X, y), y),
    ],
    ids=["rows", "labels", "copies"],
)
def test_a_file_of_other_data_is_refused(rows, tmp_path, change):
    X, y = rows
    make_collector(tmp_path).fit(X, y)
    other = make_collector(tmp_path)
    with pytest.raises(ValueError, match=r"other data or parameters\. Set another"):
        other.fit(*change(X, y))
    assert not hasattr(other, "classes_")


@pytest.mark.parametrize(
    "change",
    [
        {"random_state": 1},
        {"signal": "cross_entropy"},
        {"keep_checkpoints": False},
        {"estimator__lr": 0.5},
        {"estimator__module__dropout": 0.1},
    ],
    ids=str,
)
def test_a_file_of_other_parameters_is_refused(rows, tmp_path, change):
    X, y = rows
    make_collector(tmp_path).fit(X, y)
    with pytest.raises(ValueError, match=r"other data or parameters\. Set another"):
        make_collector(tmp_path).set_params(**change).fit(X, y)
    make_collector(tmp_path).set_params(verbose=0, device="cpu").fit(X, y)


def test_a_file_that_is_damaged_or_would_run_code_is_refused(rows, tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    harmful = io.BytesIO()
    torch.save({"identity": Harm()}, harmful)
    for content in (harmful.getvalue()[:200], harmful.getvalue()):
        (tmp_path / "training.pt").write_bytes(content)
        with pytest.raises(ValueError, match=r"training\.pt cannot be read"):
            make_collector(tmp_path).fit(*rows)
    assert not (tmp_path / "harm").exists()


# --- the weights of every epoch ----------------------------------------------------------------


def test_weights_may_be_kept_in_a_folder_or_not_at_all(rows, tmp_path):
    X, y = rows
    unseen = np.array(X) + 1
    in_memory, in_folder, nowhere = (
        make_collector(None, keep_checkpoints=keep).fit(X, y)
        for keep in (True, str(tmp_path / "weights"), False)
    )
    assert_array_equal(in_folder.transform(unseen), in_memory.transform(unseen))
    assert len(in_folder.checkpoints_) == len(list((tmp_path / "weights").iterdir())) == 4
    for name, value in in_memory.checkpoints_[-1].items():
        assert torch.equal(in_folder.checkpoints_[-1][name], value)
    assert_array_equal(nowhere.dynamics_, in_memory.dynamics_)
    assert_array_equal(nowhere.transform(np.array(X)), nowhere.dynamics_)
    with pytest.raises(ValueError, match=r"were not in fit.*keep_checkpoints=True or a folder"):
        nowhere.transform(unseen)
    (tmp_path / "weights" / "weights-0003.pt").unlink()
    with pytest.raises(FileNotFoundError, match=r"missing: there is no .*weights-0003\.pt"):
        in_folder.transform(unseen)
