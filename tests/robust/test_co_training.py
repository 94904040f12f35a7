"""The loop that trains two nets: who judges whom, and which rows are seen how."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from skdynacor.nets import make_mlp_classifier
from skdynacor.robust import DivideMixClassifier, co_training
from skdynacor.robust.divisions import LossMixture


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
    """Fit, and list what each epoch after the warm-up was trained on, with all judgments."""
    X, y, _ = noisy_blobs
    judged, trained = [], []
    judge, steps = LossMixture.clean_probability, co_training.mixed_steps

    def watched_judge(self):
        judged.append((self, judge(self)))
        return judged[-1][1]

    def watched_steps(member, peer, clean_probability, recipe, epochs_done):
        trained.append((member, peer, clean_probability, epochs_done))
        return steps(member, peer, clean_probability, recipe, epochs_done)

    monkeypatch.setattr(LossMixture, "clean_probability", watched_judge)
    monkeypatch.setattr(co_training, "mixed_steps", watched_steps)
    net = make_mlp_classifier(max_epochs=5, batch_size=32)
    classifier = DivideMixClassifier(net, warm_up=2, random_state=0).fit(X, y)
    return classifier, judged, trained


def test_each_net_is_trained_on_the_division_that_its_peer_made(watched):
    _, judged, trained = watched
    assert [done for *_, done in trained] == [0, 0, 1, 1, 2, 2]
    for epoch in range(3):
        judgments = dict(judged[2 * epoch : 2 * epoch + 2])
        (first, second), (first_peer, second_peer) = zip(
            *(each[:2] for each in trained[2 * epoch : 2 * epoch + 2]), strict=True
        )
        assert (first, second) == (second_peer, first_peer)
        assert first.judge is not second.judge
        for member, peer, used, _ in trained[2 * epoch : 2 * epoch + 2]:
            assert used is judgments[peer.judge]
            assert used is not judgments[member.judge]
    assert not np.array_equal(judged[0][1], judged[1][1])  # two nets, two judgments


def test_the_last_judgments_are_averaged(watched):
    classifier, judged, _ = watched
    assert len(judged) == 2 * 3 + 2
    last = np.mean([probability for _, probability in judged[-2:]], axis=0)
    np.testing.assert_array_equal(classifier.clean_probability_, last)


class Stub:
    """A member that says what it is asked."""

    def __init__(self, belief):
        self.belief = torch.tensor(belief)
        self.asked = []
        self.batch_size, self.n_rows = 4, 6
        self.net = make_mlp_classifier(module__n_features=2, module__n_classes=2).initialize()

    def fetch(self, positions):
        X = positions[:, None].float().repeat(1, 2)
        return X, torch.zeros(len(positions), dtype=torch.int64)

    def beliefs(self, X):
        self.asked.append(X[:, 0].tolist())
        return self.belief.repeat(len(X), 1)

    def logits(self, X):
        return self.net.infer(X)


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
    recipe = co_training.Recipe(
        warm_up=1,
        threshold=0.5,
        temperature=1.0,
        concentration=0.0,
        lambda_u=1.0,
        lambda_prior=1.0,
        ramp=0,
        n_augmentations=2,
        augment=lambda X: X,
    )
    judgment = np.array([0.6, 0.6, 0.1, 0.1, 0.1])  # and a copy
    [(_, step)] = co_training.mixed_steps(member, peer, judgment, recipe, 0)
    step()
    assert_close(targets["labelled"], torch.tensor([[0.8, 0.2]]).repeat(4, 1))
    assert_close(targets["guessed"], torch.tensor([[0.3, 0.7]]).repeat(8, 1))
    assert [sorted(asked) for asked in peer.asked] == [[2, 3, 4, 5]] * 2
    assert [sorted(asked) for asked in member.asked] == [[0, 1]] * 2 + [[2, 3, 4, 5]] * 2


def test_without_rows_in_doubt_all_keep_their_labels():
    member, peer = Stub([0.5, 0.5]), Stub([0.1, 0.9])
    recipe = co_training.Recipe(1, 0.5, 0.5, 4.0, 1.0, 1.0, 5, 1, lambda X: X)
    steps = list(co_training.mixed_steps(member, peer, np.ones(6), recipe, 0))
    assert sum(len(batch[1]) for batch, _ in steps) == 6
    assert all(step()[0].isfinite() for _, step in steps)
    assert peer.asked == []
