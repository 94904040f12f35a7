"""Which members are trained to the end, and how much each counts."""

import numpy as np
import pytest

from skdynacor.out_of_sample.model_selection import select_members

TESTED = np.arange(3000)


class Member:
    """Logits that tell classes as well as ``force``, of few trees as well as ``few``."""

    test_folds = (TESTED,)

    def __init__(self, data, force, seed=0, few=None):
        classes, self.labels = data
        noise = np.random.default_rng(seed).normal(size=(len(classes), 3))
        self.final = force * np.eye(3)[classes] + noise
        self.early = (force if few is None else few) * np.eye(3)[classes] + noise
        self.steps = []

    def fit(self, n_steps=None):
        self.steps.append(n_steps)
        self.log_probs = self.final if n_steps is None else self.early
        self.first_log_probs = self.log_probs[TESTED]
        return self

    @property
    def is_complete(self):
        return None in self.steps


@pytest.fixture(scope="module")
def data():
    """Classes, and labels of which one in five is wrong."""
    rng = np.random.default_rng(0)
    classes, wrong = rng.integers(0, 3, 6000), rng.random(6000) < 0.2
    return classes, np.where(wrong, (classes + 1) % 3, classes)


def select(net, **forests):
    nets = {"net": net} if net is not None else {}
    labels = next(iter([*nets.values(), *forests.values()])).labels
    return select_members(nets, forests, labels)


def test_a_forest_far_behind_that_adds_nothing_is_left_out(data):
    net, first, second = Member(data, 4), Member(data, 0, 1), Member(data, 0, 2)
    weights, classes_overlap = select(net, first=first, second=second)
    assert (first.steps, second.steps) == ([8, 16], [])
    assert net.is_complete
    assert set(weights) == {"net"}
    assert not classes_overlap


def test_a_forest_that_adds_something_is_grown(data):
    net, first = Member(data, 3), Member(data, 3, 1, few=1)
    weights, classes_overlap = select(net, first=first)
    assert net.is_complete
    assert first.is_complete
    assert min(weights.values()) > 0
    assert classes_overlap


def test_a_net_that_adds_nothing_is_left_out_and_further_forests_are_grown(data):
    net, second = Member(data, 0), Member(data, 2, 2)
    weights, classes_overlap = select(net, first=Member(data, 2, 1), second=second)
    assert net.steps == [1]
    assert second.is_complete
    assert set(weights) == {"first", "second"}
    assert min(weights.values()) > 0
    assert classes_overlap


def test_a_second_forest_is_not_grown_where_the_net_is_used_and_not_ahead(data):
    second = Member(data, 3, 2)
    weights, _ = select(Member(data, 3), first=Member(data, 3, 1), second=second)
    assert second.steps == []
    assert set(weights) == {"net", "first"}


@pytest.mark.parametrize(("of_second", "expected"), [(1, False), (4, True)])
def test_classes_overlap_unless_the_net_is_ahead_of_every_forest(data, of_second, expected):
    first, second = Member(data, 1, 1), Member(data, of_second, 2)
    weights, classes_overlap = select(Member(data, 3), first=first, second=second)
    assert set(weights) == {"net", "first", "second"}
    assert classes_overlap is expected


def test_without_a_net_or_a_forest_all_members_are_weighted(data):
    weights, classes_overlap = select(None, first=Member(data, 2), second=Member(data, 0, 1))
    assert weights["second"] < 0.1 * weights["first"]
    assert classes_overlap
    assert select(Member(data, 4)).weights["net"] > 0
