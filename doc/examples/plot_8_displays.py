"""
All plots
=========

Displays follow scikit-learn's conventions. The labels of nearly one digit in five are wrong, half
of these replaced by the next digit.
"""

# %%
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
y, _ = make_label_noise(y_true, "asymmetric", 0.1, random_state=0)
y, _ = make_label_noise(y, "symmetric", 0.1, random_state=1)
detector = LabelErrorDetector(random_state=0).fit(X, y)

# %%
# Probabilities
# -------------
# Two groups with few rows between. With true labels, right and wrong labels are drawn separately,
# and the calibration can be checked.
from skdynacor.displays import NoiseProbabilityDisplay, NoiseReliabilityDisplay

figure, axes = plt.subplots(1, 2, figsize=(10, 4))
NoiseProbabilityDisplay.from_estimator(detector, X, y, y_true=y_true, ax=axes[0])
NoiseReliabilityDisplay.from_estimator(detector, X, y, y_true=y_true, ax=axes[1])
figure.tight_layout()

# %%
# Classes
# -------
# The estimated transition matrix, and the counts of given and suggested labels.
from skdynacor.displays import LabelMatrixDisplay, TransitionDisplay

figure, axes = plt.subplots(1, 2, figsize=(12, 5))
TransitionDisplay.from_estimator(detector, X, y, ax=axes[0])
LabelMatrixDisplay.from_estimator(detector, X, y, ax=axes[1])
figure.tight_layout()

# %%
# The worst images
# ----------------
from skdynacor.displays import WorstImagesDisplay

WorstImagesDisplay.from_estimator(detector, X, y, images=X.reshape(-1, 8, 8), n_images=12)

# %%
# Training dynamics
# -----------------
# These need the paper's pipeline. Flagged rows should run as the injected label errors.
from skdynacor.displays import DataMapDisplay, TrajectoryDisplay

pipe = make_dynacor_pipeline(random_state=0).fit(X, y)
TrajectoryDisplay.from_estimator(pipe, X, y)

# %%
# Each row by the mean and the standard deviation of its trajectory. Wrong labels have a low mean,
# hard rows a large standard deviation.
DataMapDisplay.from_estimator(pipe, X, y)

# %%
# Your own arrays
# ---------------
# ``from_predictions`` draws plain arrays of any method.
TrajectoryDisplay.from_predictions(pipe[-2].dynamics_, flags=y != y_true)
