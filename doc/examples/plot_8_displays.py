"""
All plots
=========

Displays work as scikit-learn's do. Here they draw digits of which nearly one label in five is
wrong, half of these by confusion of a digit with the next.
"""

# %%
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

from skdynacor import make_dynacor_pipeline
from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
y, _ = make_label_noise(y_true, "asymmetric", 0.1, random_state=0)
y, _ = make_label_noise(y, "symmetric", 0.1, random_state=1)
pipe = make_dynacor_pipeline(random_state=0).fit(X, y)

# %%
# Trails
# ------
# A label that is learnt early and kept is most likely right. Flagged rows should run as the
# planted labels, which are known to be wrong.
from skdynacor.displays import TrajectoryDisplay

TrajectoryDisplay.from_estimator(pipe, X, y)

# %%
# A map of the rows
# -----------------
# Each row by the mean of its trail and its spread. Wrong labels lie low; hard rows lie to the
# right.
from skdynacor.displays import DataMapDisplay

DataMapDisplay.from_estimator(pipe, X, y)

# %%
# Probabilities
# -------------
# Two groups, and few rows between: little doubt. If you have the truth, right and wrong labels are
# drawn each.
from skdynacor.displays import NoiseProbabilityDisplay, NoiseReliabilityDisplay

figure, axes = plt.subplots(1, 2, figsize=(10, 4))
NoiseProbabilityDisplay.from_estimator(pipe, X, y, y_true=y_true, ax=axes[0])
NoiseReliabilityDisplay.from_estimator(pipe, X, y, y_true=y_true, ax=axes[1])
figure.tight_layout()

# %%
# Classes
# -------
# How often a row of each class is given each label, as estimated; and how often which label is
# suggested in place of which.
from skdynacor.displays import LabelMatrixDisplay, TransitionDisplay

figure, axes = plt.subplots(1, 2, figsize=(12, 5))
TransitionDisplay.from_estimator(pipe, X, y, ax=axes[0])
LabelMatrixDisplay.from_estimator(pipe, X, y, ax=axes[1])
figure.tight_layout()

# %%
# The worst images
# ----------------
from skdynacor.displays import WorstImagesDisplay

WorstImagesDisplay.from_estimator(pipe, X, y, images=X.reshape(-1, 8, 8), n_images=12)

# %%
# Arrays of your own
# ------------------
# ``from_predictions`` draws the same from plain arrays, of whatever method.
TrajectoryDisplay.from_predictions(pipe[-2].dynamics_, flags=y != y_true)
