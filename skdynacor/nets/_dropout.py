"""Dropout that is fast on a CPU."""

from numbers import Real

import torch
from torch import nn
from torch.nn import functional as F

from ..utils.sklearn_private import Interval, validates_arguments


class ByteDropout(nn.Module):
    """Drop entries independently, each with the same probability, and scale up the others.

    On a CPU torch draws a number for each entry, which takes as long as the matrix product beside
    it. Here every entry gets one byte of 64-bit random integers, and is dropped where that is less
    than 256 p. Other devices use torch's own dropout, which is quick there.

    Parameters
    ----------
    p : float in [0, 1), default=0.5
        Probability to be dropped. On a CPU it is rounded to a multiple of 1/256.
    """

    @validates_arguments(p=[Interval(Real, 0, 1, closed="left")])
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, X):
        """Drop entries of a tensor of any shape, in training only."""
        if not self.training or self.p == 0:
            return X
        if X.device.type != "cpu":
            return F.dropout(X, self.p)
        n_dropped = min(round(256 * self.p), 255)  # of the 256 values of a byte
        words = torch.empty((X.numel() + 7) // 8, dtype=torch.int64)
        draws = words.random_(torch.iinfo(torch.int64).min, None).view(torch.uint8)
        kept = (draws[: X.numel()] >= n_dropped).view(X.shape).to(X.dtype)
        return X * kept.mul_(256 / (256 - n_dropped))

    def extra_repr(self):
        return f"p={self.p}"
