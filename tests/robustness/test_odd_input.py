"""Bad and odd input: a result of the right shape, or an error that names the cause."""

import re
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import skdynacor
from skdynacor import (
    CorruptedArray,
    CorruptedCopies,
    DynaCorDetector,
    LabelCorruptor,
    LabelErrorDetector,
    find_label_issues,
)
from skdynacor.baselines import (
    AUM,
    CORES,
    AverageEncoder,
    ConfidentLearning,
    SimiFeatR,
    SimiFeatV,
)
from skdynacor.nets import make_mlp_classifier

odd = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def with_values(*values):
    """Put values into rows of X."""

    def change(X):
        X = X.copy()
        X.flat[: len(values)] = values
        return X

    return change


ROWS = {
    "as they are": lambda X: X,
    "float16": lambda X: X.astype(np.float16),
    "int64": lambda X: X.astype(np.int64),
    "bool": lambda X: X > 0,
    "objects": lambda X: X.astype(object),
    "digits as text": lambda X: X.astype(str),
    "text": lambda X: np.full(X.shape, "text", dtype=object),
    "complex": lambda X: X + 1j,
    "dates": lambda X: X.astype("M8[D]"),
    "Fortran order": np.asfortranarray,
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "lists": lambda X: X.tolist(),
    "ragged lists": lambda X: [list(row[: i % 3]) for i, row in enumerate(X)],
    "DataFrame": lambda X: pd.DataFrame(X).add_prefix("column "),
    "DataFrame with text": lambda X: pd.DataFrame(X).assign(word="text"),
    "sparse": sparse.csr_array,
    "sparse of other format": sparse.coo_matrix,
    "masked": lambda X: np.ma.masked_greater(X, 1),
    "NaN": with_values(np.nan),
    "infinity": with_values(np.inf, -np.inf),
    "huge": with_values(1e300, -1e300),
    "tiny": lambda X: X * 1e-300,
    "constant": np.zeros_like,
    "one distinct row": lambda X: np.repeat(X[:1], len(X), axis=0),
    "one column": lambda X: X[:, :1],
    "no columns": lambda X: X[:, :0],
    "no rows": lambda X: X[:0],
    "one row": lambda X: X[:1],
    "one dimension": lambda X: X[:, 0],
    "three dimensions": lambda X: X[:, :, None],
    "None": lambda X: None,
    "number": lambda X: 3.5,
    "dict": lambda X: {"X": X},
    "generator": iter,
}
LABELS = {
    "as they are": lambda y: y,
    "list": lambda y: y.tolist(),
    "Series of another index": lambda y: pd.Series(y, index=y[::-1]),
    "categorical": lambda y: pd.Series(y).astype("category"),
    "text": lambda y: np.array(["cat", "dog", "ähm"])[y],
    "objects": lambda y: np.array(["cat", "dog", "cow"], dtype=object)[y],
    "bytes": lambda y: y.astype("S1"),
    "bool": lambda y: y > 0,
    "floats": lambda y: y.astype(float),
    "negative": lambda y: y - 5,
    "huge": lambda y: y + 2**62,
    "unsigned": lambda y: y.astype(np.uint8),
    "Int64 of pandas": lambda y: pd.Series(y, dtype="Int64"),
    "Int64 with a missing one": lambda y: pd.Series(y, dtype="Int64").mask(y == 2),
    "intervals": lambda y: pd.cut(pd.Series(y), 3),
    "in other cases": lambda y: np.array(["cat", "Cat", "cat "])[y],
    "tuples": lambda y: [(label, label) for label in y],
    "continuous": lambda y: y + 0.5 * np.arange(len(y)),
    "dates": lambda y: y.astype("M8[D]"),
    "mixed types": lambda y: np.array(["cat", 1, 2.5], dtype=object)[y],
    "None among them": lambda y: np.array(["cat", "dog", None], dtype=object)[y],
    "NaN": lambda y: np.where(y > 1, np.nan, y),
    "one class": np.zeros_like,
    "all different": lambda y: np.arange(len(y)),
    "class of one row": lambda y: np.where(np.arange(len(y)) == 0, 7, y),
    "too few": lambda y: y[:-1],
    "column": lambda y: y[:, None],
    "two columns": lambda y: np.column_stack([y, y]),
    "None": lambda y: None,
    "number": lambda y: 1,
    "word": lambda y: "cat",
    "set": set,
}
#: Half of the time all is well with either.
names = [
    st.one_of(st.just("as they are"), st.sampled_from(list(kinds))) for kinds in (ROWS, LABELS)
]


def make_data(rows, labels, n=30):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    X = rng.normal(size=(n, 4)) + 3 * y[:, None]
    with np.errstate(all="ignore"):
        return ROWS[rows](X), LABELS[labels](y)


def call(function, *args, **kwargs):
    """Call; return the result, or None after an error that a user can read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return function(*args, **kwargs)
    except (ValueError, TypeError) as error:
        assert_readable(error)
        return None


#: Errors from elsewhere say what failed in there, not what came.
READABLE = tuple(str(Path(package.__file__).parent) for package in (skdynacor, sklearn))


def assert_readable(error):
    assert len(re.findall(r"\w+", str(error))) >= 4, repr(error)
    where = traceback.extract_tb(error.__traceback__)[-1].filename
    assert where.startswith(READABLE), f"{error!r} is from {where}"


def fit(estimator, *args):
    """Fit; return whether it succeeded. After an error the estimator is as before."""
    before = dict(vars(estimator))
    fitted = call(estimator.fit, *args)
    if fitted is None:
        assert vars(estimator) == before
    else:
        assert fitted is estimator
    return fitted is not None


def assert_mask(flags, n):
    assert flags.shape == (n,)
    assert flags.dtype == bool


def assert_probabilities(values, n):
    assert values.shape == (n,)
    assert (values >= 0).all()  # and no NaN
    assert (values <= 1).all()


@odd
@given(*names, st.sampled_from([GaussianNB(), LogisticRegression()]))
def test_label_error_detector(rows, labels, estimator):
    X, y = make_data(rows, labels)
    detector = LabelErrorDetector(estimator, random_state=0)
    if fit(detector, X, y):
        assert_mask(detector.flags_, 30)
        assert_probabilities(detector.noise_probability_, 30)
        assert_probabilities(detector.suggested_label_probability_, 30)
        assert np.isin(detector.suggested_labels_, detector.classes_).all()
        assert 0 <= detector.noise_rate_ <= 1


@settings(odd, max_examples=8)
@given(*names)
def test_label_error_detector_of_default_models(rows, labels):
    X, y = make_data(rows, labels)
    detector = LabelErrorDetector(device="cpu", random_state=0)
    if fit(detector, X, y):
        assert_mask(detector.flags_, 30)
        assert_probabilities(detector.noise_probability_, 30)


def test_label_error_detector_of_labels_unrelated_to_the_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.permutation(np.arange(60) % 3)
    for estimator in (None, GaussianNB(), LogisticRegression()):
        detector = LabelErrorDetector(estimator, device="cpu", random_state=0)
        assert fit(detector, X, y)
        assert_mask(detector.flags_, 60)
        assert_probabilities(detector.noise_probability_, 60)


@odd
@given(*names)
def test_label_corruptor(rows, labels):
    X, y = make_data(rows, labels)
    corrupted = call(LabelCorruptor(0.2, random_state=0).fit_transform, X, y)
    if corrupted is not None:
        copies = corrupted.corrupted
        assert copies.data.shape[0] == len(copies.labels) == len(copies.sources) == 6
        assert (np.ravel(y)[copies.sources] != copies.labels).all()


BASELINES = {
    "AUM": lambda: AUM(make_mlp_classifier(max_epochs=1), random_state=0),
    "CORES": lambda: CORES(make_mlp_classifier(max_epochs=1), random_state=0),
    "ConfidentLearning": lambda: ConfidentLearning(GaussianNB(), random_state=0),
    "SimiFeatV": SimiFeatV,
    "SimiFeatR": SimiFeatR,
}


@pytest.mark.parametrize("name", BASELINES)
@settings(odd, max_examples=30)
@given(*names)
def test_baselines(name, rows, labels):
    if name == "ConfidentLearning":
        pytest.importorskip("cleanlab")
    X, y = make_data(rows, labels)
    detector = BASELINES[name]()
    if fit(detector, X, y):
        assert_mask(detector.flags_, 30)
        assert detector.noise_score_.shape == (30,)
        assert np.isfinite(detector.noise_score_).all()


DYNAMICS = [
    *("as they are", "float16", "int64", "bool", "objects", "text", "complex", "dates", "lists"),
    *("NaN", "infinity", "huge", "tiny", "constant", "one column", "no columns", "no rows"),
    *("one row", "one dimension", "three dimensions", "None"),
]


@pytest.mark.parametrize("make", [DynaCorDetector, AverageEncoder])
@settings(odd, max_examples=30)
@given(st.sampled_from(DYNAMICS), st.sampled_from(DYNAMICS), st.booleans())
def test_detectors_of_dynamics(make, rows, copies, with_copies):
    """Dynamics with odd values in rows or copies, or without copies."""
    T, _ = make_data(rows, "as they are")
    data, labels = make_data(copies, "as they are", n=6)

    def combine():
        return CorruptedArray(T, CorruptedCopies(data, labels, np.arange(6)))

    if with_copies:
        T = call(combine)
        if T is None:
            return
    detector = make(random_state=0)
    if fit(detector, T):
        assert_mask(detector.flags_, len(T))
        if make is DynaCorDetector:
            assert_probabilities(detector.noise_probability_, len(T))


PROBABILITIES = {
    "as they are": lambda p: p,
    "float32": lambda p: p.astype(np.float32),
    "lists": lambda p: p.tolist(),
    "DataFrame": pd.DataFrame,
    "sparse": sparse.csr_array,
    "log-probabilities": np.log,
    "in percent": lambda p: 100 * p,
    "zeros and ones": np.round,
    "uniform": lambda p: np.full(p.shape, 1 / 3),
    "zeros": np.zeros_like,
    "NaN": with_values(np.nan),
    "infinity": with_values(np.inf),
    "negative": with_values(-0.5, 1.5),
    "text": lambda p: p.astype(str),
    "two classes": lambda p: p[:, :2] / p[:, :2].sum(axis=1, keepdims=True),
    "four classes": lambda p: np.column_stack([p, np.zeros(len(p))]),
    "one class": lambda p: np.ones((len(p), 1)),
    "one dimension": lambda p: p[:, 0],
    "too few": lambda p: p[:-1],
    "no rows": lambda p: p[:0],
    "None": lambda p: None,
}


@settings(odd, max_examples=200)
@given(
    names[1],
    st.one_of(st.just("as they are"), st.sampled_from(list(PROBABILITIES))),
    st.sampled_from([None, "self_confidence", "noise_probability", "confidence", 3]),
)
def test_find_label_issues(labels, kind, ranked_by):
    rng = np.random.default_rng(0)
    _, y = make_data("as they are", labels)
    probabilities = rng.dirichlet(np.ones(3), 30)
    probabilities[np.arange(30), np.arange(30) % 3] += 1
    with np.errstate(all="ignore"):
        pred_probs = PROBABILITIES[kind](probabilities / 2)
    found = call(find_label_issues, y, pred_probs, return_indices_ranked_by=ranked_by)
    if found is None:
        return
    assert ranked_by not in ("confidence", 3)
    if ranked_by is None:
        assert_mask(found, 30)
    else:
        assert found.dtype.kind == "i"
        assert len(np.unique(found)) == len(found)
        assert np.isin(found, np.arange(30)).all()
    assert kind not in ("NaN", "infinity", "negative", "too few", "no rows", "None")
