"""The training of two nets, and the division of the rows between them."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import DivideMixClassifier
from skdynacor.robust import _co_training as co_training
from skdynacor.robust._divisions import LossDivision


def test_batches_cover_all_positions_and_are_about_equal():
    torch.manual_seed(0)
    positions = torch.arange(100, 133)
    batches = co_training.shuffled(positions, 8)
    assert [len(batch) for batch in batches] == [7, 7, 7, 6, 6]
    assert_close(torch.cat(batches).sort().values, positions)
    assert not torch.equal(torch.cat(batches), positions)
    stream = co_training.endless(positions, 8)
    again = torch.cat([next(stream) for _ in range(10)])
    assert_close(again.sort().values, positions.repeat_interleave(2))


def test_copies_never_keep_their_labels():
    probability = np.array([0.9, 0.2, 0.5, 0.49])
    labelled, unlabelled = co_training.divide(probability, 0.5, 6)
    assert labelled.tolist() == [0, 2]
    assert unlabelled.tolist() == [1, 3, 4, 5]
    labelled, unlabelled = co_training.divide(np.array([0.1, 0.3, 0.3]), 0.5, 4)
    assert labelled.tolist() == [1, 2]
    assert unlabelled.tolist() == [0, 3]


@pytest.fixture
def watched(noisy_blobs, monkeypatch):
    """Fit; list all divisions, and what each epoch after the warm-up was trained on."""
    X, y, _ = noisy_blobs
    made, trained = [], []
    clean_probability, steps = LossDivision.clean_probability, co_training.mixed_steps

    def watched_probability(self):
        made.append((self, clean_probability(self)))
        return made[-1][1]

    def watched_steps(member, peer, clean_probability, settings, epochs_done):
        trained.append((member, peer, clean_probability, epochs_done))
        return steps(member, peer, clean_probability, settings, epochs_done)

    monkeypatch.setattr(LossDivision, "clean_probability", watched_probability)
    monkeypatch.setattr(co_training, "mixed_steps", watched_steps)
    net = make_mlp_classifier(max_epochs=5, batch_size=32)
    classifier = DivideMixClassifier(net, warm_up=2, random_state=0).fit(X, y)
    return classifier, made, trained


def test_each_net_trains_on_the_division_of_its_peer(watched):
    classifier, made, trained = watched
    assert [done for *_, done in trained] == [0, 0, 1, 1, 2, 2]
    for epoch in range(3):
        two = slice(2 * epoch, 2 * epoch + 2)
        probabilities = dict(made[two])
        assert len(probabilities) == 2
        for member, peer, used, _ in trained[two]:
            assert member is not peer
            assert used is probabilities[peer.division]
    assert not np.array_equal(made[0][1], made[1][1])
    assert len(made) == 2 * 3 + 2
    last = np.mean([probability for _, probability in made[-2:]], axis=0)
    np.testing.assert_array_equal(classifier.clean_probability_, last)


class Stub:
    """A member that predicts the same for all rows, and lists the rows it is asked about."""

    def __init__(self, probabilities):
        self.probabilities = torch.tensor(probabilities)
        self.asked = []
        self.batch_size, self.n_rows = 4, 6
        self.net = make_mlp_classifier(module__n_features=2, module__n_classes=2).initialize()

    def fetch(self, positions):
        X = positions[:, None].float().repeat(1, 2)
        return X, torch.zeros(len(positions), dtype=torch.int64)

    def predict_proba(self, X):
        self.asked.append(X[:, 0].tolist())
        return self.probabilities.repeat(len(X), 1)

    def logits(self, X):
        return self.net.infer(X)


SETTINGS = co_training.MixSettings(
    warm_up=1,
    threshold=0.5,
    temperature=1.0,
    alpha=0.0,
    lambda_u=1.0,
    n_augmentations=2,
    augment=lambda X: X,
)


def test_own_net_refines_and_both_guess(monkeypatch):
    member, peer = Stub([0.5, 0.5]), Stub([0.1, 0.9])
    targets = {}

    def keep(name):
        def loss(logits, wanted):
            targets[name] = wanted
            return logits.sum() * 0

        return loss

    monkeypatch.setattr(co_training, "supervised_loss", keep("labelled"))
    monkeypatch.setattr(co_training, "unsupervised_loss", keep("guessed"))
    clean_probability = np.array([0.6, 0.6, 0.1, 0.1, 0.1])  # and a copy
    [(_, step)] = co_training.mixed_steps(member, peer, clean_probability, SETTINGS, 0)
    step()
    assert_close(targets["labelled"], torch.tensor([[0.8, 0.2]]).repeat(4, 1))
    assert_close(targets["guessed"], torch.tensor([[0.3, 0.7]]).repeat(8, 1))
    assert [sorted(asked) for asked in peer.asked] == [[2, 3, 4, 5]] * 2
    assert [sorted(asked) for asked in member.asked] == [[0, 1]] * 2 + [[2, 3, 4, 5]] * 2


def test_without_noisy_rows_all_keep_their_labels():
    member, peer = Stub([0.5, 0.5]), Stub([0.1, 0.9])
    steps = list(co_training.mixed_steps(member, peer, np.ones(6), SETTINGS, 0))
    assert sum(len(batch[1]) for batch, _ in steps) == 6
    assert all(step()[0].isfinite() for _, step in steps)
    assert peer.asked == []
