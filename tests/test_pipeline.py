"""The three steps in scikit-learn's own machinery."""

import pickle

import joblib
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, load_wine, make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    TransitionDetector,
    make_dynacor_pipeline,
)
from skdynacor.model_selection import InSample
from skdynacor.pipeline import make_forests
from skdynacor.recording.training_task import TrainingTask


@pytest.fixture
def paper(quick_net):
    return make_dynacor_pipeline(quick_net, recipe="paper", random_state=0)


@pytest.fixture(params=["transition", "paper"])
def pipe(request, quick_net):
    return make_dynacor_pipeline(quick_net, recipe=request.param, random_state=0)


@pytest.fixture
def trainings(monkeypatch):
    """A list that grows by one with every training."""
    calls = []
    record = TrainingTask.record

    def counted(self, *args, **kwargs):
        calls.append(self)
        return record(self, *args, **kwargs)

    monkeypatch.setattr(TrainingTask, "record", counted)
    return calls


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_it_finds_wrong_labels(noisy_blobs, recipe):
    X, y, wrong = noisy_blobs
    flags = make_dynacor_pipeline(recipe=recipe, random_state=0).fit_predict(X, y)
    assert flags.dtype == bool
    assert f1_score(wrong, flags) > 0.9


def test_predict_after_fit_equals_fit_predict(noisy_blobs, pipe):
    X, y, _ = noisy_blobs
    flags = pipe.fit_predict(X, y)
    probability = pipe[-1].noise_probability_
    assert_array_equal(pipe.predict(X), flags)
    assert_array_equal(clone(pipe).fit(X, y).predict(X), flags)
    assert_array_equal(pipe.predict_proba(X)[:, 1], probability)
    assert_array_equal(pipe.predict(X[17:60]), flags[17:60])


def test_the_score_of_the_paper_is_the_best_of_its_epochs(noisy_blobs, paper):
    X, y, _ = noisy_blobs
    score = paper.fit(X, y).score(X, y)
    assert score == pytest.approx(paper[-1].validation_scores_.max(), rel=1e-4)


@pytest.mark.parametrize("kind", [np.asarray, list, "frame"])
def test_frames_and_lists(noisy_blobs, pipe, kind):
    pd = pytest.importorskip("pandas")
    X, y, _ = noisy_blobs
    names = np.array(["ant", "bee", "cow"])[y]
    flags = pipe.fit_predict(X, y)
    if kind == "frame":
        frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(300) * 7)
        labels = pd.Series(names, index=frame.index, dtype="category")
        assert_array_equal(clone(pipe).fit_predict(frame, labels), flags)
        fitted = clone(pipe).fit(frame, labels)
        assert_array_equal(fitted.predict(frame), flags)
        assert list(fitted[:-1].get_feature_names_out()) == [
            f"dynamicscollector{k}" for k in range(3)
        ]
    else:
        assert_array_equal(clone(pipe).fit_predict(kind(X), kind(names)), flags)


def test_clone_pickle_and_joblib_keep_results(noisy_blobs, pipe, tmp_path):
    X, y, _ = noisy_blobs
    probability = pipe.fit(X, y).predict_proba(X)
    joblib.dump(pipe, tmp_path / "pipe.joblib")
    unseen = pipe.predict_proba(X + 1)
    for twin in (pickle.loads(pickle.dumps(pipe)), joblib.load(tmp_path / "pipe.joblib")):
        assert_array_equal(twin.predict_proba(X), probability)
        assert_array_equal(twin.predict_proba(X + 1), unseen)
    assert_array_equal(clone(pipe).fit(X, y).predict_proba(X), probability)


def test_two_processes_keep_results(noisy_blobs, pipe):
    X, y, _ = noisy_blobs
    probability = pipe.fit(X, y).predict_proba(X)
    fit = joblib.delayed(lambda p: p.fit(X, y).predict_proba(X))
    for other in joblib.Parallel(n_jobs=2)(fit(clone(pipe)) for _ in range(2)):
        assert_array_equal(other, probability)


def test_scalers_belong_before_the_corruptor(noisy_blobs, quick_net):
    X, y, _ = noisy_blobs
    steps = [LabelCorruptor(), DynamicsCollector(quick_net), DynaCorDetector()]
    before = make_pipeline(StandardScaler(), PCA(3), *steps)
    assert before.fit_predict(X, y).shape == (300,)
    between = make_pipeline(steps[0], StandardScaler(), *steps[1:])
    with pytest.warns(UserWarning, match=r"scalers, PCA\) before the\s+LabelCorruptor"):
        between.fit(X, y)


def test_global_pandas_output_does_not_drop_the_copies(noisy_blobs, pipe):
    X, y, _ = noisy_blobs
    flags = pipe.fit_predict(X, y)
    with sklearn.config_context(transform_output="pandas"):
        assert_array_equal(clone(pipe).fit_predict(X, y), flags)


# --- searches ----------------------------------------------------------------------------------

GRID = {"dynacordetector__alpha": [0.05, 0.5], "labelcorruptor__gamma": [0.1, 0.3]}


@pytest.mark.parametrize("cv", [None, InSample(), 2])
def test_grid_search(noisy_blobs, paper, cv):
    X, y, _ = noisy_blobs
    grid = {**GRID, "dynamicscollector__classifier__lr": [0.01, 0.03]}
    search = GridSearchCV(paper, grid, cv=cv, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores.shape == (8,)
    assert len(set(scores.round(12))) > 4
    assert np.all((scores >= 0) & (scores <= 1))
    assert_array_equal(search.predict(X), search.best_estimator_.predict(X))


def test_in_sample_search_chooses_the_best_score_of_the_paper(noisy_blobs, paper):
    X, y, _ = noisy_blobs
    search = GridSearchCV(paper, GRID, cv=InSample()).fit(X, y)
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        fitted = clone(paper).set_params(**params).fit(X, y)
        assert score == pytest.approx(fitted[-1].validation_scores_.max(), rel=1e-4)
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


def test_two_jobs_give_the_same_search(noisy_blobs, paper):
    X, y, _ = noisy_blobs
    one, two = (GridSearchCV(paper, GRID, cv=2, n_jobs=n).fit(X, y) for n in (1, 2))
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_memory_trains_once_per_gamma(noisy_blobs, paper, trainings, tmp_path):
    X, y, _ = noisy_blobs
    plain = GridSearchCV(paper, GRID, cv=InSample(), refit=False).fit(X, y)
    assert len(trainings) == 4
    trainings.clear()
    paper.set_params(memory=str(tmp_path))
    cached = GridSearchCV(paper, GRID, cv=InSample(), refit=False).fit(X, y)
    assert len(trainings) == 2
    assert_array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])


def test_memory_keeps_apart_what_differs_in_its_copies_alone(
    noisy_blobs, paper, trainings, tmp_path
):
    X, y, _ = noisy_blobs
    paper.set_params(memory=str(tmp_path), labelcorruptor__jitter=0.1)
    paper.fit(X, y)
    paper.set_params(labelcorruptor__jitter=0.4).fit(X, y)
    assert len(trainings) == 2
    cached = paper.fit(X, y).predict_proba(X)
    assert len(trainings) == 2
    assert_array_equal(clone(paper).set_params(memory=None).fit(X, y).predict_proba(X), cached)


def test_memory_keeps_all_that_goes_along(noisy_blobs, pipe, trainings, tmp_path):
    X, y, _ = noisy_blobs
    probability = clone(pipe).fit(X, y).predict_proba(X)
    pipe.set_params(memory=str(tmp_path))
    for _ in range(2):
        assert_array_equal(pipe.fit(X, y).predict_proba(X), probability)
    assert len(trainings) in (2, 4)  # one or, in halves, two; made once by each pipeline


# --- metadata routing --------------------------------------------------------------------------


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_labels_reach_the_collector(noisy_blobs, pipe):
    X, y, _ = noisy_blobs
    pipe.fit(X[:200], y[:200])
    held_out, labels = X[200:], y[200:]
    T = pipe[1].transform(held_out, labels=labels)
    assert not np.array_equal(T, pipe[1].transform(held_out))
    assert_array_equal(pipe.predict(held_out, labels=labels), pipe[-1].predict(T))
    assert_array_equal(pipe.predict_proba(held_out, labels=labels), pipe[-1].predict_proba(T))
    assert pipe.score(held_out, labels=labels) == pipe[-1].score(T)


def judged_as_given(estimator, X, y):
    return estimator.score(X, labels=y)


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "scoring",
    [
        judged_as_given,
        pytest.param(
            None,
            marks=pytest.mark.skipif(
                parse_version(sklearn.__version__) < parse_version("1.8"),
                reason="the default scorer of a search routes nothing into a Pipeline",
            ),
        ),
    ],
)
def test_held_out_rows_of_a_search_are_judged_for_their_labels(noisy_blobs, pipe, scoring):
    X, y, _ = noisy_blobs
    grid, folds = {"labelcorruptor__gamma": [0.1]}, [(np.arange(200), np.arange(200, 300))]
    search = GridSearchCV(pipe, grid, cv=folds, scoring=scoring, error_score="raise")
    search.fit(X, y, **({} if scoring else {"labels": y}))
    by_hand = clone(pipe).fit(X[:200], y[:200])
    expected = by_hand.score(X[200:], labels=y[200:])
    assert search.cv_results_["mean_test_score"][0] == expected
    assert expected != by_hand.score(X[200:])
    assert_array_equal(search.predict(X), clone(pipe).fit(X, y).predict(X))


@pytest.mark.usefixtures("routing")
def test_fit_predict_with_labels(noisy_blobs, pipe):
    X, y, _ = noisy_blobs
    assert_array_equal(pipe.fit_predict(X, y, labels=y), clone(pipe).fit_predict(X, y))


# --- the helper --------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_the_helper_passes_its_parameters_on(quick_net, recipe):
    pipe = make_dynacor_pipeline(
        quick_net, recipe=recipe, gamma=0.3, signal="confidence", device="cpu", random_state=4
    )
    assert isinstance(pipe, Pipeline)
    params = pipe.get_params()
    assert params["labelcorruptor__gamma"] == 0.3
    assert params["dynamicscollector__signal"] == "confidence"
    assert params["dynamicscollector__classifier"] is quick_net
    assert params["dynamicscollector__held_out"] is (recipe == "transition")
    assert {params[f"{name}__random_state"] for name, _ in pipe.steps} == {4}
    assert {value for name, value in params.items() if name.endswith("r__device")} == {"cpu"}


def test_alpha_is_the_paper_s(quick_net):
    params = make_dynacor_pipeline(quick_net, recipe="paper", alpha=0.7).get_params()
    assert params["dynacordetector__alpha"] == 0.7
    assert params["dynamicscollector__signal"] == "quantized_logit_difference"
    with pytest.raises(ValueError, match=r"alpha=0\.7 is a weight of DynaCorDetector"):
        make_dynacor_pipeline(quick_net, alpha=0.7)


def test_a_recipe_is_a_name():
    with pytest.raises(ValueError, match="'recipe' parameter"):
        make_dynacor_pipeline(recipe=np.zeros(2))


def test_an_unknown_recipe_names_the_known():
    with pytest.raises(ValueError, match=r"'recipe' .* among .*'paper'.* Got 'dynacor'"):
        make_dynacor_pipeline(recipe="dynacor")


def test_the_default_net_and_its_partners_can_be_searched():
    pipe = make_dynacor_pipeline()
    pipe.set_params(
        dynamicscollector__classifier__lr=0.5,
        dynamicscollector__extra_trees__min_samples_leaf=9,
        dynamicscollector__random_forest__n_estimators=30,
    )
    assert pipe.get_params()["dynamicscollector__classifier__module"].__name__ == "MLP"
    assert pipe.get_params()["dynamicscollector__extra_trees__min_samples_leaf"] == 9
    assert dict(make_forests())["extra_trees"].min_samples_leaf == 5


def test_partners_belong_to_the_default_alone(quick_net):
    assert [name for name, _ in make_dynacor_pipeline()[1].partners] == [
        "extra_trees",
        "random_forest",
    ]
    assert make_dynacor_pipeline(recipe="paper")[1].partners == []
    assert make_dynacor_pipeline(quick_net)[1].partners == []


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_clean_tables_are_left_alone(load):
    X, y = load(return_X_y=True)
    for seed in range(2):
        flags = make_dynacor_pipeline(random_state=seed).fit_predict(X, y)
        assert flags.mean() <= 0.01


@pytest.mark.parametrize("recipe", ["transition", "paper"])
@pytest.mark.parametrize("sizes", [[20, 20, 20], [5] * 12, [40, 13, 5, 1, 1]], ids=str)
def test_sixty_rows_and_classes_of_a_few_rows_work(sizes, recipe):
    X, y = make_blobs(sizes, n_features=8, shuffle=False, random_state=0)
    y[[3, 45]] = y[[45, 3]]
    pipe = make_dynacor_pipeline(recipe=recipe, random_state=2)
    flags = pipe.fit_predict(X, y)
    assert flags.shape == (60,)
    assert np.isfinite(pipe[-1].noise_probability_).all()
    assert_array_equal(pipe.predict(X), flags)
    if recipe == "transition":
        assert flags[[3, 45]].all()
        assert flags.sum() <= 6


@pytest.mark.parametrize("signal", ["logit_difference", "confidence", "cross_entropy"])
def test_real_signals_find_wrong_labels_too(noisy_blobs, signal):
    X, y, wrong = noisy_blobs
    pipe = make_dynacor_pipeline(recipe="paper", signal=signal, random_state=2)
    assert f1_score(wrong, pipe.fit_predict(X, y)) > 0.7  # flagging every row gives 0.46


def test_features_of_any_scale_train_well(noisy_blobs):
    X, y, wrong = noisy_blobs
    flags = make_dynacor_pipeline(random_state=0).fit_predict(X, y)
    huge = X.astype(float) * [1e-6, 1e6, 1.0, 1e3] + [0, 1e6, -5, 1e4]
    other = make_dynacor_pipeline(random_state=0).fit_predict(huge, y)
    assert f1_score(wrong, other) > 0.9
    assert np.mean(flags == other) > 0.95


def test_flags_are_those_of_the_steps_by_hand(noisy_blobs, pipe, quick_net):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(random_state=0).fit_transform(X, y)
    if isinstance(pipe[-1], DynaCorDetector):
        collector, detector = DynamicsCollector(quick_net), DynaCorDetector()
    else:
        collector = DynamicsCollector(quick_net, signal="logit_difference", held_out=True)
        detector = TransitionDetector()
    T = collector.set_params(random_state=0).fit_transform(Xc, y)
    detector.set_params(random_state=0).fit(T)
    pipe.fit(X, y)
    assert_array_equal(pipe[-1].flags_, detector.flags_)
    assert_allclose(pipe[-1].noise_probability_, detector.noise_probability_)
