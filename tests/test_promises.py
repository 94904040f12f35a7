"""Tests of the promises in ``doc/promises.rst``, and that each promise names a test."""

import ast
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from sklearn.ensemble import ExtraTreesClassifier

from skdynacor import LabelErrorDetector, make_dynacor_pipeline

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "doc/promises.rst").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"``(test_\w+\.py::\w+)``", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_every_named_test_exists(name):
    file, _, test = name.partition("::")
    (path,) = (ROOT / "tests").rglob(file)
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    assert test in [node.name for node in nodes if isinstance(node, ast.FunctionDef)]


def test_every_promise_names_its_test():
    promises = re.findall(r"^- .+(?:\n  .+)*", PAGE, re.MULTILINE)
    assert len(promises) > 15
    assert [promise for promise in promises if "``test_" not in promise] == []


@pytest.fixture
def estimators(quick_net):
    forest = ExtraTreesClassifier(30, bootstrap=True)
    detector = LabelErrorDetector(estimators=[("net", quick_net), ("forest", forest)])
    return detector, make_dynacor_pipeline(quick_net)


def _numpy_state():
    return joblib.hash(np.random.get_state())  # noqa: NPY002


def test_global_random_state_is_left_alone(noisy_blobs, estimators):
    X, y, _ = noisy_blobs
    before = random.getstate(), _numpy_state(), torch.get_rng_state()
    for estimator in estimators:
        estimator.fit(X, y)
    estimators[0].noise_probability(X + 1, y)
    after = random.getstate(), _numpy_state(), torch.get_rng_state()
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


def test_arguments_are_left_alone(noisy_blobs, estimators, quick_net):
    X, y = noisy_blobs[0].copy(), noisy_blobs[1].copy()
    forest = estimators[0].estimators[1][1]
    before = dict(vars(quick_net)), dict(vars(forest))
    for estimator in estimators:
        estimator.fit(X, y)
    assert (vars(quick_net), vars(forest)) == before
    np.testing.assert_array_equal(X, noisy_blobs[0])
    np.testing.assert_array_equal(y, noisy_blobs[1])


WATCHED = """
import json, sys
opened, written = [], []

def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__",):
        opened.append([event, str(args[1:])])
    if event == "open" and any(mode in str(args[1]) for mode in "wax+"):
        written.append(str(args[0]))

from sklearn.datasets import load_wine
from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.inspection import label_issues
X, y = load_wine(return_X_y=True)
sys.addaudithook(watch)
for detector in (LabelErrorDetector(random_state=0), make_dynacor_pipeline(random_state=0)):
    label_issues(detector.fit(X, y), X, y)
print(json.dumps([opened, written]))
"""


def test_a_fit_opens_no_connection_and_writes_no_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCHED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    opened, written = json.loads(done.stdout)
    assert opened == []
    assert [path for path in written if path != "/dev/null"] == []
    assert list(tmp_path.iterdir()) == []


def test_only_the_folder_of_the_cache_is_read_from_the_environment():
    found = {
        path.name: re.findall(r"environ\S*\(\"(\w+)", text)
        for path in (ROOT / "skdynacor").rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b", text := path.read_text(encoding="utf-8"))
    }
    assert found == {"embeddings.py": ["SKDYNACOR_CACHE", "XDG_CACHE_HOME"]}
