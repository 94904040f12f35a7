"""Plots of what was found, by scikit-learn's conventions."""

from .data_map_display import DataMapDisplay
from .trajectory_display import TrajectoryDisplay

__all__ = [
    "DataMapDisplay",
    "TrajectoryDisplay",
]
