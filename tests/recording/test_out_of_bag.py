"""Bootstrapped forests: each row is judged by the trees that were not told its label."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.metrics import f1_score

from skdynacor import DynamicsCollector, LabelCorruptor, make_dynacor_pipeline
from skdynacor.recording import out_of_bag
from skdynacor.recording.out_of_bag import is_bagged, record_out_of_bag
from skdynacor.recording.signals import confidence

FORESTS = {
    "random forest": RandomForestClassifier(40, random_state=0),
    "random forest of some rows": RandomForestClassifier(60, max_samples=0.3, random_state=0),
    "extra trees": ExtraTreesClassifier(40, bootstrap=True, random_state=0),
    "extra trees of some rows": ExtraTreesClassifier(
        40, bootstrap=True, max_samples=50, min_samples_leaf=3, random_state=0
    ),
}
FOREST = FORESTS["random forest"]
every_forest = pytest.mark.parametrize("forest", FORESTS.values(), ids=FORESTS)
both_ways = pytest.mark.parametrize("held_out", [False, True])


@pytest.fixture(params=[2, 3], ids="{} classes".format)
def rows(request, noisy_blobs):
    X, y, _ = noisy_blobs
    X, y = X[y < request.param], y[y < request.param]
    return LabelCorruptor(0.2, jitter=0, random_state=0).fit_transform(X, y), y


def collect(forest=FOREST, **params):
    settings = {"signal": "logit_difference", "n_stages": 4, "random_state": 0, **params}
    return DynamicsCollector(forest, **settings)


def left_out(forest, n_told):
    """Which trees were not told of which rows, (n_trees, n_told)."""
    return np.array([~np.isin(np.arange(n_told), told) for told in forest.estimators_samples_])


def shares(forest, X, masks):
    """Votes of trees, with one more spread over all classes, as shares, (n_rows, n_classes)."""
    votes = np.array([tree.predict_proba(X) for tree in forest.estimators_])
    sums = np.einsum("tnc,tn->nc", votes[: len(masks)], masks)
    return (sums + 1 / sums.shape[1]) / (masks.sum(axis=0)[:, None] + 1)


def margins(shares, labels):
    given = np.arange(shares.shape[1]) == labels[:, None]
    return np.log(shares[given]) - np.log(np.where(given, 0, shares).max(axis=1))


def test_forests_are_bagged_if_their_trees_leave_rows_out():
    assert is_bagged(RandomForestClassifier())
    assert is_bagged(ExtraTreesClassifier(bootstrap=True))
    assert not is_bagged(ExtraTreesClassifier())
    assert not is_bagged(RandomForestClassifier(bootstrap=False))
    assert not is_bagged(None)


@every_forest
@both_ways
def test_beliefs_are_the_out_of_bag_votes_of_scikit_learn(rows, forest, held_out):
    X, y = np.array(rows[0]), rows[1]
    collector = collect(forest, held_out=held_out)
    T = collector.fit_transform(X, y)
    twin = clone(forest).set_params(oob_score=True).fit(X, y)
    n_trees = left_out(collector.classifier_, len(y)).sum(axis=0)[:, None]
    n_classes = len(twin.classes_)
    expected = (twin.oob_decision_function_ * n_trees + 1 / n_classes) / (n_trees + 1)
    assert_allclose(softmax(T.beliefs.logits, axis=1), expected, atol=1e-6)


@every_forest
def test_stages_are_those_of_the_forests_growth(rows, forest):
    X, y = np.array(rows[0]), rows[1]
    collector = collect(forest)
    T = collector.fit_transform(X, y)
    masks = left_out(collector.classifier_, len(y))
    n_trees = len(masks)
    ends = [n_trees // 4, n_trees // 2, 3 * n_trees // 4, n_trees]
    expected = [margins(shares(collector.classifier_, X, masks[:end]), y) for end in ends]
    assert_allclose(T, np.column_stack(expected), rtol=1e-4, atol=1e-5)
    assert_allclose(T[:, -1], margins(softmax(T.beliefs.logits, axis=1), y), rtol=1e-4, atol=1e-5)


def test_a_row_that_no_tree_left_out_yet_looks_like_nothing(rows):
    X, y = rows
    forest = RandomForestClassifier(2, random_state=0)
    T = collect(forest, n_stages=2).fit_transform(X, y)
    assert T.shape == (len(y), 2)
    n_trees = left_out(clone(forest).fit(*pooled(X, y)), len(y) + len(X.corrupted.labels))
    known = n_trees.sum(axis=0)[: len(y)]
    assert set(known) == {0, 1, 2}
    assert_array_equal(np.ptp(T.beliefs.logits[known == 0], axis=1), 0)
    assert_array_equal(T[known == 0], 0)


def pooled(X, y):
    return np.concatenate([X, X.corrupted.data]), np.concatenate([y, X.corrupted.labels])


def test_copies_are_judged_by_the_trees_that_left_out_their_source(rows):
    X, y = rows
    collector = collect(held_out=True)
    T = collector.fit_transform(X, y)
    sources, copies = X.corrupted.sources, T.corrupted
    assert_array_equal(copies.beliefs.logits, T.beliefs.logits[sources])  # they are not jittered
    assert_array_equal(copies.beliefs.labels, X.corrupted.labels)
    jittered = LabelCorruptor(0.2, jitter=0.5, random_state=0).fit_transform(np.array(X), y)
    copies = collector.fit_transform(jittered, y).corrupted
    masks = left_out(collector.classifier_, len(y))[:, jittered.corrupted.sources]
    expected = shares(collector.classifier_, jittered.corrupted.data, masks)
    assert_allclose(softmax(copies.beliefs.logits, axis=1), expected, atol=1e-6)


def test_if_not_held_out_copies_are_trained_on(rows):
    X, y = rows
    collector = collect()
    T = collector.fit_transform(X, y)
    everything, labels = pooled(X, y)
    twin = clone(FOREST).fit(everything, labels)
    assert_array_equal(collector.classifier_.predict_proba(X), twin.predict_proba(X))
    expected = shares(twin, everything, left_out(twin, len(labels)))
    logits = np.concatenate([T.beliefs.logits, T.corrupted.beliefs.logits])
    assert_allclose(softmax(logits, axis=1), expected, atol=1e-6)


@both_ways
@pytest.mark.parametrize("n_jobs", [2, -1])
def test_more_jobs_give_the_same_bits(rows, held_out, n_jobs):
    X, y = rows
    one, more = (
        collect(clone(FOREST).set_params(n_jobs=n), held_out=held_out).fit(X, y)
        for n in (None, n_jobs)
    )
    assert more.classifier_.n_jobs == n_jobs
    assert_array_equal(one.dynamics_, more.dynamics_)
    unseen = np.array(X) + 1
    one, more = one.transform(unseen), more.transform(unseen)
    assert_array_equal(one, more)
    assert_array_equal(one.beliefs.logits, more.beliefs.logits)


@every_forest
@both_ways
def test_seen_rows_replay_and_others_pass_through_the_whole_forest(rows, forest, held_out):
    X, y = np.array(rows[0]), rows[1]
    collector = collect(forest, held_out=held_out)
    T = collector.fit_transform(X, y)
    again = collector.transform(X[5:50])
    assert_array_equal(again, T[5:50])
    assert_array_equal(again.beliefs.logits, T.beliefs.logits[5:50])
    unseen, labels = X[:30] + np.float32(0.5), y[:30]
    T = collector.transform(unseen, labels=labels)
    fitted = collector.classifier_
    everywhere = np.ones((len(fitted.estimators_), 30))
    assert_allclose(
        softmax(T.beliefs.logits, axis=1), shares(fitted, unseen, everywhere), atol=1e-6
    )
    quarter = everywhere[: len(everywhere) // 4]
    assert_allclose(T[:, 0], margins(shares(fitted, unseen, quarter), labels), rtol=1e-4, atol=1e-5)
    ends = collector.transform(unseen).beliefs.labels
    assert_array_equal(ends, fitted.predict(unseen))


@both_ways
def test_few_rows_at_a_time_change_nothing(rows, held_out, monkeypatch):
    X, y = rows
    whole = collect(held_out=held_out).fit(X, y)
    monkeypatch.setattr(out_of_bag, "LOGITS_AT_ONCE", 100)
    cut = collect(held_out=held_out).fit(X, y)
    assert_array_equal(cut.dynamics_, whole.dynamics_)
    unseen = np.array(X) + 1
    assert_array_equal(cut.transform(unseen), whole.transform(unseen))


@both_ways
def test_labels_of_any_kind(rows, held_out):
    X, y = rows
    names = np.array(["ant", "bee", "cow"])
    named = LabelCorruptor(0.2, jitter=0, random_state=0).fit_transform(np.array(X), names[y])
    collector = collect(held_out=held_out)
    T, T_named = collector.fit_transform(X, y), collector.fit_transform(named, names[y])
    assert_array_equal(T_named, T)
    assert_array_equal(T_named.corrupted.data, T.corrupted.data)
    assert_array_equal(T_named.beliefs.classes, names[: y.max() + 1])


@both_ways
def test_a_class_that_some_trees_were_not_told_of(held_out):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 30, 1])
    X = rng.normal(size=(61, 3)) + 5 * y[:, None]
    collector = collect(ExtraTreesClassifier(20, bootstrap=True), held_out=held_out)
    T = collector.fit_transform(X, y)
    assert np.isfinite(T).all()
    shares = softmax(T.beliefs.logits, axis=1)
    assert 0 < shares[60, 2] < 0.1  # those that judge it do not know that there is one
    T = collector.transform(X[60:] + 0.1, labels=[2])
    assert T[0, -1] > 0  # most trees were told of it


@both_ways
def test_missing_values_pass(noisy_blobs, held_out):
    X, y, wrong = noisy_blobs
    X = X.copy()
    X[np.random.default_rng(1).random(X.shape) < 0.1] = np.nan
    Xc = LabelCorruptor(0.2, random_state=0).fit_transform(X, y)
    collector = collect(RandomForestClassifier(40, min_samples_leaf=5), held_out=held_out)
    T = collector.fit_transform(Xc, y)
    assert np.isfinite(T).all()
    assert np.isfinite(T.corrupted.data).all()
    assert np.mean((T[:, -1] < 0) == wrong) > 0.85
    assert_array_equal(collector.transform(X), T)
    assert np.isfinite(collector.transform(X + 1)).all()


@both_ways
def test_signals_come_from_one_growth(rows, held_out):
    X, y = rows
    collector = collect(also=["confidence", "quantized_logit_difference"], held_out=held_out)
    T = collector.fit_transform(X, y)
    for signal, record in collector.records_.items():
        alone = collect(signal=signal, held_out=held_out).fit_transform(X, y)
        assert_array_equal(record, alone)
        assert_array_equal(record.corrupted.data, alone.corrupted.data)
    assert_array_equal(collector.records_["quantized_logit_difference"], np.where(T < 0, -1, 1))


def test_a_signal_that_is_nan_is_refused(rows):
    X, y = rows

    def signal(logits, labels):
        return logits[:, 0] * torch.nan

    for held_out in (False, True):
        with pytest.raises(ValueError, match="signal is NaN"):
            collect(signal=signal, held_out=held_out).fit(X, y)


@both_ways
def test_it_survives_pickle_and_clone(rows, held_out):
    X, y = rows
    collector = collect(held_out=held_out).fit(X, y)
    unseen = np.array(X) + 1
    twin = pickle.loads(pickle.dumps(collector))
    assert_array_equal(twin.transform(unseen), collector.transform(unseen))
    assert_array_equal(clone(collector).fit(X, y).dynamics_, collector.dynamics_)


@both_ways
def test_seeds_repeat_and_differ_and_the_forest_passed_in_stays(rows, held_out):
    X, y = rows
    forest = RandomForestClassifier(20, oob_score=True, warm_start=True)
    before = dict(vars(forest))
    seeds = 0, 0, 1, None
    T = [collect(forest, random_state=s, held_out=held_out).fit_transform(X, y) for s in seeds]
    assert_array_equal(T[0], T[1])
    assert len({trails.tobytes() for trails in T}) == 3
    assert vars(forest) == before
    own = [collect(FOREST, random_state=s, held_out=held_out).fit_transform(X, y) for s in (0, 1)]
    assert_array_equal(*own)  # its own seed counts


@pytest.mark.parametrize("recipe", ["transition", "paper"])
def test_the_pipeline_finds_wrong_labels(noisy_blobs, recipe):
    X, y, wrong = noisy_blobs
    forest = RandomForestClassifier(60, min_samples_leaf=5)
    pipe = make_dynacor_pipeline(forest, recipe=recipe, random_state=0)
    flags = pipe.fit_predict(X, y)
    assert f1_score(wrong, flags) > 0.85
    assert_array_equal(pipe.predict(X), flags)


def test_rows_of_more_dimensions_are_refused(noisy_blobs):
    X, y, _ = noisy_blobs
    for held_out in (False, True):
        with pytest.raises(ValueError, match=r"RandomForestClassifier takes rows of features"):
            collect(held_out=held_out).fit(X.reshape(300, 2, 2), y)


@pytest.mark.parametrize("name", ["checkpoint_dir", "keep_checkpoints"])
@both_ways
def test_folders_are_for_nets(noisy_blobs, tmp_path, name, held_out):
    X, y, _ = noisy_blobs
    with pytest.raises(ValueError, match=f"{name}=.* skorch net; .* Set {name}="):
        collect(held_out=held_out, **{name: tmp_path / "a"}).fit(X, y)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("params", "n_seen", "n_trees"), [({}, 50, 48), ({"max_samples": 0.5}, 100, 100)]
)
def test_of_very_many_rows_trees_see_some_and_fewer_are_grown(monkeypatch, params, n_seen, n_trees):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)).astype(np.float32), np.arange(200) % 2
    monkeypatch.setattr(out_of_bag, "_MOST_ROWS_PER_TREE", 50)
    forest = RandomForestClassifier(100, **params)
    task = (forest, X, X[:0], y, 2)
    options = {"signals": [confidence], "n_stages": 5, "seed": 0, "told": np.arange(200)}
    trained = record_out_of_bag(*task, **options).trained
    samples = trained.classifier.estimators_samples_
    assert {len(sample) for sample in samples} == {n_seen}
    # 100 trees that leave out 37 % of the rows, or 48 that leave out 78 %
    assert len(samples) == n_trees


def test_partners_grow_on_each_column_once_and_a_classifier_on_all():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
    wide = np.column_stack([X, np.ones(120, dtype=np.float32), X])
    net = HistGradientBoostingClassifier(max_iter=3, random_state=0)
    for classifier, n_grown in ((net, 3), (FOREST, 7)):
        partners = [("forest", FORESTS["extra trees"])] if classifier is net else []
        collector = DynamicsCollector(
            classifier, held_out=True, partners=partners, n_stages=3, random_state=0
        )
        one, other = (collector.fit_transform(rows, y).beliefs for rows in (X, wide))
        heard = collector._heard.trained["forest" if partners else "classifier"]
        assert heard.classifier.n_features_in_ == n_grown
        new = rng.normal(size=(20, 3)).astype(np.float32)
        judged = np.column_stack([new, np.ones(20, dtype=np.float32), new])
        assert np.isfinite(collector.transform(judged).beliefs.logits).all()
        if partners:
            assert_array_equal(other.logits, one.logits)
