"""A bar over all trainings of a fit, which changes nothing of them."""

import pickle
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tqdm
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from skorch.callbacks import Callback
from skorch.hf import AccelerateMixin
from torch.optim import SGD

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.groundwork import progress_bar
from skdynacor.groundwork.progress_bar import Part, ProgressBar, Silence, open_progress
from skdynacor.nets import make_mlp_classifier
from skdynacor.noise_model.noise_model import Lead
from skdynacor.recording import training_task
from skdynacor.recording.accelerated_nets import speaks_for_all
from skdynacor.recording.progress import share_that_agree
from skdynacor.recording.workload import work_of_forest, work_of_half

WOODS = [
    ("extra_trees", ExtraTreesClassifier(40, bootstrap=True)),
    ("random_forest", RandomForestClassifier(20)),
]


@pytest.fixture(autouse=True)
def every_step_is_shown(monkeypatch):
    """Show also what takes less than a tenth of a second."""
    monkeypatch.setattr(progress_bar, "_REDRAWN_AFTER", 0)


@pytest.fixture
def rows(noisy_blobs):
    X, y, _ = noisy_blobs
    return LabelCorruptor(0.2, jitter=0, random_state=0).fit_transform(X, y), y


@pytest.fixture
def steps():
    """Few rows whose classes alternate along one of two features."""
    X = np.random.default_rng(0).uniform(-2, 2, size=(300, 2)).astype(np.float32)
    return X, (np.floor(X[:, 0]) % 2).astype(int)


@pytest.fixture
def shown(capsys):
    """What was shown since the last call: bars, each a list of (title, percent, text)."""

    def shown():
        out, err = capsys.readouterr()
        assert out == ""
        lines = [re.split(r"[\r\n]+", bar.strip()) for bar in err.split("\n") if bar.strip()]
        pattern = r"(.*): +(\d+)%\|.*\| (?:\?|[\d:]+) left(?:, )?(.*)"
        found = [[re.fullmatch(pattern, line.rstrip()) for line in bar] for bar in lines]
        return [[(m[1], int(m[2]), m[3].strip()) for m in bar] for bar in found]

    return shown


def collector(classifier=None, **params):
    return DynamicsCollector(classifier, random_state=0, **params)


def titles(bar):
    return list(dict.fromkeys(title for title, *_ in bar))


# --- what is shown -------------------------------------------------------------------------------


def test_one_bar_goes_over_all_trainings_up_to_the_end(rows, quick_net, shown):
    collector(quick_net, held_out=True, partners=WOODS, verbose=1).fit(*rows)
    (bar,) = shown()
    assert titles(bar)[:2] == ["net, first half", "trial trees"]
    percents = [percent for _, percent, _ in bar]
    assert percents[0] == 0
    assert percents == sorted(percents)
    assert percents[-1] == 100


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize(
    ("classifier", "title", "last"),
    [
        (make_mlp_classifier(max_epochs=3), "net", "epoch 3/3"),
        (HistGradientBoostingClassifier(max_iter=4), "HistGradientBoostingClassifier", "stage 4/4"),
        (SGDClassifier(loss="log_loss"), "SGDClassifier", "stage 20/20"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_training_is_named_and_says_how_many_rows_agree(
    rows, shown, classifier, title, last, held_out
):
    fitted = collector(classifier, held_out=held_out, verbose=1).fit(*rows)
    (bar,) = shown()
    halves = [f"{title}, first half", f"{title}, second half"]
    assert titles(bar) == (halves if held_out else [title])
    text, agree = bar[-1][2].split(", ")
    assert text == last
    judged = fitted._logits.argmax(axis=1) == rows[1]
    assert agree.endswith("% agree")
    assert int(agree.split("%")[0]) == pytest.approx(100 * judged.mean(), abs=8 if held_out else 1)


def test_a_forest_shows_its_growth_and_what_it_makes_of_rows_out_of_bag(rows, shown):
    fitted = collector(RandomForestClassifier(40), held_out=True, verbose=1).fit(*rows)
    (bar,) = shown()
    assert titles(bar) == ["classifier"]
    texts = [text for *_, text in bar]
    assert "tree 2/40" in texts
    assert "tree 40/40" in texts
    agree = (fitted._logits.argmax(axis=1) == rows[1]).mean()
    assert texts[-1] == f"stage 20/20, {agree:.0%} agree"


@pytest.fixture
def dropped(monkeypatch):
    """Names of the parts that were dropped before the bar was closed."""
    names, drop = [], ProgressBar.drop

    def spied(self, *parts):
        names.extend(parts)
        drop(self, *parts)

    monkeypatch.setattr(ProgressBar, "drop", spied)
    monkeypatch.setattr(ProgressBar, "__exit__", lambda self, *error: self._bar.close())
    return names


@pytest.mark.parametrize("far_ahead", [True, False])
def test_forests_that_are_not_needed_are_dropped(rows, quick_net, dropped, monkeypatch, far_ahead):
    lead = Lead(1.0, 0.2 if far_ahead else 0.0, 0.01)
    monkeypatch.setattr(training_task, "lead_over_trees", lambda *_: lead)
    collector(quick_net, held_out=True, partners=WOODS, verbose=1).fit(*rows)
    assert dropped == (["extra_trees", "random_forest"] if far_ahead else ["random_forest"])


def test_a_net_that_adds_nothing_drops_its_second_half(steps, dropped):
    make_dynacor_pipeline(verbose=1, random_state=0).fit(*steps)
    assert dropped == ["second-half"]


def test_what_is_not_recorded_after_all_leaves_no_gap(steps, shown):
    fitted = make_dynacor_pipeline(verbose=1, random_state=0).fit(*steps)
    assert "classifier" not in fitted[1].weights_  # forests are heard alone
    (bar,) = shown()
    assert titles(bar) == ["net, first half", "trial trees", "extra_trees", "random_forest"]
    shares = {title: max(p for t, p, _ in bar if t == title) for title in titles(bar)}
    assert shares["extra_trees"] < 95
    assert bar[-1][1] == 100


def test_halves_in_processes_of_their_own_are_shown_when_they_are_done(rows, quick_net, shown):
    one = collector(quick_net, held_out=True, verbose=1, n_jobs=2).fit(*rows)
    (bar,) = shown()
    assert [(title, percent) for title, percent, _ in dict.fromkeys(bar)] == [
        ("net, first half", 0),
        ("net, first half", 50),
        ("net, second half", 100),
    ]
    other = collector(quick_net, held_out=True).fit(*rows)
    assert_array_equal(one.dynamics_, other.dynamics_)


def test_the_paper_s_recipe_shows_its_encoder_too(noisy_blobs, quick_net, shown):
    X, y, _ = noisy_blobs
    make_dynacor_pipeline(quick_net, recipe="paper", verbose=1, random_state=0).fit(X, y)
    net, encoder = shown()
    assert titles(net) == ["net"]
    assert titles(encoder) == ["encoder"]
    assert encoder[-1] == ("encoder", 100, "epoch 8/8")


def test_a_training_that_is_taken_up_begins_where_it_was(rows, tmp_path, shown):
    class Killed(BaseException):
        pass

    class KillAt(Callback):
        at = 2

        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) > self.at:
                raise Killed

    net = make_mlp_classifier(max_epochs=4, callbacks=[("kill", KillAt())])
    task = collector(net, checkpoint_dir=tmp_path)
    with pytest.raises(Killed):
        task.set_params(verbose=1).fit(*rows)
    assert shown()[0][-1][1] == 50  # the bar was closed where it stood
    KillAt.at = 9
    task.fit(*rows)
    (bar,) = shown()
    assert bar[0] == ("net", 50, "")
    assert [text.split(",")[0] for *_, text in bar if text][:2] == ["epoch 3/4", "epoch 4/4"]
    task.set_params(verbose=0).fit(*rows)  # of the same folder: it is the same training
    task.set_params(verbose=1).fit(*rows)
    assert titles(shown()[-1]) == ["net"]


# --- what is not --------------------------------------------------------------------------------


CLASSIFIERS = {
    "net": make_mlp_classifier(max_epochs=3),
    "staged": HistGradientBoostingClassifier(max_iter=4),
    "in parts": SGDClassifier(loss="log_loss"),
    "forest": RandomForestClassifier(30),
    "drawing forest": ExtraTreesClassifier(
        30, bootstrap=True, random_state=np.random.RandomState(0)
    ),
    "balanced forest": RandomForestClassifier(30, class_weight="balanced", warm_start=True),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_nobody_s_results_depend_on_who_looks(rows, kind, shown):
    fits = {}
    for verbose in (0, 1, True):
        model = collector(clone(CLASSIFIERS[kind]), held_out=True, verbose=verbose)
        fits[verbose] = model.fit_transform(*rows), model
        assert len(shown()) == bool(verbose)
    (T, model), (T_shown, model_shown) = fits[0], fits[1]
    assert_array_equal(T_shown, T)
    assert_array_equal(T_shown.corrupted.data, T.corrupted.data)
    assert_array_equal(T_shown.beliefs.logits, T.beliefs.logits)
    if kind.endswith("forest"):
        assert model_shown.classifier_.warm_start == model.classifier_.warm_start


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_nothing_is_shown_unless_asked_for(noisy_blobs, quick_net, recipe, capsys):
    X, y, _ = noisy_blobs
    make_dynacor_pipeline(quick_net, recipe=recipe).fit(X, y)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "recipe",
    ["transition", "paper"],
)
def test_without_tqdm_no_training_begins(noisy_blobs, monkeypatch, recipe):
    X, y, _ = noisy_blobs
    monkeypatch.setitem(sys.modules, "tqdm", None)
    net = make_mlp_classifier(max_epochs=2, optimizer=NeverMade)
    with pytest.raises(ImportError, match=r"verbose=1 needs .* tqdm, .*skdynacor\[progress\]"):
        make_dynacor_pipeline(net, recipe=recipe, verbose=1).fit(X, y)


class NeverMade(SGD):
    def __init__(self, *args, **kwargs):
        raise AssertionError("a training began")


def test_a_training_that_fails_closes_its_bar(rows, shown, monkeypatch):
    closed = []
    close = ProgressBar.__exit__
    monkeypatch.setattr(
        ProgressBar, "__exit__", lambda self, *error: (close(self, *error), closed.append(self))[0]
    )
    with pytest.raises(ValueError, match="diverged in epoch"):
        collector(make_mlp_classifier(max_epochs=3, lr=1e30), verbose=1).fit(*rows)
    assert [bar._bar.disable for bar in closed] == [True]
    assert shown()[0][-1][1] < 100


@pytest.mark.parametrize("main", [True, False])
def test_of_several_processes_that_train_a_net_one_shows_a_bar(main):
    class Net(AccelerateMixin):
        accelerator = SimpleNamespace(is_main_process=main)

    assert speaks_for_all(Net.__new__(Net)) == main


# --- the bar ------------------------------------------------------------------------------------


def test_parts_count_by_their_work(shown):
    with ProgressBar({"one": Part("One", 3.0), "other": Part("Other", 1.0)}) as progress:
        progress.of("one").begin()
        progress.of("one").reach(1 / 3, "step 1/3")
        progress.of("one").reach(1.0, "step 3/3", lambda: 0.5)
        progress.of("other").reach(0.5)
    (bar,) = shown()
    assert bar[:4] == [
        ("One", 0, ""),
        ("One", 25, "step 1/3"),
        ("One", 75, "step 3/3, 50% agree"),
        ("Other", 88, ""),
    ]
    assert bar[-1][1] == 100


def test_what_was_found_done_says_nothing_of_the_time_left():
    with ProgressBar({"one": Part("One", 4.0)}) as progress:
        progress.of("one").begin(0.75)
        bar = progress._bar
        assert (bar.n, bar.initial) == (3e6, 3e6)
        progress.of("one").begin(0.75)
        progress.of("one").end()
        assert (bar.n, bar.initial) == (4e6, 3e6)


def test_dropped_parts_shrink_the_total():
    parts = {"one": Part("One", 1.0), "two": Part("Two", 8.0), "three": Part("Three", 4.0)}
    with ProgressBar(parts) as progress:
        progress.of("three").reach(0.25)
        progress.drop("two", "three")
        assert progress._bar.total == 2e6
        assert progress._bar.n == 1e6
    assert progress._bar.n == progress._bar.total


def test_other_processes_get_silence():
    with ProgressBar({"one": Part("One", 1.0)}) as progress:
        copies = pickle.loads(pickle.dumps([progress, progress.of("one")]))
    assert [type(copy) for copy in copies] == [Silence, Silence]


def test_silence_asks_for_nothing():
    def asked():
        raise AssertionError("nobody looks")

    with open_progress(0, asked) as progress:
        part = progress.of("any")
        part.begin()
        part.reach(0.5, "half", asked)
        part.end()
        progress.drop("any", "other")
    assert progress is progress_bar.SILENCE


def test_no_thread_outlives_the_bar(monkeypatch):
    monkeypatch.setattr(tqdm.tqdm, "monitor", None)  # that of somebody else's bar
    assert ProgressBar({"one": Part("One", 1.0)})._bar.monitor is None


# --- what it is made of -------------------------------------------------------------------------


def test_rows_agree_where_their_label_has_the_largest_logit():
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0], [5.0, 4.0]])
    assert share_that_agree(logits, np.array([0, 0, 1, 0])) == 0.5


def test_work_grows_with_rows_trees_and_epochs():
    X = np.zeros((4000, 16), dtype=np.float32)
    drawn, searched = ExtraTreesClassifier(100), RandomForestClassifier(100)
    assert work_of_forest(drawn, X) < work_of_forest(searched, X)
    assert_allclose(
        2 * work_of_forest(drawn, X), work_of_forest(drawn.set_params(n_estimators=200), X)
    )
    assert work_of_forest(searched.set_params(max_samples=0.1), X) < work_of_forest(drawn, X) / 2
    assert work_of_half(None, 20, X) == 2 * work_of_half(make_mlp_classifier(max_epochs=10), 7, X)
    many = np.broadcast_to(np.float32(0), (1_000_000, 16))
    assert work_of_forest(RandomForestClassifier(100), many) < 500 * work_of_forest(searched, X)
