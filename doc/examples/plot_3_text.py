"""
Texts with wrong topics
=======================

``TfidfVectorizer`` turns texts into sparse rows, which stay sparse.
"""

# %%
# The corpus
# ----------
# The docstrings of scikit-learn: a text is three paragraphs, its topic is their module. One topic
# in ten is replaced by another.
import inspect
import re

import numpy as np
from sklearn.utils.discovery import all_estimators, all_functions

from skdynacor.datasets import make_label_noise

topics = ["cluster", "datasets", "linear_model", "metrics"]
texts, y_true = [], []
for _, documented in all_estimators() + all_functions():
    topic = documented.__module__.split(".")[1]
    if topic in topics:
        paragraphs = re.split(r"\n\s*\n", inspect.getdoc(documented) or "")
        prose = [p for p in paragraphs if len(p.split()) >= 15 and ">>>" not in p]
        for start in range(0, len(prose), 3):
            texts.append(" ".join(" ".join(prose[start : start + 3]).split()))
            y_true.append(topic)
y_true = np.array(y_true)
y, wrong = make_label_noise(y_true, "symmetric", 0.1, random_state=0)
print(f"{len(texts)} texts, {wrong.sum()} under the wrong topic")

# %%
# Find the wrong topics
# ---------------------
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from skdynacor import LabelErrorDetector

pipe = make_pipeline(
    TfidfVectorizer(stop_words="english", sublinear_tf=True),
    LabelErrorDetector(random_state=0),
)
flags = pipe.fit_predict(texts, y)
print(f"{flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")

# %%
# The worst texts, with their true topics
# ---------------------------------------
from skdynacor.inspection import label_issues

issues = label_issues(pipe, texts, y)[["position", "given_label", "suggested_label"]].head(8)
issues["true_label"] = y_true[issues.position]
issues["text"] = [texts[row][:50] + " …" for row in issues.position]
issues

# %%
# Given and suggested topics:
from skdynacor.displays import LabelMatrixDisplay

LabelMatrixDisplay.from_estimator(pipe, texts, y)
