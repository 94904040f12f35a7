"""Where torch computes, and with which random numbers."""

from contextlib import contextmanager

import torch


def choose_device(device, otherwise="cpu"):
    """Resolve ``"auto"``: CUDA when there is one, else ``otherwise``."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else otherwise


@contextmanager
def seeded(seed):
    """Seed torch in the block; restore its state after."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
