"""Locks on files that Ctrl-C leaves closed."""

import signal
import threading
import time
from contextlib import contextmanager

from filelock import FileLock, Timeout

_SECONDS_BETWEEN_TRIES = 0.05


def take_lock(path, wait):
    """Take a lock that is free again when it is let go, or when the process ends in any way.

    Parameters
    ----------
    path : Path
    wait : bool
        Whether to wait for whoever has it.

    Returns
    -------
    lock : context manager
        Lets go of the lock at the end of its block.

    Raises
    ------
    filelock.Timeout
        If another process has it, and nobody wants to wait.
    """
    while True:
        try:
            with _ctrl_c_waits():
                return FileLock(path).acquire(timeout=0)
        except Timeout:
            if not wait:
                raise
        time.sleep(_SECONDS_BETWEEN_TRIES)


@contextmanager
def _ctrl_c_waits():
    """Heed Ctrl-C only when the block is done.

    Within it, a file that was just opened may be known by its number alone, and would stay open.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield  # Python interrupts the main thread only, and only if it handles the signal itself
        return
    pressed = []
    signal.signal(signal.SIGINT, lambda *args: pressed.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if pressed:
            handler(*pressed[0])
