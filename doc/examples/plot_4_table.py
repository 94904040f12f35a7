"""
A table with categories, dates and missing values
=================================================

skrub's ``TableVectorizer`` turns a data frame as it is into numbers. Missing values stay missing:
the forests of the default take them.
"""

# %%
# A table
# -------
# Made on the spot: who asked for a loan, and what was decided by a rule. Then every twelfth
# decision was entered wrongly.
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

from skdynacor import make_dynacor_pipeline

pipe = make_pipeline(TableVectorizer(), *make_dynacor_pipeline(random_state=0))
flags = pipe.fit_predict(table, y)
print(f"{wrong.sum()} wrong labels; {flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")
print("who was heard how much:", pipe[-2].weights_)

# %%
# Where income or debt is missing, and near the line between the two decisions, a wrong label looks
# like a right one. That is why a part of them is not flagged: they are doubtful, and no more.
from skdynacor.displays import NoiseProbabilityDisplay

NoiseProbabilityDisplay.from_estimator(pipe, table, y, y_true=y_true)

# %%
from skdynacor.inspection import label_issues

issues = label_issues(pipe, table, y)[["position", "given_label", "noise_probability"]].head(6)
issues.merge(table, left_on="position", right_index=True).round({"noise_probability": 3})

# %%
# Numbers alone: any encoder that gives numbers will do, as scikit-learn's ``OrdinalEncoder`` or
# ``OneHotEncoder``.
