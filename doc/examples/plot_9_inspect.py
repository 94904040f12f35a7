"""
From flags to corrected labels
==============================

List the label issues, review them, correct y, and train on the result.
"""

# %%
# Data with an index and string labels, of which 10 % are replaced.
import pandas as pd
from sklearn.datasets import load_wine

from skdynacor import LabelErrorDetector
from skdynacor.datasets import make_label_noise

X, classes = load_wine(return_X_y=True, as_frame=True)
X.index = [f"bottle {number}" for number in range(1, len(X) + 1)]
y_true = pd.Series(classes.map({0: "Barolo", 1: "Grignolino", 2: "Barbera"}).array, X.index)
y = pd.Series(make_label_noise(y_true, "symmetric", 0.1, random_state=0)[0], X.index)
detector = LabelErrorDetector(random_state=0).fit(X, y)

# %%
# By class
# --------
from skdynacor.inspection import noise_summary

noise_summary(detector, X, y).round(3)

# %%
# By row
# ------
# The worst first. The two neighbours are the nearest rows with the suggested label.
from skdynacor.inspection import label_issues

issues = label_issues(detector, X, y, only_flagged=True)
issues.drop(columns="position").round(3).head()

# %%
# Review in a spreadsheet
# -----------------------
# ``write_review`` adds an empty column to fill in: ``keep``, ``suggested``, or a label. Here we
# fill in the true labels.
import tempfile
from pathlib import Path

from skdynacor.inspection import apply_corrections, read_review, write_review

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "review.csv")
    write_review(issues, path)
    sheet = pd.read_csv(path, dtype=str)
    sheet["decision"] = y_true.loc[sheet["index"]].to_list()
    sheet.to_csv(path, index=False)
    review = read_review(path, y)

y_corrected = apply_corrections(y, review)
print(f"{(y != y_true).sum()} wrong labels before, {(y_corrected != y_true).sum()} after")

# %%
# Or accept suggestions by their probability:
by_rule = apply_corrections(y, issues, accept=0.9)
print(f"{(by_rule != y_true).sum()} wrong labels after")

# %%
# A report
# --------
# One self-contained HTML file.
import skdynacor

# sphinx_gallery_thumbnail_path = "images/report-light.png"
with tempfile.TemporaryDirectory() as folder:
    path = skdynacor.report(detector, X, y, Path(folder, "report.html"), title="Labels of wine")
    print(f"{path.name}, {path.stat().st_size / 1000:.0f} kB")

# %%
# Accuracy
# --------
# Cross-validated accuracy, on the true labels, of a nearest-neighbour classifier.
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

nearest = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=1))
for name, labels in [("given", y), ("corrected", y_corrected)]:
    accuracy = (cross_val_predict(nearest, X, labels, cv=10) == y_true).mean()
    print(f"trained on {name} labels: {accuracy:.1%} right")
