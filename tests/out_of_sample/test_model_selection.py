"""Which members are trained to the end, and how much each counts."""

import numpy as np
import pytest

from skdynacor.out_of_sample.model_selection import select_members

TESTED = np.arange(3000)


class Member:
    """Logits that tell classes as well as ``force``, of few trees as well as ``few``."""

    test_folds = (TESTED,)
    is_net = is_forest = False

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


def select(net=None, classifier=None, **forests):
    members = dict(forests)
    for member in forests.values():
        member.is_forest = True
    if classifier is not None:
        members = {"classifier": classifier, **members}
    if net is not None:
        net.is_net = True
        members = {"net": net, **members}
    return select_members(members, next(iter(members.values())).labels)[0]


def test_a_forest_far_behind_that_adds_nothing_is_left_out(data):
    net, first, second = Member(data, 4), Member(data, 0, 1), Member(data, 0, 2)
    weights = select(net, first=first, second=second)
    assert (first.steps, second.steps) == ([8, 16], [])
    assert net.is_complete
    assert set(weights) == {"net"}


def test_a_forest_that_adds_something_is_grown(data):
    net, first = Member(data, 3), Member(data, 3, 1, few=1)
    weights = select(net, first=first)
    assert net.is_complete
    assert first.is_complete
    assert min(weights.values()) > 0


def test_a_net_that_adds_nothing_is_left_out_and_further_forests_are_grown(data):
    net, second = Member(data, 0), Member(data, 2, 2)
    weights = select(net, first=Member(data, 2, 1), second=second)
    assert net.steps == [1]
    assert second.is_complete
    assert set(weights) == {"first", "second"}
    assert min(weights.values()) > 0


def test_a_net_must_add_to_the_quick_classifiers_too(data):
    net, classifier = Member(data, 3), Member(data, 3)
    weights = select(net, classifier, first=Member(data, 3, 1))
    assert classifier.is_complete
    assert net.steps == [1]
    assert set(weights) == {"classifier", "first"}


def test_a_second_forest_is_not_grown_where_the_net_is_used_and_not_ahead(data):
    second = Member(data, 3, 2)
    weights = select(Member(data, 3), first=Member(data, 3, 1), second=second)
    assert second.steps == []
    assert set(weights) == {"net", "first"}


def test_a_second_forest_is_grown_where_the_net_is_ahead_of_the_first(data):
    weights = select(Member(data, 3), first=Member(data, 1, 1), second=Member(data, 1, 2))
    assert set(weights) == {"net", "first", "second"}


def test_without_a_net_or_a_forest_all_members_are_weighted(data):
    weights = select(first=Member(data, 2), second=Member(data, 0, 1))
    assert weights["second"] < 0.1 * weights["first"]
    assert select(Member(data, 4), Member(data, 2, 1))["net"] > 0
