"""What a process has one of, such as torch's random numbers, is set by one thread at a time."""

import os
import threading
from contextlib import contextmanager

_lock = threading.RLock()


@contextmanager
def one_at_a_time():
    """Let no other thread of this process into any such block, until this one ends."""
    with _lock:
        yield


def _renew():
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    # The thread that has the lock is not there in a forked process, and would never let go.
    os.register_at_fork(after_in_child=_renew)
