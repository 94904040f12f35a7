"""Where torch computes, and with which random numbers."""

from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from .global_state import global_state_lock


def choose_device(device, otherwise="cpu"):
    """Resolve ``"auto"``: CUDA when there is one, else ``otherwise``."""
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
def default_torch_settings():
    """Run a block or function with torch's default settings; restore the caller's after.

    Gradients are on, the dtype is float32, the device the CPU, and autocast off, whatever a
    notebook has set for work of its own. numpy does not warn.
    """
    with ExitStack() as stack:
        enter = stack.enter_context
        # Products of matrices may warn without cause; what is not finite is refused later.
        enter(np.errstate(all="ignore"))
        enter(torch.inference_mode(False))
        enter(torch.enable_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                enter(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            enter(torch.device("cpu"))
        if torch.get_default_dtype() != torch.float32:
            enter(global_state_lock())  # all threads share the dtype
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(torch.float32)
        yield


@contextmanager
def seeded(seed):
    """Seed torch in a block, with default settings; restore all after. Other threads wait."""
    devices = range(torch.cuda.device_count())
    with global_state_lock(), default_torch_settings(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
