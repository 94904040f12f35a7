"""Keep all cores busy, by a process for each."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager


@contextmanager
def busy_cores(n_cores):
    """Wait until cores are busy, and keep them busy until the block ends; give the processes.

    Raises
    ------
    RuntimeError
        If a process ended before the block did: then its core was not busy all the time.
    """
    with ExitStack() as stack:
        processes = []
        for _ in range(n_cores):
            process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE)
            processes.append(stack.enter_context(process))
            stack.callback(process.kill)
        for process in processes:
            process.stdout.readline()
        refuse_ended(processes)
        yield processes
        refuse_ended(processes)


def refuse_ended(processes):
    """Refuse to go on if a process has ended."""
    ended = [process.returncode for process in processes if process.poll() is not None]
    if ended:
        raise RuntimeError(
            f"{len(ended)} of {len(processes)} busy processes ended early (exit status "
            f"{', '.join(map(str, ended))}), so not all cores were busy. Run it again."
        )


def spin(warm_up=0.2):
    """Compute until the parent is gone; say so after ``warm_up`` seconds of a core's time."""
    parent, silent = os.getppid(), True
    while os.getppid() == parent:
        sum(range(100_000))
        if silent and time.process_time() > warm_up:
            print("busy", flush=True)
            silent = False


if __name__ == "__main__":
    spin()
