"""Plots of what was found, by scikit-learn's conventions."""

from .data_map_display import DataMapDisplay
from .label_matrix_display import LabelMatrixDisplay
from .noise_probability_display import NoiseProbabilityDisplay
from .noise_reliability_display import NoiseReliabilityDisplay
from .trajectory_display import TrajectoryDisplay
from .transition_display import TransitionDisplay
from .worst_images_display import WorstImagesDisplay

__all__ = [
    "DataMapDisplay",
    "LabelMatrixDisplay",
    "NoiseProbabilityDisplay",
    "NoiseReliabilityDisplay",
    "TrajectoryDisplay",
    "TransitionDisplay",
    "WorstImagesDisplay",
]
