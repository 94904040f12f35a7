"""Plots of what was found, by scikit-learn's conventions."""

from .data_map_display import DataMapDisplay
from .noise_probability_display import NoiseProbabilityDisplay
from .noise_reliability_display import NoiseReliabilityDisplay
from .trajectory_display import TrajectoryDisplay

__all__ = [
    "DataMapDisplay",
    "NoiseProbabilityDisplay",
    "NoiseReliabilityDisplay",
    "TrajectoryDisplay",
]
