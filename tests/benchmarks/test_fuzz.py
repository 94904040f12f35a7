"""A short run of ``benchmarks/fuzz.py``, and what it must not let pass."""

import os
import random
import re
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

pd = pytest.importorskip("pandas")
pytest.importorskip("hypothesis")
for package in ("matplotlib", "polars", "cleanlab", "skrub", "pyarrow"):
    pytest.importorskip(package)
if sys.platform != "linux":
    pytest.skip("it watches files and processes by /proc", allow_module_level=True)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_no_case_of_a_short_run_fails(call, tmp_path):
    args = ["fuzz", "--cases", 200, "--seed", 0, "--out", tmp_path]
    printed = call(*args)
    rows = pd.read_csv(tmp_path / "fuzz.csv")
    assert rows.failed.sum() == 0, printed
    assert rows.cases.sum() == 200
    assert (rows.cases == rows.accepted + rows.refused).all()
    assert rows.accepted.sum() > 50
    assert rows.refused.sum() > 50
    assert rows.versions.str.contains("skdynacor=").all()
    assert re.search(r"200 cases: \d+ gave a result, \d+ were refused, 0 failed", printed)
    assert call(*args).splitlines()[-1] == printed.splitlines()[-1]  # nothing is run again


def test_a_case_is_called_again_by_its_number(call, tmp_path):
    args = ["fuzz", "--cases", 200, "--only", "make_label_noise", "--case", 3, "--out", tmp_path]
    printed = call(*args)
    assert printed.startswith("make_label_noise, case 3: ")
    assert "\n  y: " in printed
    # Addresses of objects differ.
    once, again = (re.sub("0x[0-9a-f]+", "", each) for each in (printed, call(*args)))
    assert once == again
    assert list(tmp_path.iterdir()) == []


def test_unknown_targets_and_too_few_cases_are_refused(refused, tmp_path):
    assert "Unknown target 'none'; known are label_corruptor" in refused(
        "fuzz", "--only", "none", "--out", tmp_path
    )
    assert "--cases must be at least 1" in refused("fuzz", "--cases", 0, "--out", tmp_path)


# ------------------------------------------------------------------------------------ the guard


@pytest.fixture
def guard(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import fuzz_guard

    return fuzz_guard


@pytest.fixture
def outcome(guard):
    """Try a function of an array; give how it ended."""

    def outcome(function, check=lambda result: None, repeats=True):
        with guard.Room() as room:
            call = guard.Call(function, {"X": np.zeros(3)}, check, repeats)
            return guard.try_call(call, room)

    return outcome


def change_input(X):
    X[0] = 1


def leave_file(X):
    Path("left").touch()


def leave_temporary_file(X):
    os.close(tempfile.mkstemp()[0])


done = threading.Event()


def leave_thread(X):
    done.clear()
    threading.Thread(target=done.wait, name="left", daemon=True).start()


def set_threads(X):
    torch.set_num_threads(torch.get_num_threads() + 1)


def change_numpy_s_randomness(X):
    np.random.rand()  # noqa: NPY002


def warn_of_numbers(X):
    return 1 / X


def warn_of_nothing(X):
    warnings.warn("", stacklevel=2)


def warn_of_the_future(X):
    warnings.warn("Soon all is different.", FutureWarning, stacklevel=2)


def raise_inside_numpy(X):
    return np.ones(4).reshape(5)


def raise_inside_torch(X):
    return torch.ones(4) @ torch.ones(5)


def raise_another_kind(X):
    raise KeyError("X")


def differ(X):
    differ.calls = getattr(differ, "calls", 0) + 1
    return differ.calls


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (change_input, "changed its inputs"),
        (leave_file, "files: .*work/left"),
        (leave_temporary_file, "files: .*temporary/"),
        (leave_thread, "threads: .*left"),
        (set_threads, "threads of torch"),
        (change_numpy_s_randomness, "random state of numpy"),
        (lambda X: random.random(), "random state of random"),
        (lambda X: torch.rand(1), "random state of torch"),
        (lambda X: print("hello"), "printed 'hello"),
        (lambda X: os.environ.update(LEFT="1"), "environment: .*LEFT"),
        (warn_of_numbers, "RuntimeWarning .*divide by zero"),
        (warn_of_nothing, "warned UserWarning"),
        (warn_of_the_future, "FutureWarning"),
        (raise_inside_numpy, "raised what nobody meant"),
        (raise_inside_torch, "RuntimeError"),
        (raise_another_kind, "KeyError"),
        (differ, "another result the second time"),
    ],
)
def test_what_is_not_allowed_is_found(outcome, monkeypatch, function, said):
    monkeypatch.delenv("LEFT", raising=False)
    n_threads = torch.get_num_threads()
    kind, text = outcome(function)
    torch.set_num_threads(n_threads)
    os.environ.pop("LEFT", None)
    done.set()
    assert kind == "failed"
    assert re.search(said, text, re.DOTALL)


def test_a_wrong_result_is_found(outcome, guard):
    kind, text = outcome(lambda X: 2, check=lambda result: guard.ensure(result == 3, "not three"))
    assert (kind, text) == ("failed", "not three")


def test_a_hang_is_found(outcome, guard, monkeypatch):
    monkeypatch.setattr(guard, "LIMIT", 0.2)
    kind, text = outcome(lambda X: time.sleep(60))
    assert kind == "failed"
    assert "still at it" in text


def test_what_is_allowed_passes(outcome):
    from sklearn.utils import check_array

    from skdynacor.datasets import make_label_noise

    assert outcome(lambda X: X + 1).kind == "accepted"
    assert outcome(lambda X: random.SystemRandom().random(), repeats=False).kind == "accepted"
    assert outcome(lambda X: make_label_noise(X, "symmetric", 0.2)).kind == "refused"
    kind, text = outcome(lambda X: check_array(X))  # scikit-learn's own look
    assert kind == "refused"
    assert "Expected 2D array" in text
