"""What ``doc/promises.rst`` promises is shown by the tests that it names."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "doc/promises.rst").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"``(tests/[^`]+)``", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_every_named_test_exists(name):
    path, _, test = name.partition("::")
    functions = [
        node.name
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ]
    assert test in functions


def test_every_promise_names_its_test():
    promises = re.findall(r"^- .+(?:\n  .+)*", PAGE, re.MULTILINE)
    assert len(promises) > 20
    assert [promise for promise in promises if "``tests/" not in promise] == []


WATCHED = """
import json, sys
asked, written = [], []

def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__",):
        asked.append([event, str(args[1:])])
    if event == "open" and any(mode in str(args[1]) for mode in "wax+"):
        written.append(str(args[0]))

from sklearn.datasets import load_wine
from skdynacor import make_dynacor_pipeline
from skdynacor.inspection import label_issues
X, y = load_wine(return_X_y=True)
sys.addaudithook(watch)
for recipe in ("transition", "paper"):
    pipe = make_dynacor_pipeline(recipe=recipe, random_state=0).fit(X, y)
    label_issues(pipe, X, y)
    pipe.predict(X + 1)
print(json.dumps([asked, written]))
"""


def test_a_fit_asks_no_network_and_writes_no_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCHED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    asked, written = json.loads(done.stdout)
    assert asked == []
    assert [path for path in written if path != "/dev/null"] == []
    assert list(tmp_path.iterdir()) == []


def test_no_environment_variable_is_read():
    for path in (ROOT / "skdynacor").rglob("*.py"):
        assert not re.search(r"\benviron\b|\bgetenv\b", path.read_text(encoding="utf-8")), path
