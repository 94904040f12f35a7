"""
Comparison with cleanlab and other methods
==========================================

All baselines have the same ``fit_predict``. Here on digits with four kinds of noise;
:doc:`Results </results>` has eleven data sets and several seeds.
"""

# %%
import time

import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.baselines import ConfidentLearning, SimiFeatR, SimiFeatV
from skdynacor.datasets import make_label_noise

X, y_true = load_digits(return_X_y=True)
logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
methods = {
    "LabelErrorDetector": LabelErrorDetector(random_state=0),
    "DynaCor": make_dynacor_pipeline(random_state=0),
    "cleanlab, logistic regression": ConfidentLearning(logistic, random_state=0),
    "SimiFeat-V": SimiFeatV(),
    "SimiFeat-R": SimiFeatR(),
}

# %%
# F1 of the flags in %, and seconds
# ---------------------------------
rows = []
for kind, rate in [("symmetric", 0.1), ("symmetric", 0.3), ("asymmetric", 0.3), ("instance", 0.3)]:
    y, wrong = make_label_noise(y_true, kind, rate, X, random_state=0)
    for name, method in methods.items():
        start = time.perf_counter()
        f1 = 100 * f1_score(wrong, method.fit_predict(X, y))
        seconds = time.perf_counter() - start
        rows.append({"method": name, "noise": f"{kind} {rate}", "F1": f1, "seconds": seconds})
runs = pd.DataFrame(rows)
table = runs.pivot(index="method", columns="noise", values="F1")
table["mean"] = table.mean(axis=1)
table["seconds"] = runs.groupby("method").seconds.mean()
table.loc[list(methods)].round(1)

# %%
f1 = table.loc[list(methods)[::-1]].drop(columns=["mean", "seconds"])
ax = f1.plot.barh(width=0.8, color=["#0072B2", "#E69F00", "#009E73", "#CC79A7"])
ax.set(xlabel="F1 of the flags, %", ylabel="", xlim=(50, 100))
ax.legend(fontsize=8)
ax.figure.tight_layout()

# %%
# Differences of a point or two are within the variance of seeds. The digits hardly overlap; all
# methods are worse on data with class overlap.
