"""Where torch computes, and with which random numbers."""

from contextlib import contextmanager

import torch

from .one_at_a_time import one_at_a_time


def choose_device(device, otherwise="cpu"):
    """Resolve ``"auto"``: CUDA when there is one, else ``otherwise``.

    Raises
    ------
    ValueError
        If torch knows no such device, or this machine has none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else otherwise
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} cannot be used here ({str(error).partition(chr(10))[0]}); pass "
            "'auto', 'cpu', or a device of torch's that this machine has."
        ) from error
    return device


@contextmanager
def seeded(seed):
    """Seed torch in the block; restore its state after. Other threads wait."""
    with one_at_a_time(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
