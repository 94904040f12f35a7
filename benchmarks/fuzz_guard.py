"""What a call must not do, whatever it is given.

It may return a result that an oracle finds right, twice the same, or raise an error of a documented
kind that somebody wrote down for this case. It must change neither its inputs nor anything global,
print nothing, warn of nothing but what a user can act on, leave nothing behind, and come to an end.
"""

import gc
import io
import linecache
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import matplotlib
import numpy as np
import pandas as pd
import sklearn
import torch
from matplotlib import pyplot as plt
from scipy.sparse import issparse
from threadpoolctl import ThreadpoolController

import skdynacor

ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"
#: Seconds; a case takes a fraction of one.
LIMIT = 120
_OURS, _SKLEARN, _MATPLOTLIB = (
    str(Path(package.__file__).parent) + os.sep for package in (skdynacor, sklearn, matplotlib)
)
#: Below these frames scikit-learn looks at what it was given; what it says there is documented.
_VALIDATION = tuple(
    str(Path(_SKLEARN, "utils", name)) for name in ("validation.py", "multiclass.py")
)
_KINDS = (TypeError, ValueError, OSError, ImportError)  # NotFittedError is a ValueError
_LONGEST = 3000  # characters of a message that somebody is to read


class Call(NamedTuple):
    """A call to try.

    Parameters
    ----------
    function : callable
    inputs : dict
        Its keyword arguments.
    check : callable
        Takes the result, and raises ``Wrong`` where it cannot be right. It may return REFUSED where
        a refusal is a result, as the command line's is.
    repeats : bool
        Whether a second call must give the same.
    """

    function: Any
    inputs: dict
    check: Any
    repeats: bool = True


class Wrong(Exception):
    """A result that cannot be right."""


class Hang(BaseException):
    """A call that does not come to an end."""


class Outcome(NamedTuple):
    """ACCEPTED, REFUSED or FAILED, and what there is to say of it."""

    kind: str
    text: str = ""


def ensure(holds, message):
    """Raise ``Wrong`` unless something holds."""
    if not holds:
        raise Wrong(message)


def try_call(call, room):
    """Make a call and watch it.

    Parameters
    ----------
    call : Call
    room : Room
        Where it may leave nothing.

    Returns
    -------
    outcome : Outcome
    """
    inputs, before = digest(call.inputs), room.look()
    outcome = Outcome(ACCEPTED)
    try:
        with _limited(), warnings.catch_warnings(record=True) as caught, _silence() as printed:
            warnings.simplefilter("always")
            try:
                result = call.function(**call.inputs)
            except Exception as error:
                result, outcome = None, Outcome(REFUSED, f"{type(error).__name__}: {error}")
                judge_error(error)
            else:
                outcome = Outcome(call.check(result) or ACCEPTED)
        judge_warnings(caught)
        ensure(not printed.getvalue(), f"printed {printed.getvalue()[:200]!r}")
        ensure(digest(call.inputs) == inputs, "changed its inputs")
        after = room.look()
        changed = [name for name in before if before[name] != after[name]]
        if changed:
            gc.collect()  # what only waits to be collected is not left over
            after = room.look()
            changed = [n for n in before if before[n] != after[n]]
        ensure(not changed, f"changed or left over {_differences(before, after, changed)}")
        if outcome.kind == ACCEPTED and call.repeats:
            with _limited(), warnings.catch_warnings(), _silence():
                warnings.simplefilter("ignore")
                ensure(same(result, call.function(**call.inputs)), "another result the second time")
    except Wrong as fault:
        shown = f" [{outcome.text}]" if outcome.text else ""
        return Outcome(FAILED, f"{fault}{shown}")
    except Hang as hang:
        return Outcome(FAILED, str(hang))
    except Exception:  # of the oracle, or of the second call
        return Outcome(FAILED, traceback.format_exc())
    finally:
        plt.close("all")
    return outcome


def _differences(before, after, names):
    parts = []
    for name in names:
        one, other = before[name], after[name]
        if isinstance(one, dict):
            one, other = (
                sorted(map(str, set(x.items()) - set(y.items())))
                for x, y in ((one, other), (other, one))
            )
        parts.append(f"{name}: {one} -> {other}")
    return "; ".join(parts)[:800]


def judge_error(error):
    """Find an error wrong that nobody meant: of another kind, mute, or from further inside."""
    frames = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    text = str(error).strip()
    where = "".join(traceback.format_exception(error)[-4:])
    ensure(isinstance(error, _KINDS), f"raised {type(error).__name__}\n{where}")
    if isinstance(error, OSError) and error.filename is not None:
        return  # of the system, which names the file
    ensure(is_meant(frames), f"raised what nobody meant\n{where}")
    ensure(text, f"raised {type(error).__name__} without a word")
    ours = frames[-1][0].startswith(_OURS)  # scikit-learn's show the whole of an array
    ensure(len(text) < _LONGEST or not ours, f"raised a message of {len(text)} characters")


def is_meant(frames):
    """Tell whether an error was raised by name, or by scikit-learn's look at its input.

    That includes matplotlib's of what plots hand on to it, such as colours.

    Parameters
    ----------
    frames : list of (str, int)
        Files and lines, the innermost last.
    """
    if any(file.startswith(_VALIDATION) for file, _ in frames):
        return True
    file, line = frames[-1]
    if file == pathlib.__file__:
        return True  # what is no path, Python says by itself
    raised = linecache.getline(file, line).strip().startswith("raise")
    return raised and file.startswith((_OURS, _SKLEARN, _MATPLOTLIB))


def judge_warnings(caught):
    """Find warnings wrong that no user could act on: of numbers, or of what is to come."""
    for each in caught:
        text = str(each.message)
        useful = issubclass(each.category, UserWarning) and text.strip()
        inside = any(f"{os.sep}{name}{os.sep}" in each.filename for name in ("torch", "numpy"))
        ensure(
            useful and not inside,
            f"warned {each.category.__name__} in {each.filename}:{each.lineno}: {text[:300]}",
        )


class Room:
    """A folder to work in and one for temporary files, both empty, with all that is global."""

    def __enter__(self):
        torch.optim.SGD([torch.zeros(1)])  # torch names and makes a folder once, at the first one
        self._cwd, self._folder = os.getcwd(), tempfile.mkdtemp()
        self.inputs, self._work, self._temporary = (
            Path(self._folder, name) for name in ("inputs", "work", "temporary")
        )
        for folder in (self.inputs, self._work, self._temporary):
            folder.mkdir()
        os.chdir(self._work)
        tempfile.tempdir = str(self._temporary)
        self._pools = ThreadpoolController()
        return self

    def __exit__(self, *args):
        os.chdir(self._cwd)
        tempfile.tempdir = None
        shutil.rmtree(self._folder)

    def clear_inputs(self):
        """Remove the files of the last case."""
        shutil.rmtree(self.inputs)
        self.inputs.mkdir()

    def look(self):
        """Describe all that a call must leave as it is."""
        return {
            "random state of random": hash(random.getstate()),
            "random state of numpy": joblib.hash(np.random.get_state()),  # noqa: NPY002
            "random state of torch": hash(torch.get_rng_state().numpy().tobytes()),
            "threads of torch": torch.get_num_threads(),
            "threads of numpy": [pool["num_threads"] for pool in self._pools.info()],
            "errors of numpy": np.geterr(),
            "settings of torch": (torch.get_default_dtype(), torch.is_grad_enabled()),
            "settings of scikit-learn": sklearn.get_config(),
            "settings of matplotlib": hash(str(matplotlib.rcParams)),
            "settings of warnings": len(warnings.filters),
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "files": sorted(map(str, [*self._work.rglob("*"), *self._temporary.rglob("*")])),
            "open files": _open_files(),
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "processes": _children(),
        }


def _open_files():
    """List the files that are open, but for those of packages, as fonts."""
    names = []
    for link in Path("/proc/self/fd").glob("*"):
        try:
            names.append(os.readlink(link))
        except OSError:  # of the listing itself
            continue
    others = (sys.prefix, "pipe:", "/dev", "socket:")
    return sorted(n for n in names if not n.startswith(others) and not n.endswith(" (deleted)"))


def _children():
    tasks = Path("/proc/self/task").glob("*/children")
    return sorted(child for task in tasks for child in task.read_text().split())


@contextmanager
def _limited():
    def stop(*args):
        raise Hang(f"still at it after {LIMIT} s\n{''.join(traceback.format_stack(limit=4))}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _silence():
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        yield printed


def digest(value):
    """Give a hash of all that a call might change of its inputs."""
    return joblib.hash(_plain(value))


def _plain(value):
    if isinstance(value, dict):
        return [(key, _plain(each)) for key, each in value.items()]
    if type(value) in (list, tuple):
        return [_plain(each) for each in value]
    if issparse(value):
        value = value.tocsr() if value.format in ("dok", "lil") else value
        return [
            getattr(value, name) for name in ("data", "indices", "indptr") if hasattr(value, name)
        ]
    if isinstance(value, np.ndarray):
        return np.asarray(value).view(np.ndarray), value.shape, value.strides, value.flags.writeable
    if hasattr(value, "get_params") and not isinstance(value, type):
        return sorted(map(str, vars(value).items()))  # an estimator, with what fit left in it
    if isinstance(value, pd.Categorical):  # it keeps what was looked up in it
        value = pd.Series(value)
    if isinstance(value, pd.DataFrame | pd.Series):
        return [_plain(np.asarray(value.astype(object))), *map(str, (value.index, value.dtypes))]
    try:
        joblib.hash(value)
    except Exception:  # what cannot be pickled, such as a generator
        return repr(type(value))
    return value


def same(one, other):
    """Tell whether two results are the same, to the bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        return np.array_equal(one, other, equal_nan=one.dtype.kind in "fcmM")
    if hasattr(one, "equals"):  # a data frame
        return one.equals(other)
    return one is other or one == other or (one != one and other != other)
