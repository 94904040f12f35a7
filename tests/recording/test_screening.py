"""A training on each half of the rows, before the one that is recorded."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn
from torch.utils.data import WeightedRandomSampler

from skdynacor import DynamicsCollector, LabelCorruptor
from skdynacor.nets import make_mlp_classifier
from skdynacor.recording import screening
from skdynacor.recording.screening import halve, rows_in_no_doubt


def test_each_class_is_halved_whatever_the_order_of_rows():
    rng = np.random.default_rng(0)
    keys, labels = rng.integers(0, 2**63, 101).astype(np.uint64), rng.integers(0, 4, 101)
    half = halve(keys, labels)
    for label in range(4):
        n_rows = (labels == label).sum()
        assert abs(half[labels == label].sum() - n_rows / 2) <= 0.5
    order = rng.permutation(101)
    assert_array_equal(halve(keys[order], labels[order]), half[order])


def test_rows_that_look_like_another_class_are_in_doubt():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 900)
    wrong = rng.random(900) < 0.2
    labels = np.where(wrong, (classes + 1) % 3, classes)
    logits = 4 * np.eye(3)[classes] + rng.normal(size=(900, 3))
    stays = rows_in_no_doubt(logits, labels)
    assert wrong[stays].mean() < 0.02
    assert np.mean(np.isin(np.flatnonzero(~wrong), stays)) > 0.95


def test_no_class_is_lost():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [300, 60, 4])
    classes = np.zeros(364, dtype=int)  # nearly all rows look like the first class, whatever else
    classes[:10] = 1
    logits = 6 * np.eye(3)[classes] + rng.normal(size=(364, 3))
    stays = rows_in_no_doubt(logits, labels)
    assert_array_equal(np.bincount(labels[stays]), [290, 6, 4])  # the third class was not learnt


# --- in the collector --------------------------------------------------------------------------


@pytest.fixture
def rows(noisy_blobs):
    X, y, wrong = noisy_blobs
    return LabelCorruptor(0.2, random_state=0).fit_transform(X, y), y, wrong


def test_no_row_is_screened_by_who_was_told_its_label(rows, monkeypatch):
    X, y, _ = rows
    told, collector = {}, DynamicsCollector(make_mlp_classifier(max_epochs=2), screen=True)
    train, screened = DynamicsCollector._train, []

    def spied(self, *args, only, name="", **kwargs):
        told[name] = only
        trained, record, logits = train(self, *args, only=only, name=name, **kwargs)
        logits[only] = np.nan if name else logits[only]
        return trained, record, logits

    def judge(logits, labels):
        screened.append(logits)
        return rows_in_no_doubt(logits, labels)

    monkeypatch.setattr(DynamicsCollector, "_train", spied)
    monkeypatch.setattr(screening, "rows_in_no_doubt", judge)
    collector.fit(X, y)
    assert np.isfinite(screened[0]).all()
    assert list(told) == ["first-half", "second-half", ""]
    assert_array_equal(np.sort(np.r_[told["first-half"], told["second-half"]]), np.arange(300))
    assert_array_equal(told[""], collector.trained_on_)


def test_wrong_labels_are_left_out_and_judged_at_each_epochs_end(rows):
    X, y, wrong = rows
    collector = DynamicsCollector(signal="logit_difference", screen=True, random_state=0)
    T = collector.fit_transform(X, y)
    left_out = ~np.isin(np.arange(300), collector.trained_on_)
    assert left_out[wrong].mean() > 0.9
    assert left_out[~wrong].mean() < 0.1
    module = collector.classifier_.module_.eval()
    given = torch.from_numpy(y[left_out])[:, None]
    for epoch, weights in enumerate(collector.checkpoints_):
        module.load_state_dict(weights)
        logits = module(torch.from_numpy(np.array(X)[left_out])).detach()
        others = logits.scatter(1, given, -torch.inf).amax(dim=1)
        assert_allclose(T[left_out, epoch], logits.gather(1, given)[:, 0] - others, atol=1e-5)


def test_without_screening_all_rows_are_trained_on(rows):
    X, y, _ = rows
    collector = DynamicsCollector(make_mlp_classifier(max_epochs=2), random_state=0).fit(X, y)
    assert_array_equal(collector.trained_on_, np.arange(300))


@pytest.mark.parametrize(
    "classifier",
    [None, HistGradientBoostingClassifier(max_iter=5), SGDClassifier(loss="log_loss")],
    ids=["net", "staged", "in parts"],
)
def test_classes_of_one_row_and_of_two(classifier):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2, 3], [30, 30, 2, 1])
    X = (rng.normal(size=(63, 3)) + 5 * y[:, None]).astype(np.float32)
    T = DynamicsCollector(classifier, screen=True, random_state=0).fit_transform(X, y)
    assert np.isfinite(T).all()
    assert T.beliefs.logits.shape == (63, 4)


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
    T = DynamicsCollector(net, screen=True, random_state=0).fit_transform(X, y)
    assert np.isfinite(T).all()
    assert min(sizes) >= 2


def test_a_sampler_of_all_rows_is_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    sampler = WeightedRandomSampler(torch.ones(300), 300)
    net = make_mlp_classifier(iterator_train__sampler=sampler, iterator_train__shuffle=False)
    collector = DynamicsCollector(net, screen=True)
    before = dict(vars(collector))
    with pytest.raises(ValueError, match=r"iterator_train__sampler does not know .*screen=False"):
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
def test_a_screened_training_that_is_killed_anywhere_resumes(
    rows, tmp_path, monkeypatch, random_state
):
    X, y, _ = rows

    def collector(folder):
        net = make_mlp_classifier(max_epochs=4, batch_size=32, callbacks=[("kill", KillAfter())])
        return DynamicsCollector(
            net,
            signal="confidence",
            screen=True,
            checkpoint_dir=tmp_path / folder,
            random_state=random_state,
        )

    kills = 0
    while True:
        monkeypatch.setattr(KillAfter, "batches", 13)  # two epochs of the five batches of a half
        try:
            cut = collector("cut").fit(X, y)
            break
        except Killed:
            kills += 1
    assert kills >= 4
    monkeypatch.setattr(KillAfter, "batches", np.inf)
    again = collector("cut" if random_state is None else "whole").fit(X, y)
    assert_array_equal(cut.dynamics_, again.dynamics_)
    assert_array_equal(cut.trained_on_, again.trained_on_)
    T, T_again = (c.transform(np.array(X)) for c in (cut, again))
    assert_array_equal(T.beliefs.logits, T_again.beliefs.logits)
