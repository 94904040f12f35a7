"""
False alarms on clean labels
============================

How many labels are flagged if nothing is injected? These are the labels that scikit-learn
ships.
"""

# %%
from sklearn.datasets import load_digits

from skdynacor import LabelErrorDetector

X, y = load_digits(return_X_y=True)
detector = LabelErrorDetector(random_state=0).fit(X, y)
print(f"{detector.flags_.sum()} of {len(y)} labels flagged")
print(f"estimated noise rate {detector.noise_rate_:.5f}")

# %%
# The noise probability ranks rows even where none is flagged. These sixteen have the largest
# ones; they are hard to read at 8 × 8 pixels.
import numpy as np
from matplotlib import pyplot as plt

worst = np.argsort(-detector.noise_probability_)[:16]
figure, axes = plt.subplots(2, 8, figsize=(10, 3.2))
for ax, row in zip(axes.flat, worst, strict=True):
    ax.imshow(X[row].reshape(8, 8), cmap="gray_r")
    ax.set_title(f"{y[row]}: {detector.noise_probability_[row]:.1g}", fontsize=9)
    ax.set_axis_off()
figure.tight_layout()

# %%
# :ref:`sphx_glr_auto_examples_plot_3_doctors.py` has human label errors.
