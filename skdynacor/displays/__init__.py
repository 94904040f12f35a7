"""Plots of label errors, as scikit-learn displays."""

from ._data_map_display import DataMapDisplay
from ._label_matrix_display import LabelMatrixDisplay
from ._noise_probability_display import NoiseProbabilityDisplay
from ._noise_reliability_display import NoiseReliabilityDisplay
from ._trajectory_display import TrajectoryDisplay
from ._transition_display import TransitionDisplay
from ._worst_images_display import WorstImagesDisplay

__all__ = [
    "DataMapDisplay",
    "LabelMatrixDisplay",
    "NoiseProbabilityDisplay",
    "NoiseReliabilityDisplay",
    "TrajectoryDisplay",
    "TransitionDisplay",
    "WorstImagesDisplay",
]
