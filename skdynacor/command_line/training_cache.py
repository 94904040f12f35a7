"""Trainings that are kept between calls."""

import os
from pathlib import Path

from joblib import Memory

from .. import __version__

_MOST_BYTES = "1G"


def open_cache():
    """Open the user's cache, of this version; None if it cannot be written.

    Its folder is ``SKDYNACOR_CACHE``, or skdynacor in the user's folder of caches.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("SKDYNACOR_CACHE") or Path(home) / "skdynacor"
    try:
        memory = Memory(Path(folder) / __version__, verbose=0)
        memory.reduce_size(_MOST_BYTES)
    except OSError:
        return None
    return memory
