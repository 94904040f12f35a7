"""The report as a file."""

import itertools
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline

import skdynacor
from skdynacor import LabelErrorDetector, make_dynacor_pipeline, report
from skdynacor.inspection import label_issues, noise_summary
from skdynacor.reporting import report as report_module
from skdynacor.reporting.page import encode_json


def mislabel(y_true, share=0.1):
    y = y_true.copy()
    wrong = np.arange(0, len(y), round(1 / share))
    y[wrong] = y_true[(wrong + 1) % len(y)]
    return y


@pytest.fixture(scope="module")
def fitted(noisy_blobs, tmp_path_factory):
    """A ``LabelErrorDetector``, fitted on ``noisy_blobs``, and its report."""
    X, y, _ = noisy_blobs
    detector = LabelErrorDetector(random_state=0).fit(X, y)
    return detector, report(detector, X, y, tmp_path_factory.mktemp("report") / "report.html")


@pytest.fixture
def no_figures(monkeypatch):
    """Leave out the plots, for speed."""
    monkeypatch.setattr(report_module, "draw_figures", lambda findings: "")


def test_page_is_self_contained(fitted, read_page):
    path = fitted[1]
    page = read_page(path)
    text = path.read_text(encoding="utf-8")
    assert set(re.findall('https?://[^"]*', text)) == {"http://www.w3.org/2000/svg"}  # a name
    for _, attributes in page.tags:
        for name in {"src", "href", "xlink:href"} & set(attributes):
            assert attributes[name].startswith(("#", "data:"))
    policy = next(a for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy["content"]
    assert next(a for t, a in page.tags if t == "meta") == {"charset": "utf-8"}
    assert text.count("<svg") == 2
    assert page.data["trajectories"] is None


def test_page_holds_issues_and_facts(make_fitted, tmp_path, read_page, no_figures):
    y_true = np.repeat(["ant", "bee", "cat"], 50)
    y = mislabel(y_true[np.random.default_rng(1).permutation(150)])
    X = pd.DataFrame({"legs": np.arange(150)}, index=[f"r{i}" for i in range(150)])
    pipe = make_fitted(y_true, y)
    path = report(pipe, X, y, str(tmp_path / "report.html"), title="Of animals", max_rows=140)
    data, issues = read_page(path).data, label_issues(pipe, X, y)[:140]
    assert read_page(path).texts["title"] == "Of animals"
    assert data["columns"] == list(issues.columns)
    read = data["issues"]
    assert read["position"] == issues["position"].tolist()
    assert read["index"] == issues["index"].tolist()
    assert [data["classes"][code] for code in read["given_label"]] == issues["given_label"].tolist()
    np.testing.assert_allclose(read["noise_probability"], issues["noise_probability"], atol=1e-4)
    assert len(data["trajectories"]) == 140
    assert data["n_rows"] == 150
    facts = {name: number for name, number, _ in data["summary"]["facts"]}
    assert facts["Rows"] == "150"
    assert facts["Flagged"] == str(pipe[-1].flags_.sum())
    assert "Estimated recall" not in facts  # no errors were injected
    worst = noise_summary(pipe, X, y)["label"].iloc[0]
    assert data["classes"][data["summary"]["classes"]["label"][0]] == worst


def test_rows_are_numbered_by_positions(fitted, noisy_blobs, tmp_path, read_page, no_figures):
    X, y, _ = noisy_blobs
    names = pd.DataFrame({"name": [f"blob {i}" for i in range(len(y))]})
    numbers = {"columns": names, "positions": 1000 + 2 * np.arange(len(y))}
    data = read_page(report(fitted[0], X, y, tmp_path / "report.html", **numbers)).data
    issues, evidence = data["issues"], data["evidence"]
    worst = label_issues(fitted[0], X, y).iloc[0]
    assert issues["index"] is None
    for name in ("position", "neighbor_1", "neighbor_2"):
        place = 1000 + 2 * worst[name]
        assert issues[name][0] == place
        assert evidence["columns"][str(place)] == [f"blob {worst[name]}"]
        assert evidence["rows"][str(place)][0] == y[worst[name]]
    assert evidence["column_names"] == ["name"]
    values = evidence["features"][str(issues["position"][0])]["values"][1]
    np.testing.assert_allclose(values, X[worst["neighbor_1"]], rtol=1e-3)


def test_the_paper_s_pipeline_shows_trajectories(noisy_blobs, tmp_path, read_page):
    X, y, _ = noisy_blobs
    pipe = make_dynacor_pipeline(random_state=0).fit(X, y)
    path = report(pipe, X, y, tmp_path / "report.html")
    assert len(read_page(path).data["trajectories"]) == len(y)
    assert path.read_text(encoding="utf-8").count("<figure") == 4  # all but the transition matrix


def test_page_holds_model_weights_and_recall(fitted, read_page):
    detector, path = fitted
    data = read_page(path).data
    origin = dict(data["summary"]["origin"])
    used = [name for name, weight in detector.weights_.items() if weight]
    assert all(name in origin["Model weights"] for name in used)
    assert skdynacor.__version__ in origin["With"]
    facts = {name: number for name, number, _ in data["summary"]["facts"]}
    assert facts["Estimated recall"] == f"{detector.injected_recall_:.0%}"


def test_neighbors_are_shown_with_their_labels(fitted, noisy_blobs, read_page):
    X, data = noisy_blobs[0], read_page(fitted[1]).data
    evidence, issues = data["evidence"], data["issues"]
    neighbor = issues["neighbor_1"][0]
    assert evidence["rows"][str(neighbor)] == [issues["suggested_label"][0], None]
    shown = evidence["features"][str(issues["position"][0])]
    assert [evidence["names"][str(j)] for j in shown["names"]] == ["x0", "x1", "x2", "x3"]
    np.testing.assert_allclose(shown["values"][1], X[neighbor], rtol=1e-3)
    assert [code for code, _ in shown["usual"]] == [
        issues["given_label"][0],
        issues["suggested_label"][0],
    ]


@pytest.fixture(scope="module")
def many(make_fitted):
    """A fitted pipeline of 20,000 rows of 20 classes, and the labels."""
    y_true = np.random.default_rng(0).choice([f"class number {i}" for i in range(20)], 20_000)
    return make_fitted(y_true, mislabel(y_true)), mislabel(y_true)


@pytest.mark.parametrize("kind", ["features", "texts", "images"])
def test_20_000_rows_take_less_than_5_mb(many, tmp_path, read_page, kind):
    pipe, y = many
    rng = np.random.default_rng(0)
    X = rng.random((20_000, 512 if kind == "features" else 2), dtype=np.float32)
    words = np.array(["labels", "that", "<look>", "wrong", "ζώα", "&"])
    contents = {}
    if kind == "texts":
        contents["texts"] = [" ".join(row) for row in words[rng.integers(0, 6, (20_000, 60))]]
    if kind == "images":
        contents["images"] = rng.integers(0, 256, (20_000, 32, 32, 3), dtype=np.uint8)
    path = report(pipe, X, y, tmp_path / "report.html", **contents)
    assert path.stat().st_size < 5_000_000
    data = read_page(path).data
    assert len(data["issues"]["position"]) == 20_000
    assert data["evidence"]["n_rows"] > 500


def test_texts_of_a_pipeline_are_shown(tmp_path, read_page, no_figures):
    y = np.repeat(["a", "b"], 30)
    words = {"a": "left right", "b": "up down"}
    texts = [f"{words[label]} {10 + i % 5}" for i, label in enumerate(y)]
    detector = LabelErrorDetector(SGDClassifier(loss="log_loss"), random_state=0)
    pipe = make_pipeline(TfidfVectorizer(), detector).fit(texts, y)
    data = read_page(report(pipe, texts, y, tmp_path / "report.html")).data
    row = data["issues"]["position"][0]
    assert data["evidence"]["text"][str(row)] == texts[row]
    assert "features" not in data["evidence"]


def test_polars_and_sparse_rows_are_taken(make_fitted, tmp_path, read_page, no_figures):
    y_true = np.repeat([False, True], 60)
    y = mislabel(y_true)
    pipe = make_fitted(y_true, y)
    X = pl.DataFrame({"a": np.arange(120.0), "b": ["x", None] * 60})
    data = read_page(report(pipe, X, pl.Series(y), tmp_path / "report.html")).data
    assert data["issues"]["index"] is None  # it repeats the positions
    assert data["classes"] == ["False", "True"]
    assert data["evidence"]["names"] == {"0": "a", "1": "b"}
    data = read_page(report(pipe, csr_array(np.eye(120)), y, tmp_path / "report.html")).data
    row = data["issues"]["position"][0]
    assert data["evidence"]["names"][str(row)] == f"x{row}"


def test_file_is_replaced_whole_or_not_at_all(make_fitted, tmp_path, monkeypatch, no_figures):
    y_true = np.repeat([0, 1], 30)
    X, y = np.zeros((60, 1)), mislabel(y_true)
    pipe = make_fitted(y_true, y)
    path = tmp_path / "report.html"
    path.write_text("before")

    def interrupt(**parts):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(report_module, "make_page", interrupt)
        with pytest.raises(KeyboardInterrupt):
            report(pipe, X, y, path)
    assert path.read_text() == "before"
    report(pipe, X, y, path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere'"):
        report(None, None, None, tmp_path / "nowhere" / "report.html")


def test_contents_of_other_rows_are_refused(make_fitted, tmp_path):
    y_true = np.repeat([0, 1], 30)
    X, y = np.zeros((60, 3)), mislabel(y_true)
    pipe, path = make_fitted(y_true, y), tmp_path / "report.html"
    for contents, message in [
        ({"texts": ["one"]}, "texts must be one for each of the 60 rows; got 1"),
        ({"images": np.zeros((59, 2, 2))}, "images must have one image for each of the 60 rows"),
        ({"columns": pd.DataFrame({"a": [1]})}, "columns must have 60 rows, as X has; got 1"),
        ({"positions": [0.5]}, r"positions must be one integer for each of the 60 .* shape \(1,\)"),
        ({"feature_names": ["a"]}, "feature_names must be one for each of the 3 features.*got 1"),
        ({"max_rows": 0}, r"'max_rows' parameter .* range \[1, inf\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            report(pipe, X, y, path, **contents)
    assert not path.exists()


def test_json_in_a_page_holds_no_markup():
    for characters in itertools.pairwise("<>&\u2028\u2029\ud800'\"\\"):
        encoded = encode_json("".join(characters)).decode()
        assert not set(encoded) & set("<>&\u2028\u2029")


def test_parts_of_the_page_are_declared_for_the_wheel():
    folder = Path(report_module.__file__).parent
    project = tomllib.loads((folder.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["skdynacor.reporting"]
    parts = {each for each in folder.iterdir() if each.suffix in (".html", ".css", ".js")}
    assert len(parts) == 6
    assert parts == {each for pattern in patterns for each in folder.glob(pattern)}
