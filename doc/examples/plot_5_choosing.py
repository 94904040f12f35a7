"""
Grid search over α and γ
========================

The paper's method has two parameters: γ, the number of corrupted copies, and α, the weight of the
alignment loss. Its score needs no clean labels, so ``GridSearchCV`` can choose them.
"""

# %%
import tempfile

import pandas as pd
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV

from skdynacor import make_dynacor_pipeline
from skdynacor.datasets import make_label_noise
from skdynacor.model_selection import InSample

X, y_true = load_digits(n_class=5, return_X_y=True)
y, wrong = make_label_noise(y_true, "symmetric", 0.3, random_state=0)

# %%
# ``InSample`` trains and scores on all rows, as in the paper. ``memory`` caches the training, so
# there is one for each γ.
with tempfile.TemporaryDirectory() as cache:
    search = GridSearchCV(
        make_dynacor_pipeline(memory=cache, random_state=0),
        {"labelcorruptor__gamma": [0.05, 0.1, 0.2], "dynacordetector__alpha": [0.05, 0.5]},
        cv=InSample(),
    ).fit(X, y)
search.best_params_

# %%
# Score and F1
# ------------
# With the true labels we can compute F1, too. It varies by a few points only. The score measures
# how far apart flagged copies and unflagged rows are. It detects a bad setting, and does not rank
# good ones.
rows = []
for params, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    pipe = make_dynacor_pipeline(random_state=0).set_params(**params)
    rows.append(
        {
            "γ": params["labelcorruptor__gamma"],
            "α": params["dynacordetector__alpha"],
            "score": score,
            "F1": f1_score(wrong, pipe.fit_predict(X, y)),
        }
    )
scores = pd.DataFrame(rows)
scores.round(4)

# %%
from matplotlib import pyplot as plt

figure, ax = plt.subplots(figsize=(5, 3.5))
for alpha, color in [(0.05, "#0072B2"), (0.5, "#D55E00")]:
    ax.scatter("score", "F1", data=scores[scores["α"] == alpha], color=color, label=f"α = {alpha}")
ax.set(xlabel="score (no true labels)", ylabel="F1 of the flags")
ax.legend()
figure.tight_layout()

# %%
# The default has neither parameter.
from skdynacor import LabelErrorDetector

default = LabelErrorDetector(random_state=0)
print(f"F1 of the default {f1_score(wrong, default.fit_predict(X, y)):.4f}")
