"""What befalls processes: workers and peers that are killed, and Ctrl-C."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from multiprocessing import get_context

import numpy as np
import psutil
import torch
from crash_checks import (
    PATIENCE,
    REFUSED,
    SAME,
    Child,
    compare,
    fit,
    found_by,
    make_pipeline,
    make_rows,
)
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNetClassifier
from skorch.hf import AccelerateMixin

from skdynacor import DynaCorDetector, DynamicsCollector, TransitionDetector
from skdynacor.cleaning import LabelCleaningClassifier
from skdynacor.nets import MLP
from skdynacor.robust import DivideMixClassifier

# --- one of several processes is killed ---------------------------------------------------------


def kill_worker(flow, rng, n, folder):
    """Kill one of the workers that train both halves, then make the same call again."""
    call = partial(_kill_workers, flow, rng.random(n), folder, fit(flow))
    yield from Child(call, "spawn").wait() or ["it hangs, or ends early"] * n


def _kill_workers(flow, moments, folder, whole):
    fit(flow, n_jobs=2)  # starts workers, which import all
    start = time.perf_counter()
    fit(flow, n_jobs=2)
    seconds = time.perf_counter() - start
    outcomes = []
    for number, moment in enumerate(moments):
        own = folder / str(number)
        killer = threading.Thread(target=_kill_a_worker, args=(moment * seconds,))
        killer.start()
        try:
            outcome = compare(fit(flow, own, n_jobs=2), whole)  # it was done already
        except TerminatedWorkerError:
            resumed = compare(fit(flow, own, n_jobs=2), whole)
            outcome = REFUSED if resumed == SAME else resumed
        killer.join()
        outcomes.append(outcome)
    return outcomes


def _kill_a_worker(seconds):
    """Kill a worker some seconds after there is one that has imported all."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        workers = [child for child in psutil.Process().children() if _is_worker(child)]
        if workers:
            time.sleep(seconds)
            workers[-1].kill()
            return
        time.sleep(0.01)


def _is_worker(process):
    try:
        return any("popen_loky_posix" in argument for argument in process.cmdline())
    except psutil.NoSuchProcess:
        return False


class AcceleratedNet(AccelerateMixin, NeuralNetClassifier):
    """Trained by accelerate."""


def kill_peer(flow, rng, n, folder):
    """Kill one of two processes that train a net together; the other must end by an error."""
    context = get_context("spawn")
    for number in range(n):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        own = folder / str(number)
        own.mkdir()
        calls = [(rank, port, own, flow == "default") for rank in (0, 1)]
        peers = [context.Process(target=_train_as_one_of_two, args=call) for call in calls]
        for peer in peers:
            peer.start()
        try:
            killed = int(rng.integers(2))
            if not _wait_for(lambda own=own: len(list(own.glob("trains-*"))) == 2):
                yield "they do not begin"
                continue
            time.sleep(rng.uniform(0, 3))
            peers[killed].kill()
            peers[1 - killed].join(PATIENCE)
            error = own / f"error-{1 - killed}"
            yield REFUSED if error.exists() and error.read_text() else "no error, or it hangs"
        finally:
            for peer in peers:
                peer.kill()
                peer.join()


def _wait_for(condition):
    give_up = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.01)
    return condition()


def _train_as_one_of_two(rank, port, folder, held_out):
    import accelerate

    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    X, y, _ = make_rows()
    net = AcceleratedNet(
        MLP,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=100_000,  # it is killed long before
        batch_size=32,
        accelerator=accelerate.Accelerator(cpu=True),
        iterator_train__shuffle=True,
        callbacks__print_log=None,
    )
    (folder / f"trains-{rank}").touch()
    try:
        DynamicsCollector(net, held_out=held_out, keep_checkpoints=False, random_state=0).fit(X, y)
    except Exception as error:
        (folder / f"error-{rank}").write_text(f"{type(error).__name__}: {error}")


# --- Ctrl-C -------------------------------------------------------------------------------------


def make_fits(flow, folder):
    """List what Ctrl-C is tried on: an estimator, what it is fitted on, what it finds."""
    X, y, unseen = make_rows()
    pipe = make_pipeline(flow)
    T = pipe[:-1].fit_transform(X, y)
    held_out = flow == "default"
    detector = TransitionDetector if held_out else DynaCorDetector
    return [
        (pipe, (X, y), partial(found_by, unseen=unseen)),
        (make_pipeline(flow, folder / "training")[1], (X, y), lambda fitted: [fitted.dynamics_]),
        (detector(random_state=0), (T, y), lambda fitted: [fitted.noise_probability_]),
        (DivideMixClassifier(random_state=0), (X, y), lambda fitted: [fitted.predict_proba(X)]),
        (
            LabelCleaningClassifier(LogisticRegression(max_iter=1000), pipe),
            (X, y),
            lambda fitted: [fitted.predict_proba(X)],
        ),
    ]


def interrupt(flow, rng, n, folder):
    """Press Ctrl-C at random moments of a fit, which must leave nothing; fit again in the end."""
    (folder / "temporary").mkdir()
    tempfile.tempdir = str(folder / "temporary")  # others write to the machine's
    for estimator, args, find in make_fits(flow, folder):
        start = time.perf_counter()
        whole = find(clone(estimator).fit(*args))
        seconds = time.perf_counter() - start
        shutil.rmtree(folder / "training", ignore_errors=True)
        for _ in range(n):
            yield _interrupt(clone(estimator), args, rng.uniform(0, seconds), folder)
        outcome = compare(find(clone(estimator).fit(*args)), whole)
        if outcome != SAME:
            yield f"{type(estimator).__name__}: {outcome}"
    tempfile.tempdir = None


def _interrupt(estimator, args, seconds, folder):
    before, attributes, done = _traces(folder), set(vars(estimator)), False
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        estimator.fit(*args)
        done = True
        timer.cancel()
    except KeyboardInterrupt:
        pass
    timer.join()
    after, name = _traces(folder), type(estimator).__name__
    changed = [kind for kind in before if after[kind] != before[kind]]
    if changed:
        return f"{name}: Ctrl-C changes {', '.join(changed)}"
    if done:
        return SAME
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        own = set(vars(estimator)) == attributes
        return REFUSED if own else f"{name}: Ctrl-C leaves attributes"
    return f"{name}: Ctrl-C leaves it fitted"


def _traces(folder):
    """Give what a fit must leave as it was."""
    process = psutil.Process()
    numpy_state = np.random.get_state()  # noqa: NPY002
    halves = [folder / "training" / half for half in ("", "first-half", "second-half")]
    return {
        "children": [child.pid for child in process.children(recursive=True)],
        "threads": [thread.name for thread in threading.enumerate()],
        "open files": process.num_fds(),
        "number of torch's threads": torch.get_num_threads(),
        "random numbers": (torch.get_rng_state().tolist(), numpy_state[1].tolist()),
        "working folder": sorted(os.listdir()),
        "temporary files": sorted(os.listdir(tempfile.gettempdir())),
        "half files": [path for half in halves for path in half.glob("*.part")],
    }


def interrupt_command(flow, rng, n, folder):
    """Press Ctrl-C at random moments of ``skdynacor find``."""
    X, y, _ = make_rows()
    np.savez(folder / "a.npz", X=X, y_given=y)
    out = folder / "issues.csv"
    command = [sys.executable, "-m", "skdynacor", "find", folder / "a.npz", "--out", out]
    start = time.perf_counter()
    subprocess.run([*command, "--quiet"], check=True, timeout=PATIENCE)
    seconds = time.perf_counter() - start
    whole = out.read_bytes()
    while n > 0:
        out.unlink(missing_ok=True)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, text=True, **pipes)
        # Python itself, before it has the command, is not ours to test.
        time.sleep(0.2 + rng.uniform(0, seconds))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE)
        left = sorted(path.name for path in folder.iterdir())
        n -= 1
        if process.returncode == 0 and out.read_bytes() == whole:
            yield SAME
        elif process.returncode not in (130, -signal.SIGINT) or len(told.splitlines()) > 1:
            yield f"exit code {process.returncode}: {told}"
        else:
            whole_or_not = not out.exists() or out.read_bytes() == whole
            yield REFUSED if whole_or_not and len(left) <= 2 else f"leaves {left}"


KINDS = {
    "killed worker": (kill_worker, 1),
    "killed peer": (kill_peer, 1),
    "Ctrl-C": (interrupt, 2),
    "Ctrl-C of the command": (interrupt_command, 2),
}
