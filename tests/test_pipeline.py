"""Both methods in pipelines and searches of scikit-learn."""

import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, load_wine, make_blobs
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import (
    DynaCorDetector,
    DynamicsCollector,
    LabelCorruptor,
    LabelErrorDetector,
    make_dynacor_pipeline,
    report,
)
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.displays import LabelMatrixDisplay, NoiseProbabilityDisplay, TransitionDisplay
from skdynacor.dynacor.recording import dynamics_collector
from skdynacor.inspection import label_issues, noise_summary
from skdynacor.model_selection import InSample

# --- LabelErrorDetector ------------------------------------------------------------------------


@pytest.fixture
def detector(quick_net):
    return LabelErrorDetector(quick_net, random_state=0)


@pytest.fixture(scope="module")
def fitted(noisy_blobs):
    """The default detector, fitted to two rows in three."""
    X, y, _ = noisy_blobs
    return LabelErrorDetector(random_state=0).fit(X[:200], y[:200])


def test_the_default_finds_wrong_labels(noisy_blobs):
    X, y, wrong = noisy_blobs
    flags = LabelErrorDetector(random_state=0).fit_predict(X, y)
    assert flags.dtype == bool
    assert f1_score(wrong, flags) > 0.9


@pytest.fixture(scope="module")
def table(noisy_blobs):
    """A data frame of numbers and text, with missing values and row names, and text labels."""
    X, y, wrong = noisy_blobs
    frame = pd.DataFrame(X.copy(), columns=list("abcd"), index=[f"row {i}" for i in range(300)])
    frame["size"] = np.where(X[:, 0] > 4, "big", "small")
    frame.loc[frame.index[::7], "d"] = np.nan
    labels = pd.Series(np.array(["ant", "bee", "wasp"])[y], index=frame.index)
    return frame, labels, wrong


def test_a_table_goes_through_skrub_to_inspection_report_displays_and_cleaning(table, tmp_path):
    skrub = pytest.importorskip("skrub")
    plt = pytest.importorskip("matplotlib.pyplot")
    X, y, wrong = table
    boosting = HistGradientBoostingClassifier(max_iter=20)
    pipe = make_pipeline(skrub.TableVectorizer(), LabelErrorDetector(boosting, random_state=0))
    flags = pipe.fit_predict(X, y)
    assert f1_score(wrong, flags) > 0.8
    issues = label_issues(pipe, X, y, only_flagged=True)
    assert_array_equal(issues["index"], X.index[issues.position])
    assert set(issues.position) == set(np.flatnonzero(flags))
    assert noise_summary(pipe, X, y).n_flagged.sum() == flags.sum()
    report(pipe, X, y, tmp_path / "report.html")
    assert "wasp" in (tmp_path / "report.html").read_text(encoding="utf-8")
    for display in (LabelMatrixDisplay, NoiseProbabilityDisplay, TransitionDisplay):
        display.from_estimator(pipe, X, y)
        plt.close("all")
    cleaning = LabelCleaningClassifier(make_pipeline(skrub.TableVectorizer(), boosting), pipe)
    assert_array_equal(cleaning.fit(X, y).flags_, flags)
    assert set(cleaning.predict(X)) == {"ant", "bee", "wasp"}


def test_the_default_takes_a_table_of_skrub(table):
    skrub = pytest.importorskip("skrub")
    X, y, wrong = table
    pipe = make_pipeline(skrub.TableVectorizer(), LabelErrorDetector(random_state=0))
    assert f1_score(wrong, pipe.fit_predict(X, y)) > 0.9


def test_new_labelled_rows_are_scored_by_their_own_labels(fitted, noisy_blobs):
    X, y, wrong = noisy_blobs
    X_new, y_new, wrong_new = X[200:], y[200:], wrong[200:]
    probability = fitted.noise_probability(X_new, y_new)
    assert roc_auc_score(wrong_new, probability) > 0.95
    right = probability[~wrong_new]
    relabelled = fitted.noise_probability(X_new[~wrong_new], (y_new[~wrong_new] + 1) % 3)
    assert np.mean(right < 0.5) > 0.95
    assert np.mean(relabelled > np.quantile(right, 0.95)) > 0.95


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_clean_tables_are_left_alone(load):
    X, y = load(return_X_y=True)
    assert LabelErrorDetector(random_state=0).fit_predict(X, y).mean() <= 0.02


@pytest.mark.parametrize("sizes", [[20, 20, 20], [5] * 12, [40, 13, 5, 1, 1]], ids=str)
def test_sixty_rows_and_classes_of_a_few_rows_work(sizes):
    X, y = make_blobs(sizes, n_features=8, shuffle=False, random_state=0)
    y[[3, 45]] = y[[45, 3]]
    detector = LabelErrorDetector(random_state=2)
    flags = detector.fit_predict(X, y)
    assert np.isfinite(detector.noise_probability_).all()
    assert flags[[3, 45]].all()
    assert flags.sum() <= 6


# --- the paper's method ------------------------------------------------------------------------


@pytest.fixture
def paper(quick_net):
    return make_dynacor_pipeline(quick_net, random_state=0)


@pytest.fixture
def trainings(monkeypatch):
    """A list that grows by one with every training."""
    calls, record = [], dynamics_collector.record_net

    def counted(*args, **kwargs):
        calls.append(args)
        return record(*args, **kwargs)

    monkeypatch.setattr(dynamics_collector, "record_net", counted)
    return calls


def test_the_pipeline_is_always_the_paper_s(quick_net):
    pipe = make_dynacor_pipeline(
        quick_net, gamma=0.3, alpha=0.7, signal="confidence", device="cpu", random_state=4
    )
    assert isinstance(pipe, Pipeline)
    kinds = [LabelCorruptor, DynamicsCollector, DynaCorDetector]
    assert [type(step) for _, step in pipe.steps] == kinds
    params = pipe.get_params()
    assert params["labelcorruptor__gamma"] == 0.3
    assert params["dynamicscollector__signal"] == "confidence"
    assert params["dynamicscollector__estimator"] is quick_net
    assert params["dynacordetector__alpha"] == 0.7
    assert {params[f"{name}__random_state"] for name, _ in pipe.steps} == {4}
    assert {value for name, value in params.items() if name.endswith("r__device")} == {"cpu"}
    with pytest.raises(TypeError, match="recipe"):
        make_dynacor_pipeline(recipe="paper")


def test_the_pipeline_says_what_predict_and_score_measure():
    text = re.sub(r"\s+", " ", make_dynacor_pipeline.__doc__)
    assert "predicts for the given label of a row that was not in ``fit``, whatever" in text
    assert "``pipeline[1].transform(X_new, y_new)``" in text


def test_the_paper_finds_wrong_labels(noisy_blobs):
    X, y, wrong = noisy_blobs
    assert f1_score(wrong, make_dynacor_pipeline(random_state=0).fit_predict(X, y)) > 0.85


def test_new_rows_are_scored_as_the_docstring_says(noisy_blobs):
    X, y, wrong = noisy_blobs
    paper = make_dynacor_pipeline(random_state=0).fit(X[:200], y[:200])
    X_new, y_new = X[200:], y[200:]
    assert_array_equal(paper.score(X_new, y_new), paper.score(X_new, (y_new + 1) % 3))
    by_labels = paper[2].predict_proba(paper[1].transform(X_new, y_new))[:, 1]
    assert roc_auc_score(wrong[200:], by_labels) > 0.9


def test_predict_after_fit_equals_fit_predict(noisy_blobs, paper):
    X, y, _ = noisy_blobs
    flags = paper.fit_predict(X, y)
    assert_array_equal(paper.predict(X), flags)
    assert_array_equal(clone(paper).fit(X, y).predict(X), flags)
    assert_array_equal(paper.predict_proba(X)[:, 1], paper[-1].noise_probability_)
    assert_array_equal(paper.predict(X[17:60]), flags[17:60])


def test_flags_are_those_of_the_steps_by_hand(noisy_blobs, paper, quick_net):
    X, y, _ = noisy_blobs
    Xc = LabelCorruptor(random_state=0).fit_transform(X, y)
    T = DynamicsCollector(quick_net, random_state=0).fit_transform(Xc, y)
    flags = DynaCorDetector(random_state=0).fit_predict(T)
    assert_array_equal(paper.fit_predict(X, y), flags)


@pytest.mark.parametrize("signal", ["logit_difference", "confidence", "cross_entropy"])
def test_real_signals_find_wrong_labels_too(noisy_blobs, signal):
    X, y, wrong = noisy_blobs
    pipe = make_dynacor_pipeline(signal=signal, random_state=2)
    assert f1_score(wrong, pipe.fit_predict(X, y)) > 0.7  # flagging every row gives 0.46


def test_scalers_belong_before_the_corruptor(noisy_blobs, paper):
    X, y, _ = noisy_blobs
    corruptor, collector, detector = (step for _, step in paper.steps)
    before = make_pipeline(StandardScaler(), PCA(3), corruptor, collector, detector)
    assert before.fit_predict(X, y).shape == (300,)
    between = make_pipeline(corruptor, StandardScaler(), collector, detector)
    with pytest.warns(UserWarning, match=r"scalers, PCA\) before the\s+LabelCorruptor"):
        between.fit(X, y)


# --- both --------------------------------------------------------------------------------------


@pytest.fixture(params=["detector", "paper"])
def either(request):
    return request.getfixturevalue(request.param)


def test_frames_and_lists(noisy_blobs, either):
    X, y, _ = noisy_blobs
    names = np.array(["ant", "bee", "cow"])[y]
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(300) * 7)
    labels = pd.Series(names, index=frame.index, dtype="category")
    flags = clone(either).fit_predict(X, names)
    assert_array_equal(clone(either).fit_predict(X.tolist(), names.tolist()), flags)
    assert_array_equal(either.fit_predict(frame, labels), flags)
    assert list(either.feature_names_in_) == list("abcd")


def test_clone_pickle_and_processes_keep_results(noisy_blobs, either):
    X, y, _ = noisy_blobs

    def probability(fitted):
        last = fitted[-1] if isinstance(fitted, Pipeline) else fitted
        return last.noise_probability_

    expected = probability(either.fit(X, y))
    assert_array_equal(probability(pickle.loads(pickle.dumps(either))), expected)
    fit = joblib.delayed(lambda estimator: estimator.fit(X, y))
    for other in joblib.Parallel(n_jobs=2)(fit(clone(either)) for _ in range(2)):
        assert_array_equal(probability(other), expected)


# --- searches ----------------------------------------------------------------------------------

GRID = {"dynacordetector__alpha": [0.05, 0.5], "labelcorruptor__gamma": [0.1, 0.3]}


@pytest.mark.parametrize("cv", [InSample(), 2])
def test_grid_search(noisy_blobs, paper, cv):
    X, y, _ = noisy_blobs
    search = GridSearchCV(paper, GRID, cv=cv, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores.shape == (4,)
    assert len(set(scores.round(12))) > 2
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
    one, two = (GridSearchCV(paper, GRID, cv=2, n_jobs=n, refit=False).fit(X, y) for n in (1, 2))
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


def test_memory_trains_once_per_gamma(noisy_blobs, paper, trainings, tmp_path):
    X, y, _ = noisy_blobs
    plain = GridSearchCV(paper, GRID, cv=InSample(), refit=False).fit(X, y)
    assert len(trainings) == 4
    trainings.clear()
    paper.set_params(memory=str(tmp_path))
    cached = GridSearchCV(paper, GRID, cv=InSample(), refit=False).fit(X, y)
    assert len(trainings) == 2
    assert_array_equal(cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])


def test_memory_n_jobs_and_verbose_change_nothing(noisy_blobs, detector, tmp_path, capsys):
    X, y, _ = noisy_blobs
    expected = detector.fit(X, y).noise_probability_
    others = {"memory": str(tmp_path)}, {"memory": str(tmp_path)}, {"n_jobs": 2}, {"verbose": 1}
    for params in others:
        other = clone(detector).set_params(**params).fit(X, y)
        assert_array_equal(other.noise_probability_, expected)
        assert_allclose(other.noise_probability(X, y), expected)
    assert "100%" in capsys.readouterr().err
