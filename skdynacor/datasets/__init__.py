"""Add label noise, and load data for experiments."""

from ._label_noise import make_label_noise
from ._npz import load_npz

__all__ = ["load_npz", "make_label_noise"]
