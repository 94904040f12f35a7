"""Where torch computes, and with which random numbers."""

from contextlib import ExitStack, contextmanager

import numpy as np
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
def own_settings():
    """Compute in the block, or the function, as a fresh torch does, whatever it was set to.

    That is with gradients, in single precision, on the CPU where nothing is said; a notebook may
    have set any of them for work of its own. numpy neither warns nor raises: what is no number is
    refused by name, and now and then products of matrices warn of entries that they do not have.
    All is put back.
    """
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(np.errstate(all="ignore"))
        enter(torch.inference_mode(False))
        enter(torch.enable_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                enter(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            enter(torch.device("cpu"))
        if torch.get_default_dtype() != torch.float32:
            enter(one_at_a_time())  # all threads share it
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float32)
        yield


@contextmanager
def seeded(seed):
    """Seed torch in the block, and use our own settings; restore all after. Other threads wait."""
    devices = range(torch.cuda.device_count())
    with one_at_a_time(), own_settings(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
