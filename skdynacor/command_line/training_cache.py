"""Trainings that are kept between calls."""

from joblib import Memory

from .. import __version__
from .embeddings import cache_folder

_MOST_BYTES = "1G"


def open_cache():
    """Open the cache of trainings, of this version; None if it cannot be written."""
    try:
        memory = Memory(cache_folder() / f"trainings-{__version__}", verbose=0)
        memory.reduce_size(_MOST_BYTES)
    except OSError:
        return None
    return memory
