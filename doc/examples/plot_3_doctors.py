"""
Human label errors: five doctors rate 45 patients
=================================================

Five anaesthetists rated from forms how fit 45 patients were for an operation, from 1 to 4. The
first one did so three times. The ratings are from Dawid and Skene ("Maximum Likelihood Estimation
of Observer Error-Rates Using the EM Algorithm", Applied Statistics, 1979, Table 1,
https://doi.org/10.2307/2346806).
"""

# %%
# For each patient: three ratings of the first doctor, then one of each other doctor.
import numpy as np

RATINGS = """
    1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343
    1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222
    1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
    2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""
ratings = np.array([list(each) for each in RATINGS.split()]).astype(int)  # (n_patients, 7)
n_patients, n_ratings = ratings.shape

# %%
# Each rating is a row and its label. The features are the other six ratings of the patient: how
# many of them are 1, 2, 3 and 4.
is_grade = ratings[:, :, None] == np.arange(1, 5)  # (n_patients, 7, 4)
X = (is_grade.sum(axis=1, keepdims=True) - is_grade).reshape(-1, 4)
y = ratings.ravel()
groups = np.repeat(np.arange(n_patients), n_ratings)
print(f"{len(y)} ratings")

# %%
# The true grades are not known, so we compare with the majority. Ratings of one patient form a
# group: the features of one contain the label of another.
import pandas as pd

from skdynacor import LabelErrorDetector
from skdynacor.inspection import label_issues

detector = LabelErrorDetector(random_state=0).fit(X, y, groups=groups)
flags = detector.flags_
majority = np.repeat(is_grade.sum(axis=1).argmax(axis=1) + 1, n_ratings)
print(f"{(y != majority).sum()} ratings differ from the majority")
print(f"{flags.sum()} are flagged, of which {(y != majority)[flags].sum()} differ from it")
issues = label_issues(detector, X, y)
issues[["given_label", "suggested_label", "noise_probability"]].head(6)

# %%
# By doctor: the ratings of the first doctor differ from each other, too.
from matplotlib import pyplot as plt

names = ["doctor 1", "again", "once more", "doctor 2", "doctor 3", "doctor 4", "doctor 5"]
shares = pd.DataFrame(
    {
        "flagged": flags.reshape(n_patients, n_ratings).mean(axis=0),
        "not the majority": (y != majority).reshape(n_patients, n_ratings).mean(axis=0),
    },
    index=names,
)
axes = (100 * shares).plot.barh(color=["#d55e00", "#999999"], figsize=(7, 4))
axes.invert_yaxis()
axes.set_xlabel("ratings, %")
plt.tight_layout()
