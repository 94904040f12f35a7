"""Parameters of nets with one number for each feature."""

import numpy as np
import torch
from sklearn.utils import check_array


def as_vector(values, length, name):
    """Make a float32 tensor of a number for each feature, (length,)."""
    values = check_array(values, dtype=np.float32, ensure_2d=False, allow_nd=True, input_name=name)
    if values.shape != (length,):
        raise ValueError(
            f"{name} must hold a number for each feature, in the shape {(length,)}; it has the "
            f"shape {values.shape}. An MLP takes rows of features: flatten images, or take another "
            "net."
        )
    return torch.from_numpy(values.copy())
