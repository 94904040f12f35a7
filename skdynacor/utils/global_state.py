"""A lock on state that all threads of a process share, such as torch's random numbers."""

import os
import threading
from contextlib import contextmanager

_lock = threading.RLock()


@contextmanager
def global_state_lock():
    """Let one thread at a time into such blocks; a thread may nest them."""
    with _lock:
        yield


def _renew():
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    # The thread that holds the lock does not exist in a forked process, and cannot release it.
    os.register_at_fork(after_in_child=_renew)
