"""
Label errors in handwritten digits
==================================

One label in ten of scikit-learn's digits is replaced by the next digit. We compare what the
detector finds with the true labels.
"""

# %%
# Inject label errors
# -------------------
from sklearn.datasets import load_digits

from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
y, wrong = make_label_noise(y_true, "asymmetric", 0.1, random_state=0)
print(f"{len(y)} images, {wrong.sum()} wrong labels")

# %%
# Find them
# ---------
from skdynacor import LabelErrorDetector

detector = LabelErrorDetector(random_state=0)
flags = detector.fit_predict(X, y)
print(f"{flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")
print(f"estimated noise rate {detector.noise_rate_:.3f}, true {wrong.mean():.3f}")

# %%
# The worst rows
# --------------
# Sorted by noise probability: given label → suggested label.
from skdynacor.displays import WorstImagesDisplay

WorstImagesDisplay.from_estimator(detector, X, y, images=X.reshape(-1, 8, 8), n_images=12)

# %%
# The transition matrix
# ---------------------
# Each digit was replaced by the next: the entries right of the diagonal.
from skdynacor.displays import TransitionDisplay

TransitionDisplay.from_estimator(detector, X, y)
