"""Diagrams in notebooks link to the documentation, and show the flags."""

import re
from importlib import import_module

import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    LabelErrorDetector,
    OutOfSampleEnsemble,
    make_dynacor_pipeline,
)
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)
from skdynacor.utils.notebooks import DOCUMENTATION, public_path

IN_PACKAGE = [LabelCorruptor, DynamicsCollector, LabelErrorDetector, DynaCorDetector]
IN_BASELINES = [AUM, CORES, AverageEncoder, ConfidentLearning, SimiFeatR, SimiFeatV]


def captions(estimator):
    return re.findall(r'<div class="caption">(.*?)</div>', estimator._repr_html_())


@pytest.mark.parametrize("cls", [*IN_PACKAGE, *IN_BASELINES], ids=lambda cls: cls.__name__)
def test_the_diagram_links_to_the_page_named_as_users_import(cls):
    path = public_path(cls)
    room, _, name = path.rpartition(".")
    assert room == ("skdynacor" if cls in IN_PACKAGE else "skdynacor.baselines")
    assert getattr(import_module(room), name) is cls
    html = cls()._repr_html_()
    assert f'href="{DOCUMENTATION}api/generated/{path}.html"' in html
    assert 'href="https://scikit-learn.org' not in html


def test_estimators_of_scikit_learn_keep_their_links():
    html = make_pipeline(StandardScaler(), LabelErrorDetector())._repr_html_()
    assert re.search(r'href="https://scikit-learn.org/\S*StandardScaler.html"', html)
    assert f'href="{DOCUMENTATION}api/generated/skdynacor.LabelErrorDetector.html"' in html


def test_subclasses_elsewhere_have_no_page_of_ours():
    class Own(LabelErrorDetector):
        pass

    Own.__module__ = "elsewhere"
    assert DOCUMENTATION not in Own()._repr_html_()


@pytest.mark.parametrize("make", [LabelErrorDetector, make_dynacor_pipeline])
def test_detectors_show_their_flags_alone_and_in_a_pipeline(noisy_blobs, quick_net, make):
    X, y, _ = noisy_blobs
    estimator = make(quick_net, random_state=0)
    assert captions(estimator) == []
    estimator.fit(X, y)
    detector = estimator if make is LabelErrorDetector else estimator[-1]
    found = f"{detector.flags_.sum()} of 300 labels flagged, estimated noise rate "
    if make is LabelErrorDetector:
        found = f"{detector.learnability_} {found}"
    for shown in {detector, estimator}:
        (caption,) = captions(shown)
        assert caption.startswith(found)
        rate = float(caption.removeprefix(found).removesuffix(" %"))
        assert rate == pytest.approx(100 * detector.noise_rate_, abs=0.5)
    assert captions(clone(estimator)) == []


@pytest.mark.parametrize("baseline", [SimiFeatV(), ConfidentLearning(LogisticRegression(), cv=2)])
def test_baselines_show_their_flags(noisy_blobs, baseline):
    X, y, _ = noisy_blobs
    assert captions(baseline) == []
    baseline.fit(X, y)
    assert captions(baseline)[0].startswith(f"{baseline.flags_.sum()} of 300 labels flagged")


class LargeFlags:
    def __len__(self):
        return 5_000_000

    def sum(self):
        return 412_000


def test_large_numbers_have_commas():
    detector = LabelErrorDetector()
    detector.flags_, detector.noise_rate_ = LargeFlags(), 0.0824
    (caption,) = captions(detector)
    assert caption == "412,000 of 5,000,000 labels flagged, estimated noise rate 8.2 %"


def test_the_ensemble_shows_its_estimators_and_their_weights(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    forest = ExtraTreesClassifier(20, bootstrap=True)
    ensemble = OutOfSampleEnsemble([("some_net", quick_net), ("forest", forest)], random_state=0)
    assert "some_net" in ensemble._repr_html_()
    assert "some_net: weight" not in ensemble._repr_html_()
    ensemble.fit(X, y)
    for name, weight in ensemble.weights_.items():
        assert f"{name}: weight {weight:.2f}<" in ensemble._repr_html_()


def test_names_that_users_give_are_escaped(noisy_blobs):
    X, y, _ = noisy_blobs
    tag = "<script>alert(1)</script>"
    estimators = [(tag, LogisticRegression())]
    for make in (OutOfSampleEnsemble, LabelErrorDetector):
        html = make(estimators=estimators, random_state=0).fit(X, y)._repr_html_()
        assert tag not in html
        assert "&lt;script&gt;alert(1)" in html
