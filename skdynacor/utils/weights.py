"""Weights of nets as arrays, which every way to save an estimator can save."""

import torch


def to_arrays(state):
    """Turn a dict of tensors into one of arrays on the host."""
    return {name: value.cpu().numpy() for name, value in state.items()}


def to_tensors(arrays):
    """Turn a dict of arrays into one of tensors."""
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
