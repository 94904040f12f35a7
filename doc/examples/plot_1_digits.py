"""
Find errors in handwritten digits
=================================

One label in ten of scikit-learn's digits is replaced by the next digit. The detector is not told
which; we look at what it finds, and compare with what we know.
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
# Rows sorted by the probability that their label is wrong: the given label, and the one suggested.
from skdynacor.displays import WorstImagesDisplay

WorstImagesDisplay.from_estimator(pipe, X, y, images=X.reshape(-1, 8, 8), n_images=12)

# %%
# Which classes are mistaken for which
# ------------------------------------
# We had replaced each digit by the next: the entries right of the diagonal.
from skdynacor.displays import TransitionDisplay

TransitionDisplay.from_estimator(pipe, X, y)
