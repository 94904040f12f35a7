import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from skdynacor import DynaCorDetector, DynamicsCollector, LabelCorruptor
from skdynacor.augment import random_flip
from skdynacor.nets import make_mlp_classifier, make_resnet_classifier
from skdynacor.robust import DivideMixClassifier
from skdynacor.robust import _co_training as co_training
from skdynacor.robust._divisions import DetectorDivision


@pytest.fixture(scope="module")
def fitted(noisy_blobs):
    X, y, _ = noisy_blobs
    return DivideMixClassifier(random_state=0).fit(X, y)


def make_quick(**params):
    net = make_mlp_classifier(max_epochs=4, batch_size=32)
    return DivideMixClassifier(**{"estimator": net, "warm_up": 2, "random_state": 0, **params})


def test_it_predicts_right_labels_and_finds_wrong_ones(noisy_blobs, fitted):
    X, y, wrong = noisy_blobs
    predicted = fitted.predict(X)
    assert (predicted == y)[~wrong].mean() > 0.97
    assert (predicted == y)[wrong].mean() < 0.03
    found = fitted.clean_probability_ < 0.5
    assert found[wrong].mean() > 0.95
    assert found[~wrong].mean() < 0.1
    assert fitted.losses_.shape == (2, 20)
    assert [net.batch_size for net in fitted.nets_] == [64, 64]
    assert np.isfinite(fitted.losses_).all()


def test_probabilities_are_means_over_both_nets(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    of_nets = [net.predict_proba(X) for net in fitted.nets_]
    assert not np.allclose(*of_nets, atol=1e-3)
    assert_allclose(fitted.predict_proba(X), np.mean(of_nets, axis=0), atol=1e-6)


def test_a_row_is_predicted_alike_in_any_company(noisy_blobs, fitted):
    X = noisy_blobs[0]
    whole, stages = fitted.predict_proba(X), list(fitted.staged_predict_proba(X))
    for rows in (np.random.default_rng(0).permutation(300), [3], np.arange(7, 120)):
        assert_allclose(fitted.predict_proba(X[rows]), whole[rows], rtol=0, atol=1e-8)
        of_rows = list(fitted.staged_predict_proba(X[rows]))
        assert_allclose(of_rows, np.array(stages)[:, rows], rtol=0, atol=1e-8)


class SinglePrecision(nn.Linear):
    def forward(self, X):
        return super().forward(X.float())


def test_a_module_that_takes_single_precision_only_predicts(noisy_blobs):
    X, y, _ = noisy_blobs
    settings = {"criterion": nn.CrossEntropyLoss, "max_epochs": 4, "callbacks__print_log": None}
    modules = nn.Linear(4, 3), SinglePrecision(4, 3)
    nets = [NeuralNetClassifier(nn.Sequential(module), **settings) for module in modules]
    modules[1].load_state_dict(modules[0].state_dict())
    either, single = (make_quick(estimator=net).fit(X, y) for net in nets)
    assert_allclose(single.predict_proba(X), either.predict_proba(X), atol=1e-5)


def test_stages_are_epochs_and_end_with_the_prediction(noisy_blobs, fitted):
    X, _, _ = noisy_blobs
    stages = list(fitted.staged_predict_proba(X))
    assert len(stages) == 20
    assert_array_equal(stages[-1], fitted.predict_proba(X))
    assert np.abs(stages[0] - stages[1]).max() > 0.01
    assert_allclose(np.sum(stages, axis=2), 1)


def test_fits_repeat_and_leave_global_random_numbers_alone(noisy_blobs):
    X, y, _ = noisy_blobs
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    one, again = (make_quick().fit(X, y) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert_array_equal(one.predict_proba(X), again.predict_proba(X))
    assert_array_equal(one.clean_probability_, again.clean_probability_)
    other = make_quick(random_state=1).fit(X, y)
    assert not np.array_equal(one.predict_proba(X), other.predict_proba(X))


def test_a_bar_shows_the_epochs_and_changes_nothing(noisy_blobs, capsys):
    X, y, _ = noisy_blobs
    silent = make_quick().fit(X, y)
    assert capsys.readouterr() == ("", "")
    fitted = make_quick(verbose=1).fit(X, y)
    assert "two nets: 100%" in capsys.readouterr().err
    assert_array_equal(fitted.predict_proba(X), silent.predict_proba(X))


def test_labels_are_of_any_kind_and_the_estimator_is_pickled(noisy_blobs):
    X, y, _ = noisy_blobs
    names = np.array(["ant", "bee", "cat"])
    classifier = make_quick().fit(X, names[y])
    loaded = pickle.loads(pickle.dumps(classifier))
    assert_array_equal(loaded.predict(X), classifier.predict(X))
    assert_array_equal(classifier.predict(X), names[make_quick().fit(X, y).predict(X)])
    assert set(loaded.predict(X)) == set(names)
    first, second = loaded.staged_predict_proba(X), classifier.staged_predict_proba(X)
    assert_array_equal(list(first), list(second))


class Calls(Callback):
    seen = []

    def on_epoch_end(self, net, **kwargs):
        self.seen.append((len(net.history), net.optimizer_.param_groups[0]["lr"]))

    def on_batch_end(self, net, batch, y_pred, training, **kwargs):
        assert training
        assert len(y_pred) == len(batch[1])


def test_the_parameters_of_the_estimator_are_used(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    monkeypatch.setattr(Calls, "seen", [])
    net = make_mlp_classifier(max_epochs=3, lr=0.05, module__hidden_units=7)
    net.set_params(callbacks=[*net.callbacks, ("calls", Calls())])
    classifier = DivideMixClassifier(net, warm_up=1, random_state=0).fit(X, y)
    assert [epoch for epoch, _ in Calls.seen] == [1, 1, 2, 2, 3, 3]
    rates = [rate for _, rate in Calls.seen]
    assert sorted(rates, reverse=True) == rates
    assert rates[0] < 0.05
    assert rates[-1] == pytest.approx(3e-7)
    assert classifier.nets_[0].module_.layers[0].out_features == 7
    assert not hasattr(net, "module_")


def test_images_train_a_resnet_with_augmentations_and_are_recorded():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.random((40, 1, 8, 8), dtype=np.float32)
    X[y == 1, :, :4] += 1
    net = make_resnet_classifier(18, max_epochs=6, module__width=4, batch_size=8, lr=0.05)
    classifier = DivideMixClassifier(net, warm_up=3, augment=random_flip)
    collector = DynamicsCollector(classifier, random_state=0)
    assert collector.fit_transform(X, y).shape == (40, 6)
    classifier = collector.estimator_
    assert classifier.score(X, y) > 0.8
    with pytest.raises(ValueError, match="8, 8"):
        classifier.predict(X[:, :, :4])


def test_two_classes_may_have_one_output(noisy_blobs):
    X, y, _ = noisy_blobs
    net = NeuralNetBinaryClassifier(
        nn.Sequential(nn.Linear(4, 1)), max_epochs=4, callbacks__print_log=None
    )
    classifier = make_quick(estimator=net).fit(X, y == 0)
    assert classifier.predict_proba(X).shape == (300, 2)
    assert classifier.predict(X).dtype == bool


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"warm_up": 4}, "warm_up=4 leaves no epoch of the estimator's max_epochs=4"),
        ({"augment": lambda rows, rng: rows[:, :2]}, r"shape it was given, \(\d+, 4\)"),
        ({"estimator": make_mlp_classifier(lr=1e12)}, r"diverged in epoch \d+: scale"),
    ],
)
def test_what_cannot_train_is_refused(noisy_blobs, params, message):
    X, y, _ = noisy_blobs
    classifier = make_quick(**params)
    with pytest.raises(ValueError, match=message):
        classifier.fit(X, y)
    assert not hasattr(classifier, "classes_")


# --- with DynaCor ------------------------------------------------------------------------------


def test_its_training_gives_dynamics(noisy_blobs):
    X, y, wrong = noisy_blobs
    rows = LabelCorruptor(random_state=0).fit_transform(X, y)
    collector = DynamicsCollector(DivideMixClassifier(), random_state=0)
    T = collector.fit_transform(rows, y)
    assert T.shape == (300, 20)
    assert T.corrupted.data.shape == (30, 20)
    stages = np.array(list(collector.estimator_.staged_predict_proba(X)))
    agrees = y[:, None] == stages.argmax(axis=2).T
    assert_array_equal(T > 0, agrees)
    assert T[wrong].mean() < T[~wrong].mean() - 1
    assert (T.corrupted.data[:, -1] < 0).mean() > 0.8
    assert collector.estimator_.clean_probability_.shape == (330,)
    new = collector.transform(X[:5] + 0.01)
    assert new.shape == (5, 20)


def test_a_detector_divides_the_rows(noisy_blobs):
    X, y, wrong = noisy_blobs
    net = make_mlp_classifier(max_epochs=10, batch_size=32)
    detector = DynaCorDetector()
    classifier = DivideMixClassifier(net, warm_up=4, detector=detector, random_state=0).fit(X, y)
    found = classifier.clean_probability_ < 0.5
    assert found.shape == (300,)
    assert found[wrong].mean() > 0.7
    assert found[~wrong].mean() < 0.1
    assert not hasattr(detector, "flags_")


def test_copies_train_in_the_warm_up_and_are_unlabelled_afterwards(noisy_blobs, monkeypatch):
    X, y, _ = noisy_blobs
    warm, divisions, lengths = [], [], []
    steps, divide = co_training.warm_up_steps, co_training.divide
    clean_probability = DetectorDivision.clean_probability

    def watched_steps(member):
        for batch, step in steps(member):
            warm.append(batch.positions)
            yield batch, step

    def watched_divide(clean_probability, threshold, n_rows):
        divisions.append(divide(clean_probability, threshold, n_rows))
        return divisions[-1]

    def watched_probability(self):
        lengths.append(len(self.signals))
        assert (self.labels[300:].numpy() != y[self.sources]).all()
        return clean_probability(self)

    monkeypatch.setattr(co_training, "warm_up_steps", watched_steps)
    monkeypatch.setattr(co_training, "divide", watched_divide)
    monkeypatch.setattr(DetectorDivision, "clean_probability", watched_probability)
    make_quick(detector=DynaCorDetector()).fit(X, y)
    assert_array_equal(torch.cat(warm).sort().values, np.repeat(np.arange(330), 4))
    assert lengths == [2, 2, 3, 3, 4, 4]  # the epochs so far
    assert len(divisions) == 4
    for labelled, unlabelled in divisions:
        assert labelled.max() < 300
        assert set(range(300, 330)) <= set(unlabelled.tolist())


def test_between_stages_random_numbers_of_torch_are_the_caller_s(noisy_blobs, fitted):
    before = torch.get_rng_state()
    stages = fitted.staged_predict_proba(noisy_blobs[0])
    next(stages)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    after = torch.get_rng_state()
    list(stages)
    assert torch.equal(torch.get_rng_state(), after)
    torch.set_rng_state(before)
