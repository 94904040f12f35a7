"""Labels of every kind stay what they are, from fit to the corrected y, or are refused at once."""

import datetime
from enum import Enum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.fixes import parse_version

import skdynacor
from skdynacor import LabelErrorDetector, find_label_issues, make_dynacor_pipeline
from skdynacor.baselines import SimiFeatV
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.datasets import make_label_noise
from skdynacor.inspection import (
    apply_corrections,
    label_issues,
    noise_summary,
    read_review,
    write_review,
)
from skdynacor.utils.validation import read_labels

WRONG = [3, 8, 20, 41, 60]
RIGHT_CODES = np.arange(120) % 2
CODES = np.where(np.isin(np.arange(120), WRONG), 1 - RIGHT_CODES, RIGHT_CODES)
X = np.random.default_rng(0).normal(size=(120, 3))
X[:, 0] += 8 * RIGHT_CODES
BIG = 2**53  # beyond it, floats do not hold all integers
NAMES = np.array(["cat", "dog"], dtype=object)
DAYS = np.array(["2020-01-01", "2020-02-01"], dtype="M8[D]")
NANOSECONDS = np.array(["2020-01-01T00:00:00.000000001", "2020-02-01"], dtype="M8[ns]")


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, index=np.arange(120)[::-1], name="label")


def pick(codes, first, second):
    return [(first, second)[code] for code in codes]


KINDS = {
    "boolean": lambda codes: series(codes > 0, "boolean"),
    "Int64": lambda codes: series(codes, "Int64"),
    "large Int64": lambda codes: series(codes + BIG, "Int64"),
    "Float64": lambda codes: series(codes, "Float64"),
    "string": lambda codes: series(NAMES[codes], "string"),
    "text of Arrow": lambda codes: series(NAMES[codes], pd.ArrowDtype(pa.string())),
    "large integers of Arrow": lambda codes: series(codes + BIG, pd.ArrowDtype(pa.int64())),
    "dates of Arrow": lambda codes: series(
        DAYS.astype("M8[ns]")[codes], pd.ArrowDtype(pa.timestamp("ns"))
    ),
    "categorical": lambda codes: series(NAMES[codes], "category"),
    "ordered categorical": lambda codes: series(
        pd.Categorical(NAMES[codes], ["dog", "cat", "cow"], True)
    ),
    "categorical of integers": lambda codes: series(codes + BIG, "category"),
    "pd.cut": lambda codes: pd.cut(series(2.0 * codes), 2),
    "intervals": lambda codes: series(pd.interval_range(0, 2)[codes]),
    "periods": lambda codes: series(pd.period_range("2020-01", periods=2, freq="M")[codes]),
    "dates": lambda codes: series(pd.DatetimeIndex(DAYS)[codes]),
    "nanoseconds": lambda codes: series(NANOSECONDS[codes]),
    "dates with a time zone": lambda codes: series(pd.DatetimeIndex(DAYS, tz="CET")[codes]),
    "objects that are integers": lambda codes: series(codes, object),
    "dates of numpy": lambda codes: DAYS[codes],
    "large integers": lambda codes: codes + BIG,
    "list of integers": lambda codes: pick(codes, BIG, BIG + 1),
    "list of integers beyond 64 bits": lambda codes: pick(codes, 2**70, 2**70 + 1),
    "list of text": lambda codes: pick(codes, "cat", "dog"),
    "list of dates": lambda codes: pick(
        codes, datetime.date(2020, 1, 1), datetime.date(2020, 2, 1)
    ),
    "polars": lambda codes: pl.Series(codes),
    "text of polars": lambda codes: pl.Series(pick(codes, "cat", "dog")),
    "categorical of polars": lambda codes: pl.Series(
        pick(codes, "cat", "dog"), dtype=pl.Categorical
    ),
    "dates of polars": lambda codes: pl.Series(DAYS[codes]),
    "datetimes of polars": lambda codes: pl.Series(DAYS.astype("M8[ns]")[codes]),
}
#: Classifiers of scikit-learn take no such objects.
OBJECTS = {
    *("pd.cut", "intervals", "periods", "dates with a time zone"),
    *("list of integers beyond 64 bits", "list of dates"),
}
if parse_version(pd.__version__) < parse_version("2.2"):
    OBJECTS.add("dates of Arrow")  # pandas gives objects for them


@pytest.mark.parametrize("kind", KINDS)
def test_labels_go_all_the_way(kind, tmp_path):
    y, y_right = KINDS[kind](CODES), KINDS[kind](RIGHT_CODES)
    given, right = list(y), list(y_right)
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    assert_array_equal(np.flatnonzero(detector.flags_), WRONG)
    assert len(detector.classes_) == 2
    assert detector.classes_.dtype.kind != "f" or kind == "Float64"
    assert_array_equal(detector.suggested_labels_, read_labels(y_right))
    assert_allclose(detector.noise_probability(X, y), detector.noise_probability_)
    issues = label_issues(detector, X, y)
    by_row = issues.sort_values("position") if hasattr(issues, "iloc") else issues.sort("position")
    assert list(by_row["given_label"]) == given
    assert list(by_row["suggested_label"]) == right
    if hasattr(y, "iloc"):
        expected = y.dtype if y.dtype != object else np.dtype(int)
        assert issues["given_label"].dtype == issues["suggested_label"].dtype == expected
    summary = noise_summary(detector, X, y)
    assert sorted(summary["label"]) == sorted(set(given))
    write_review(issues.head(len(WRONG)), tmp_path / "review.csv")
    reviewed = read_review(tmp_path / "review.csv", y)
    for found in (issues, reviewed):
        corrected = apply_corrections(y, found, accept="flagged")
        assert list(corrected) == right
        assert corrected.dtype == getattr(y, "dtype", corrected.dtype)
    skdynacor.report(detector, X, y, tmp_path / "report.html")


@pytest.mark.parametrize("kind", sorted(OBJECTS))
@pytest.mark.parametrize(
    "make",
    [
        lambda: LabelErrorDetector(device="cpu", random_state=0),
        lambda: make_dynacor_pipeline(HistGradientBoostingClassifier(max_iter=5), random_state=0),
        SimiFeatV,
    ],
)
def test_objects_change_no_result(kind, make):
    expected = make().fit_predict(X, CODES)
    assert_array_equal(make().fit_predict(X, KINDS[kind](CODES)), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_functions_take_them(kind):
    y = KINDS[kind](CODES)
    probabilities = np.where(np.arange(2) == np.arange(120)[:, None] % 2, 0.99, 0.01)
    assert_array_equal(np.flatnonzero(find_label_issues(y, probabilities)), WRONG)
    noisy, wrong = make_label_noise(y, "symmetric", 0.2, random_state=0)
    assert_array_equal(noisy != read_labels(y), wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_cleaning_takes_what_classifiers_take(kind):
    y = KINDS[kind](CODES)
    classifier = LabelCleaningClassifier(LogisticRegression(), SimiFeatV())
    if kind in OBJECTS:
        with pytest.raises(ValueError, match=r"labels of the type .* y\.astype\(str\)"):
            classifier.fit(X, y)
    else:
        assert set(classifier.fit(X, y).predict(X).tolist()) == set(classifier.classes_.tolist())
        assert classifier.classes_.dtype == read_labels(y).dtype


MISSING = {
    "boolean": lambda codes: series(codes > 0, "boolean"),
    "Int64": lambda codes: series(codes + BIG, "Int64"),
    "integers of Arrow": lambda codes: series(codes, pd.ArrowDtype(pa.int64())),
    "text of Arrow": lambda codes: series(NAMES[codes], pd.ArrowDtype(pa.string())),
    "categorical": lambda codes: series(NAMES[codes], "category"),
    "categorical of integers": lambda codes: series(codes, "category"),
    "intervals": lambda codes: series(pd.interval_range(0, 2)[codes]),
    "dates": lambda codes: series(pd.DatetimeIndex(DAYS)[codes]),
    "floats": lambda codes: series(codes.astype(float)),
}


@pytest.mark.parametrize("make", [LabelErrorDetector, make_dynacor_pipeline])
@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_label_is_named_by_its_row(kind, make):
    y = MISSING[kind](CODES)
    y = y.mask(np.arange(120) == 7)
    with pytest.raises(ValueError, match=r"y contains \S+ in row 7 \(1 rows in all\)"):
        make().fit(X, y)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_label_in_a_list_is_no_class(missing):
    labels = pick(CODES, "cat", "dog")
    labels[7] = missing
    with pytest.raises(ValueError, match="in row 7"):
        LabelErrorDetector().fit(X, labels)


class Pet(Enum):
    CAT = 1
    DOG = 2


@pytest.mark.parametrize(
    ("labels", "types"),
    [
        (pick(CODES, 1, "dog"), "int, str"),  # numpy would make text of both
        (pick(CODES, *Pet), "Pet"),
        (series(pick(CODES, ("cat", 1), ("dog", 2))), "tuple"),
        (series(pick(CODES, frozenset("a"), frozenset("b"))), "frozenset"),
        (series(pick(CODES, {"cat": 1}, {"dog": 2})), "dict"),
    ],
    ids=["mixed", "enum", "tuples", "sets", "dicts"],
)
def test_other_objects_are_refused(labels, types):
    with pytest.raises(ValueError, match=rf"labels of the types {types}, .* y\.astype\(str\)"):
        LabelErrorDetector().fit(X, labels)


def test_labels_are_compared_exactly():
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, CODES + BIG)
    for labels in ((CODES + BIG).astype(np.uint64), pick(CODES, BIG, BIG + 1)):
        assert_allclose(detector.noise_probability(X, labels), detector.noise_probability_)
    with pytest.raises(ValueError, match=f"did not see: .{BIG + 2}"):
        detector.noise_probability(X, (CODES + BIG + 1).astype(np.uint64))
    detector.fit(X, DAYS[CODES])
    days = pd.Series(DAYS[CODES])  # in another unit
    assert_allclose(detector.noise_probability(X, days), detector.noise_probability_)
