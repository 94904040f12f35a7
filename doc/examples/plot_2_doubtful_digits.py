"""
Which of the real digits are in doubt?
======================================

Nothing is planted here: these are the labels that scikit-learn ships. The people who wrote the
digits were told which to write, so that a slip of the pen is an error of a label.
"""

# %%
# A tool that looks for wrong labels may find some where there are none. So the first
# question is how many labels are flagged where people have looked at the data for decades.
from sklearn.datasets import load_digits

from skdynacor import make_dynacor_pipeline

X, y = load_digits(return_X_y=True)
detector = make_dynacor_pipeline(random_state=0).fit(X, y)[-1]
print(f"{detector.flags_.sum()} of {len(y)} labels flagged")
print(f"estimated noise rate {detector.noise_rate_:.5f}")

# %%
# It flags next to nothing, and we know of no error that it misses. The probabilities rank the rows
# all the same; these are the sixteen in which it trusts least, with the probability that the label
# is wrong. See for yourself which of them you would have read as labelled: they are hard to read
# at 8 × 8 pixels, and that is all that is shown here.
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
# Labels that people got wrong in earnest are in
# :ref:`sphx_glr_auto_examples_plot_3_doctors.py`; those of CIFAR-10N, NoisyAG-News and Yoruba
# headlines in :doc:`Results </results>`. The licences or sizes of the latter keep them out of this
# package; :func:`~skdynacor.datasets.load_cifar10n` reads yours.
