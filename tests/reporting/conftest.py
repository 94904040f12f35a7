"""What the tests of this room share: findings without a training, and a browser."""

import json
import os
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skdynacor import Beliefs, CorruptedArray, TransitionDetector

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]


class Recorder(BaseEstimator):
    """Stands for a ``DynamicsCollector`` that has recorded a training."""

    signal = "logit_difference"
    classifier_ = copies_ = None

    def spaces(self):
        """All rows are alike."""
        return [(np.ones(len(self.dynamics_), dtype=bool), lambda rows: np.ones((len(rows), 1)))]


@pytest.fixture(scope="session")
def judge():
    """Make a fitted pipeline out of right and given labels, in no time."""

    def judge(y_true, y, n_epochs=20):
        classes, codes = np.unique(y, return_inverse=True)
        rows, rng = np.arange(len(y)), np.random.default_rng(0)
        logits = rng.normal(size=(len(y), len(classes)))
        logits[rows, np.searchsorted(classes, y_true)] += 6
        others = logits.copy()
        others[rows, codes] = -np.inf
        lead = logits[rows, codes] - others.max(axis=1)
        recorder = Recorder()
        recorder.dynamics_ = lead[:, np.newaxis] + rng.normal(size=(len(y), n_epochs))
        recorder.beliefs_ = Beliefs(logits, codes, classes, separable=True)
        trails = CorruptedArray(recorder.dynamics_, beliefs=recorder.beliefs_)
        detector = TransitionDetector(random_state=0).fit(trails)
        return Pipeline([("recorder", recorder), ("detector", detector)])

    return judge


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
    """Open a file; fail at the end if it logged, failed, or asked for anything."""
    contexts, heard, asked = [], [], []

    def open_page(path, **options):
        context = browser.new_context(accept_downloads=True, **options)
        context.set_default_timeout(5_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []
    kinds = re.compile("data:|blob:|file:.*/report.html$")
    assert [address for address in asked if not kinds.match(address)] == []
