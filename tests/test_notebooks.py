"""What notebooks show: a diagram that links to our pages, and says what was found."""

import re
from importlib import import_module

import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    TransitionDetector,
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
from skdynacor.groundwork.notebooks import DOCUMENTATION, public_path

IN_PACKAGE = [LabelCorruptor, DynamicsCollector, TransitionDetector, DynaCorDetector]
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


def test_others_estimators_keep_their_links():
    pipe = make_dynacor_pipeline(LogisticRegression())
    html = pipe._repr_html_()
    assert re.search(r'href="https://scikit-learn.org/\S*LogisticRegression.html"', html)
    assert f'href="{DOCUMENTATION}api/generated/skdynacor.TransitionDetector.html"' in html


def test_classes_of_others_have_no_page_of_ours():
    class Own(TransitionDetector):
        pass

    Own.__module__ = "elsewhere"
    assert DOCUMENTATION not in Own()._repr_html_()


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_detectors_say_what_they_found_alone_and_in_a_pipeline(noisy_blobs, quick_net, recipe):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(quick_net, recipe=recipe, random_state=0)
    assert captions(pipe) == []
    pipe.fit(X, y)
    detector = pipe[-1]
    found = f"{detector.flags_.sum()} of 300 labels flagged, estimated noise rate "
    for shown in (detector, pipe):
        (caption,) = captions(shown)
        assert caption.startswith(found)
        rate = float(caption.removeprefix(found).removesuffix(" %"))
        assert rate == pytest.approx(100 * detector.noise_rate_, abs=0.5)
    assert captions(clone(pipe)) == []


@pytest.mark.parametrize("baseline", [SimiFeatV(), ConfidentLearning(LogisticRegression(), cv=2)])
def test_baselines_say_so_too(noisy_blobs, baseline):
    X, y, _ = noisy_blobs
    assert captions(baseline) == []
    baseline.fit(X, y)
    assert captions(baseline)[0].startswith(f"{baseline.flags_.sum()} of 300 labels flagged")


def test_large_numbers_are_easy_to_read(noisy_blobs):
    detector = TransitionDetector()
    detector.flags_, detector.noise_rate_ = LargeFlags(), 0.0824
    (caption,) = captions(detector)
    assert caption == "412,000 of 5,000,000 labels flagged, estimated noise rate 8.2 %"


class LargeFlags:
    def __len__(self):
        return 5_000_000

    def sum(self):
        return 412_000


def test_the_collector_shows_all_its_models_and_how_much_they_are_heard(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    woods = [
        ("first", ExtraTreesClassifier(20, bootstrap=True)),
        ("second", ExtraTreesClassifier(20, bootstrap=True)),
    ]
    collector = DynamicsCollector(quick_net, held_out=True, partners=woods, random_state=0)
    for name in ("first", "second"):
        assert f"{name}: ExtraTreesClassifier<" in collector._repr_html_()
    collector.fit(X, y)
    collector._heard.weights = {"classifier": 1.5, "first": 0.25}
    html = collector._repr_html_()
    assert "classifier: NeuralNetClassifier, 3 epochs, weight 1.50<" in html
    assert "first: ExtraTreesClassifier, weight 0.25<" in html
    assert "second: ExtraTreesClassifier, not needed<" in html


def test_a_single_training_shows_its_length(noisy_blobs):
    X, y, _ = noisy_blobs
    boosting = HistGradientBoostingClassifier(max_iter=4)
    collector = DynamicsCollector(boosting).fit(X, y)
    assert "classifier: HistGradientBoostingClassifier, 4 stages<" in collector._repr_html_()
    assert "classifier: default net<" in DynamicsCollector()._repr_html_()


def test_what_users_name_is_escaped(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    tag = "<script>alert(1)</script>"
    pipe = make_dynacor_pipeline(quick_net, random_state=0)
    forest = ExtraTreesClassifier(20, bootstrap=True)
    pipe.set_params(dynamicscollector__partners=[(tag, forest)])
    pipe.fit(X, y.astype(str).astype(object) + tag)
    for shown in (pipe, pipe[1], pipe[2]):
        assert tag not in shown._repr_html_()
    assert "&lt;script&gt;alert(1)" in pipe._repr_html_()
