"""
Verdicts: tumours labelled by their size, and twenty biopsies
=============================================================

Labels often come from a rule of thumb. Here, tumours are labelled malignant if they are large; the
errors are real, and biopsies, which scikit-learn includes, tell the right labels. The rule's errors
look like class overlap, so hardly any is flagged until a person gives verdicts.
"""

# %%
# The label depends on the radius. The other features, on the texture and the shape of the cells,
# are what the detector gets.
import numpy as np
from sklearn.datasets import load_breast_cancer

data = load_breast_cancer(as_frame=True)
y = np.where(data.data["mean radius"] > 14, "malignant", "benign")
by_biopsy = data.target_names[data.target]
X = data.data.loc[:, ~data.data.columns.str.contains("radius|perimeter|area")]
print(f"{len(y)} tumours, of which {(y != by_biopsy).sum()} have a wrong label")

# %%
# Is a benign tumour among malignant ones an error, or do the classes overlap there? Features and
# labels do not tell, which ``noise_rate_interval_`` says.
from sklearn.metrics import precision_score, recall_score

from skdynacor import LabelErrorDetector

detector = LabelErrorDetector(threshold="f1", random_state=0).fit(X, y)
print(f"{detector.flags_.sum()} flagged")
print("noise rate between {:.2f} and {:.2f}".format(*detector.noise_rate_interval_))

# %%
# So we have twenty tumours biopsied. ``rows_to_review`` draws those that tell most.
rows = detector.rows_to_review(20, random_state=0)
verdicts = np.full(len(y), -1)
verdicts[rows] = y[rows] != by_biopsy[rows]
print(f"{verdicts[rows].sum()} of 20 labels are wrong")

# %%
# The verdicts recalibrate the probabilities of all rows. Nothing is trained again.
detector.recalibrate(verdicts)
rest = verdicts < 0
wrong, flags = (y != by_biopsy)[rest], detector.flags_[rest]
print(f"{flags.sum()} further labels flagged")
print(f"precision {precision_score(wrong, flags):.2f}, recall {recall_score(wrong, flags):.2f}")
print("noise rate between {:.2f} and {:.2f}".format(*detector.noise_rate_interval_))
print(f"{detector.verdicts_needed_} more verdicts would halve that interval")

# %%
# The more verdicts, the narrower the 95 % intervals. Dots are the truth.
from matplotlib import pyplot as plt

figure, panels = plt.subplots(1, 3, figsize=(10, 3), sharex=True, sharey=True)
for n_more in (0, 30, 50):
    if n_more:
        rows = detector.rows_to_review(n_more, random_state=0)
        verdicts[rows] = y[rows] != by_biopsy[rows]
        detector.recalibrate(verdicts)
    rest = verdicts < 0
    wrong, flags = (y != by_biopsy)[rest], detector.flags_[rest]
    found = {
        "noise rate": (detector.noise_rate_interval_, (y != by_biopsy).mean()),
        "precision": (detector.precision_interval_, precision_score(wrong, flags)),
        "recall": (detector.recall_interval_, recall_score(wrong, flags)),
    }
    for ax, (name, (interval, truth)) in zip(panels, found.items(), strict=True):
        n_verdicts = str((~rest).sum())
        ax.plot([n_verdicts] * 2, interval, color="#999999", linewidth=6, solid_capstyle="butt")
        ax.plot(n_verdicts, truth, "o", color="#d55e00")
        ax.set(title=name, xlabel="verdicts", ylim=(0, 1))
figure.tight_layout()
