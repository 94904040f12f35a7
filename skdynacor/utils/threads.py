"""The number of threads of a computation.

Threads wait for each other several times a step. Where steps are small, that costs more than it
gains, and beside processes that keep the cores busy, many times as much.
"""

from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

from .global_state import global_state_lock

#: Measured: a training step of 200 million operations is half as quick again on two threads, one
#: of 50 million a quarter; boosting gains as much from 20,000 rows of 16 features.
OPERATIONS_PER_THREAD = 200_000_000
ENTRIES_PER_THREAD = 200_000


def threads_for(work, per_thread):
    """Choose the number of threads, of those that torch may use, by the size of the work."""
    return int(min(max(1, work // per_thread), torch.get_num_threads()))


@contextmanager
def using_threads(work, per_thread):
    """Limit torch's, numpy's and scikit-learn's threads in a block by the size of its work.

    The setting is restored at the end; until then, other threads of this process cannot change it.
    """
    with global_state_lock():
        before, n_threads = torch.get_num_threads(), threads_for(work, per_thread)
        try:
            with threadpool_limits(n_threads):
                torch.set_num_threads(n_threads)
                yield
        finally:
            torch.set_num_threads(before)
