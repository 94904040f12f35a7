"""Fitted pipelines without a training, and a browser."""

import json
import os
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import Pipeline

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]


class Recorder(BaseEstimator):
    """Stands for a ``DynamicsCollector`` that has recorded a training."""

    signal = "logit_difference"
    estimator_ = copies_ = None

    def fit(self, y_true, y):
        self.classes_, codes = np.unique(y, return_inverse=True)
        rows, rng = np.arange(len(y)), np.random.default_rng(0)
        logits = rng.normal(size=(len(y), len(self.classes_)))
        logits[rows, np.searchsorted(self.classes_, y_true)] += 6
        self.log_probs_ = log_softmax(logits, axis=1)
        others = logits.copy()
        others[rows, codes] = -np.inf
        lead = logits[rows, codes] - others.max(axis=1)
        self.dynamics_ = lead[:, np.newaxis] + rng.normal(size=(len(y), 20))
        return self

    def representations(self):
        """All rows are alike."""
        return [(np.ones(len(self.dynamics_), dtype=bool), lambda rows: np.ones((len(rows), 1)))]


class Detector(BaseEstimator):
    """Stands for a fitted detector with all results that a report shows."""

    def fit(self, recorder, y):
        self.classes_, codes = np.unique(y, return_inverse=True)
        rows, others = np.arange(len(y)), recorder.log_probs_.copy()
        self.noise_probability_ = 1 - np.exp(others[rows, codes])
        self.flags_ = self.noise_probability_ > 0.5
        self.noise_rate_ = self.noise_probability_.mean()
        others[rows, codes] = -np.inf
        suggested = np.where(self.flags_, others.argmax(axis=1), codes)
        self.suggested_labels_ = self.classes_[suggested]
        self.suggested_label_probability_ = np.exp(recorder.log_probs_[rows, suggested])
        self.transition_matrix_ = confusion_matrix(suggested, codes, normalize="true")
        return self


@pytest.fixture(scope="session")
def make_fitted():
    """Make a fitted pipeline from right and given labels, without training."""

    def make_fitted(y_true, y):
        recorder = Recorder().fit(y_true, y)
        return Pipeline([("recorder", recorder), ("detector", Detector().fit(recorder, y))])

    return make_fitted


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [(None, {})], {}

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        tag, attributes = self.tags[-1]
        self.texts.setdefault(attributes.get("id", tag), data)


@pytest.fixture(scope="session")
def read_page():
    """Read a page: its tags, its texts by identifier or tag, and the data in it."""

    def read_page(path):
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        del reader.tags[0]
        reader.data = json.loads(reader.texts["data"])
        return reader

    return read_page


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium: one that is installed, or that of playwright."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with playwright.sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=found, args=sandbox)
        except playwright.Error as error:
            pytest.skip(f"no Chromium that starts (make browser): {error.message[:200]}")
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open a file; fail at the end if it logged, failed, or loaded anything."""
    contexts, logged, requested = [], [], []

    def open_page(path, **options):
        context = browser.new_context(accept_downloads=True, **options)
        context.set_default_timeout(5_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("dialog", lambda dialog: (logged.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert logged == []
    kinds = re.compile("data:|blob:|file:.*/report.html$")
    assert [address for address in requested if not kinds.match(address)] == []
