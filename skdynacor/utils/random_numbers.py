"""Random numbers that leave the global state alone."""

import numbers
import zlib

import numpy as np
from sklearn.utils import check_random_state


def make_rng(random_state, purpose):
    """Make a generator of random numbers that only one purpose uses.

    Users seed everything with the same small number. Were the corruption of labels drawn from
    ``RandomState(0)``, it would pick the very rows whose labels a user made noisy with another
    ``RandomState(0)``; hence the purpose is part of the seed.

    NB: ``None`` draws entropy from the operating system; numpy's global generator is not used.
    """
    if random_state is None:
        return np.random.default_rng()
    if not isinstance(random_state, numbers.Integral):
        random_state = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return np.random.default_rng([int(random_state), zlib.crc32(purpose.encode())])


def draw_seed(rng):
    """Draw a seed for torch."""
    return int(rng.integers(2**63))


def draw_random_state(rng):
    """Draw a ``random_state`` for an estimator, which takes fewer bits than torch."""
    return int(rng.integers(2**31))


def set_random_states(estimator, rng):
    """Draw each ``random_state`` of an estimator, nested ones included, that is None."""
    unset = [
        name
        for name, value in sorted(estimator.get_params().items())
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return estimator.set_params(**{name: draw_random_state(rng) for name in unset})
