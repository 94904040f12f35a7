"""Data to try detectors on."""

from ._label_noise import make_label_noise

__all__ = ["make_label_noise"]
