"""Trainings that are kept between calls."""

import sklearn
import torch
from joblib import Memory

from .. import __version__
from .embeddings import cache_folder, make_room

_MOST_BYTES = "1G"


def open_cache():
    """Open the cache of trainings, by these versions; None if it cannot be written."""
    versions = "-".join([__version__, sklearn.__version__, torch.__version__])
    try:
        make_room(cache_folder())
        memory = Memory(cache_folder() / f"trainings-{versions}", verbose=0)
        memory.reduce_size(_MOST_BYTES)
    except OSError:
        return None
    return memory
