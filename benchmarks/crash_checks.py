"""What the kinds of crashes share: fits to disturb, and whether what came of them may be believed.

An outcome is "same" (to the bit, as if nothing had happened), "refused" (by an error that names
what is wrong) or, where it is neither, a text that says what happened.
"""

import os
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import make_blobs

from skdynacor import make_dynacor_pipeline
from skdynacor.datasets import make_label_noise

FLOWS = {"default": "transition", "paper": "paper"}
N_EPOCHS = 6
SAME, REFUSED = "same", "refused"
#: Seconds after which what has not ended counts as hanging.
PATIENCE = 300


def make_rows(n_rows=400):
    """Return X of overlapping classes, given labels with a fifth wrong, and rows unseen."""
    X, y = make_blobs(2 * n_rows, centers=4, n_features=8, cluster_std=6.0, random_state=0)
    X = X.astype(np.float32)
    y, _ = make_label_noise(y[:n_rows], "symmetric", 0.2, random_state=0)
    return X[:n_rows], y, X[n_rows:]


def make_pipeline(flow, folder=None, **params):
    """Make the pipeline of a flow that saves its training in a folder; it is a short one."""
    pipe = make_dynacor_pipeline(recipe=FLOWS[flow], random_state=0, **params)
    for _, forest in pipe[1].partners:
        forest.set_params(n_estimators=10)
    pipe[1].set_params(checkpoint_dir=folder, classifier__max_epochs=N_EPOCHS)
    return pipe


def fit(flow, folder=None, **params):
    """Fit, and return all that was found, as arrays."""
    X, y, unseen = make_rows()
    pipe = make_pipeline(flow, folder, **params).fit(X, y)
    return found_by(pipe, unseen)


def found_by(pipe, unseen):
    """List what a fitted pipeline found, and makes of rows unseen."""
    collector, T = pipe[1], pipe[:-1].transform(unseen)
    believed = [collector.beliefs_.logits, collector.copies_.data, T.beliefs.logits]
    arrays = [pipe[-1].flags_, pipe[-1].noise_probability_, collector.dynamics_, *believed, T]
    return [np.asarray(array) for array in arrays]


def judge(call, wanted, named=None):
    """Give the outcome of a call whose result should equal ``wanted``.

    Parameters
    ----------
    call : callable
    wanted : list of ndarray
    named : str or None, default=None
        What an error must name; ``None`` wants none.
    """
    try:
        found = call()
    except (OSError, ValueError, RuntimeError) as error:
        if named is not None and named in str(error):
            return REFUSED
        return f"{type(error).__name__}: {error}"
    return compare(found, wanted)


def compare(found, wanted):
    """Give the outcome of a call that found something."""
    pairs = zip(found, wanted, strict=True)
    equal = all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)
    return SAME if equal else "another result"


class Child:
    """A call in a process of its own, which may be killed; it must be ended by ``wait``.

    It is a fork of a server that only imports: a fork of this process would have copies of the
    locks of its threads, but not the threads that let go of them.

    Parameters
    ----------
    call : callable
        What can be pickled.
    start_method : str, default="forkserver"
        With ``"spawn"``, the process imports all anew.
    """

    def __init__(self, call, start_method="forkserver"):
        context = get_context(start_method)
        if start_method == "forkserver":
            # torch imports the second one when it first makes an optimizer, which takes a second.
            context.set_forkserver_preload(["skdynacor.pipeline", "torch._dynamo"])
        self._receiving, sending = context.Pipe(duplex=False)
        self._process = context.Process(target=_send, args=(sending, call, torch.get_num_threads()))
        self._process.start()
        sending.close()

    def signal(self, number):
        """Send a signal, if there is still somebody to get it."""
        if not self.ended():
            os.kill(self._process.pid, number)

    def ended(self):
        """Tell whether the process has ended."""
        return self._process.exitcode is not None

    def wait(self):
        """Wait for what the call gives; return it, or None if it failed, hung or was killed."""
        try:
            return self._receiving.recv() if self._receiving.poll(PATIENCE) else None
        except EOFError:
            return None
        finally:
            self._process.kill()  # idle workers of its own would keep it for minutes
            self._process.join()


def _send(sending, call, n_threads):
    torch.set_num_threads(n_threads)
    sending.send(call())


def time_fit(flow, folder):
    """Return what an undisturbed fit finds, and how long it takes in a process of its own."""
    whole = fit(flow)
    Child(os.getpid).wait()  # starts the server, which imports all
    start = time.perf_counter()
    saved = Child(partial(fit, flow, folder)).wait()
    seconds = time.perf_counter() - start
    if compare(saved, whole) != SAME:
        raise RuntimeError(f"The flow {flow!r} finds something else when it saves its training.")
    return whole, seconds


def files_of(folder):
    """List the files of a checkpoint folder that hold something."""
    files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    return [path for path in files if path.suffix != ".lock"]
