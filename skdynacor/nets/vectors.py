"""What nets are told of features and classes, as tensors."""

import numpy as np
import torch
from sklearn.utils import check_array


def as_vector(values, length, name):
    """Make a tensor of a number for each feature.

    Parameters
    ----------
    values : array-like of shape (length,)
    length : int
    name : str
        Of the parameter, for errors.

    Returns
    -------
    vector : Tensor of shape (length,), float32

    Raises
    ------
    ValueError
    """
    values = check_array(values, dtype=np.float32, ensure_2d=False, allow_nd=True, input_name=name)
    if values.shape != (length,):
        raise ValueError(
            f"{name} must hold a number for each feature, in the shape {(length,)}; it has the "
            f"shape {values.shape}. An MLP takes rows of features: flatten images, or take another "
            "net."
        )
    return torch.from_numpy(values.copy())


def as_positions(values, stop, name):
    """Make a tensor of positions, of which none may come twice.

    Parameters
    ----------
    values : array-like of shape (n_positions,)
    stop : int
        All are from 0 to before this.
    name : str
        Of the parameter, for errors.

    Returns
    -------
    positions : Tensor of shape (n_positions,), int64

    Raises
    ------
    ValueError
    """
    found = check_array(values, dtype=None, ensure_2d=False, input_name=name)
    known = found.dtype.kind in "iu" and found.ndim == 1 and np.isin(found, np.arange(stop)).all()
    if not known or len(np.unique(found)) < len(found):
        raise ValueError(
            f"{name} must hold distinct whole numbers from 0 to {stop - 1}; got {values!r:.100}."
        )
    return torch.from_numpy(found.astype(np.int64))
