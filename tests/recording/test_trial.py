"""A few trees tell whether a classifier is far ahead of any forest."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from skdynacor import DynamicsCollector
from skdynacor.noise_model.noise_model import Lead
from skdynacor.recording import training_task, trial
from skdynacor.recording.trial import is_ahead, lead_over_trees

N_ROWS = 1500
FOREST = ExtraTreesClassifier(200, bootstrap=True, min_samples_leaf=5, max_samples=0.5)


@pytest.fixture(scope="module")
def rows():
    """Rows of which every tenth label is wrong, and logits that know the classes well."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, N_ROWS)
    labels = np.where(rng.random(N_ROWS) < 0.1, (classes + 1) % 3, classes)
    rotation = np.linalg.qr(rng.normal(size=(200, 200)))[0]
    spread = rng.normal(size=(N_ROWS, 200))
    embedding = (3 * np.eye(200)[classes] + spread) @ rotation
    table = 3.5 * np.eye(4)[classes] + spread[:, :4]
    logits = 4 * np.eye(3)[classes] + rng.normal(size=(N_ROWS, 3))
    return {"embedding": embedding, "table": table}, labels, logits


@pytest.fixture
def grown(monkeypatch):
    """How many trees are asked for, and of how many rows each forest is grown."""
    asked = []

    class Spied(ExtraTreesClassifier):
        def fit(self, X, y):
            asked.append((self.n_estimators, len(X)))
            return super().fit(X, y)

    return Spied(**FOREST.get_params()), asked


TOLD = np.arange(N_ROWS) % 2 == 0
HALF, OTHER = np.flatnonzero(TOLD), np.flatnonzero(~TOLD)


def is_ahead_of_trees(logits, forests, X, labels):
    return is_ahead(lead_over_trees(logits, forests, X, labels, [(HALF, OTHER)], 0))


def test_a_net_is_ahead_where_no_single_feature_means_much(rows):
    made, labels, logits = rows
    X = {name: each.astype(np.float32) for name, each in made.items()}
    assert is_ahead_of_trees(logits, [FOREST], X["embedding"], labels) is True
    blunt = np.random.default_rng(0).normal(size=logits.shape)
    assert is_ahead_of_trees(blunt, [FOREST], X["embedding"], labels) is False
    easy = 9 * X["table"][:, :3]
    assert is_ahead_of_trees(logits, [FOREST], easy, labels) is False


def test_few_trees_are_grown_where_they_leave_no_doubt(rows, grown):
    made, labels, logits = rows
    forest, asked = grown
    blunt = np.random.default_rng(0).normal(size=logits.shape)
    is_ahead_of_trees(blunt, [forest], made["table"].astype(np.float32), labels)
    assert asked == [(8, 750), (16, 750)]


def test_judged_rows_are_not_told(rows):
    made, labels, logits = rows
    X = made["embedding"].astype(np.float32)
    scrambled = np.where(TOLD, labels, (labels + 1) % 3)
    # What trees know of the told rows says nothing of labels that are all wrong.
    assert is_ahead_of_trees(logits[:, [2, 0, 1]], [FOREST], X, scrambled) is True


def test_both_halves_leave_less_doubt(rows, grown):
    made, labels, logits = rows
    forest, asked = grown
    task = logits, [forest], made["embedding"].astype(np.float32)
    one = lead_over_trees(*task, labels, [(HALF, OTHER)], 0)
    both = lead_over_trees(*task, labels, [(HALF, OTHER), (OTHER, HALF)], 0)
    assert 0.6 < both.error / one.error < 0.8
    assert asked[-2:] == [(asked[-1][0], 750)] * 2
    # Nobody judges rows that it was told: of labels that nobody can know, nothing is known.
    guessed = np.random.default_rng(9).integers(0, 3, N_ROWS)
    blind = lead_over_trees(
        np.zeros((N_ROWS, 3)), *task[1:], guessed, [(HALF, OTHER), (OTHER, HALF)], 0
    )
    assert abs(blind.cross_entropy - np.log(3)) < 0.01


def test_of_very_many_rows_some_are_enough(rows, grown, monkeypatch):
    made, labels, logits = rows
    forest, asked = grown
    monkeypatch.setattr(trial, "_MOST_ROWS", 200)
    X = made["table"].astype(np.float32)
    is_ahead_of_trees(logits, [forest], X, labels)
    assert {n_rows for _, n_rows in asked} == {188}


@pytest.mark.parametrize(
    ("leads", "expected", "n_asked"),
    [
        ([0.1, 0.0], True, 1),
        ([0.03, 0.2], False, 1),
        ([0.08, 0.06], True, 2),
        ([0.06, 0], False, 2),
    ],
)
def test_where_one_forest_leaves_doubt_the_next_is_asked(
    rows, monkeypatch, leads, expected, n_asked
):
    made, labels, logits = rows
    coming = (Lead(1.0, share, 0.01) for share in leads)
    monkeypatch.setattr(trial, "_lead", lambda *_: next(coming))
    found = is_ahead_of_trees(logits, [FOREST, FOREST], made["table"], labels)
    assert found is expected
    assert len(leads) - len(list(coming)) == n_asked


@pytest.mark.parametrize(("leads", "n_asked"), [([0.2, 0.04], 2), ([0.04, 0.2], 1)])
def test_where_there_was_doubt_no_forest_may_be_near(rows, monkeypatch, leads, n_asked):
    made, labels, logits = rows
    coming = (Lead(1.0, share, 0.006) for share in leads)
    monkeypatch.setattr(trial, "_lead", lambda *_: next(coming))
    both = [(HALF, OTHER), (OTHER, HALF)]
    lead = lead_over_trees(logits, [FOREST, FOREST], made["table"], labels, both, 0)
    assert not is_ahead(lead)
    assert len(leads) - len(list(coming)) == n_asked


def test_trees_of_the_trial_get_each_column_once(noisy_blobs, quick_net, monkeypatch):
    X, y, _ = noisy_blobs
    asked = []

    def spied(logits, forests, X, *args):
        asked.append(X)
        return lead_over_trees(logits, forests, X, *args)

    monkeypatch.setattr(training_task, "lead_over_trees", spied)
    partners = [("trees", ExtraTreesClassifier(20, bootstrap=True))]
    collector = DynamicsCollector(quick_net, held_out=True, partners=partners, random_state=0)
    collector.fit(X, y)
    collector.fit(np.hstack([X, np.ones((len(X), 2)), X]), y)
    alone, among_others = asked[0], asked[-1]
    np.testing.assert_array_equal(alone, among_others)
