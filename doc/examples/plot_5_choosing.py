"""
Choose α and γ without clean labels
===================================

The paper's recipe has two parameters: γ, how many copies with planted labels there are, and α, how
strongly rows and copies are held together. The score of its detector needs no clean labels, so
that scikit-learn's grid search can choose.
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
# ``InSample`` trains on all rows and scores all rows, as the paper does. ``memory`` keeps
# trainings, so that there is one for each γ, however many values of α are tried.
with tempfile.TemporaryDirectory() as cache:
    search = GridSearchCV(
        make_dynacor_pipeline(recipe="paper", memory=cache, random_state=0),
        {"labelcorruptor__gamma": [0.05, 0.1, 0.2], "dynacordetector__alpha": [0.05, 0.5]},
        cv=InSample(),
    ).fit(X, y)
search.best_params_

# %%
# Does the score know?
# --------------------
# Here we have the truth, and can look at F1 beside it. F1 varies by few points: both parameters
# matter little here, which is as it should be. The score says how far apart flagged copies and
# unflagged rows are; it can tell a bad setting, and does not know which of two good ones is
# better.
rows = []
for params, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    flags = make_dynacor_pipeline(recipe="paper", random_state=0).set_params(**params)
    rows.append(
        {
            "γ": params["labelcorruptor__gamma"],
            "α": params["dynacordetector__alpha"],
            "score": score,
            "F1": f1_score(wrong, flags.fit_predict(X, y)),
        }
    )
scores = pd.DataFrame(rows)
scores.round(4)

# %%
from matplotlib import pyplot as plt

figure, ax = plt.subplots(figsize=(5, 3.5))
for alpha, color in [(0.05, "#0072B2"), (0.5, "#D55E00")]:
    ax.scatter("score", "F1", data=scores[scores["α"] == alpha], color=color, label=f"α = {alpha}")
ax.set(xlabel="score, without the truth", ylabel="F1 of the flags")
ax.legend()
figure.tight_layout()

# %%
# The default recipe has neither: it learns nothing from the copies, and checks itself by them.
default = make_dynacor_pipeline(random_state=0)
print(f"F1 of the default {f1_score(wrong, default.fit_predict(X, y)):.4f}")
print(f"share of the planted labels that it finds {default[-1].found_copies_:.4f}")
