"""
A table with categories, dates and missing values
=================================================

skrub's ``TableVectorizer`` turns a data frame into numbers. Missing values stay missing: the
forests of the default take them.
"""

# %%
# The table
# ---------
# Synthetic loan applications, decided by a rule. Then 8 % of the decisions are flipped.
import numpy as np
import pandas as pd

from skdynacor.datasets import make_label_noise

rng = np.random.default_rng(0)
n = 1500
income = np.exp(rng.normal(10.3, 0.4, n)).round(-2)
table = pd.DataFrame(
    {
        "home": rng.choice(["rent", "own", "mortgage"], n, p=[0.4, 0.2, 0.4]),
        "job": rng.choice(["nurse", "driver", "teacher", "engineer", "waiter", "clerk"], n),
        "customer_since": pd.Timestamp("2015-01-01")
        + pd.to_timedelta(rng.integers(0, 3000, n), "D"),
        "income": income,
        "debt": (income * rng.beta(2, 4, n)).round(-2),
        "late_payments": rng.poisson(1.2, n),
    }
)
risk = 3 * table.debt / table.income + table.late_payments / 2
risk -= 1.2 * (table.home == "own") + 0.6 * table.job.isin(["engineer", "nurse"])
y_true = np.where(risk > risk.quantile(0.6), "declined", "approved")
y, wrong = make_label_noise(y_true, "symmetric", 0.08, random_state=0)
for column, share in [("job", 0.1), ("income", 0.15), ("debt", 0.05)]:
    table.loc[rng.random(n) < share, column] = None
table.head()

# %%
# The detector
# ------------
from sklearn.pipeline import make_pipeline
from skrub import TableVectorizer

from skdynacor import LabelErrorDetector

pipe = make_pipeline(TableVectorizer(), LabelErrorDetector(random_state=0))
flags = pipe.fit_predict(table, y)
print(f"{wrong.sum()} wrong labels; {flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")
print("weights:", {name: round(weight, 2) for name, weight in pipe[-1].weights_.items()})

# %%
# Near the decision boundary, and where income or debt is missing, wrong labels look like right
# ones, and some are not flagged.
from skdynacor.displays import NoiseProbabilityDisplay

NoiseProbabilityDisplay.from_estimator(pipe, table, y, y_true=y_true)

# %%
from skdynacor.inspection import label_issues

issues = label_issues(pipe, table, y)[["position", "given_label", "noise_probability"]].head(6)
issues.merge(table, left_on="position", right_index=True).round({"noise_probability": 3})
