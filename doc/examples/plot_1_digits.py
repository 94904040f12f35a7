"""
Find errors in handwritten digits
=================================

One label in ten of scikit-learn's digits is replaced by the next digit. The detector is not told which;
we look at what it finds, and compare with what we know.
"""

# %%
# Plant errors
# ------------
from sklearn.datasets import load_digits

from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
y, wrong = make_label_noise(y_true, "asymmetric", 0.1, random_state=0)
print(f"{len(y)} images, {wrong.sum()} wrong labels")

# %%
# Find them
# ---------
# The pipeline takes the rows and the given labels, and nothing else.
from skdynacor import make_dynacor_pipeline

pipe = make_dynacor_pipeline(random_state=0)
pipe.fit(X, y)

# %%
detector = pipe[-1]
flags = detector.flags_
print(f"{flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")
print(f"estimated noise rate {detector.noise_rate_:.3f}, true {wrong.mean():.3f}")

# %%
# The worst first
# ---------------
# Rows sorted by the probability that their label is wrong: given label, and the one suggested.
import numpy as np
from matplotlib import pyplot as plt

worst = np.argsort(-detector.noise_probability_)[:16]
figure, axes = plt.subplots(2, 8, figsize=(10, 3.2))
for ax, row in zip(axes.flat, worst, strict=True):
    ax.imshow(X[row].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{y[row]}, rather {detector.suggested_labels_[row]}", fontsize=9)
    ax.set_axis_off()
figure.tight_layout()

# %%
# Which classes are mistaken for which
# ------------------------------------
# A row of ``transition_`` is a true class, a column a given label. We had replaced each digit by the next: the
# entries right of the diagonal.
print(detector.transition_.round(2))
