"""
Texts: which paragraphs are filed under the wrong topic?
========================================================

Texts become sparse rows by ``TfidfVectorizer``, and stay sparse.
"""

# %%
# A corpus that everybody has
# ---------------------------
# The documentation of scikit-learn itself: three paragraphs of a docstring are a text, and the
# module that they come from is its topic. One topic in ten is replaced by another.
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
# Steps that change X come first
# ------------------------------
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from skdynacor import make_dynacor_pipeline

pipe = make_pipeline(
    TfidfVectorizer(stop_words="english", sublinear_tf=True),
    *make_dynacor_pipeline(random_state=0),
)
flags = pipe.fit_predict(texts, y)
print(f"{flags.sum()} flagged, {(flags & wrong).sum()} of them wrong")

# %%
# What was found
# --------------
# The worst first, and beside them what we know.
from skdynacor.inspection import label_issues

issues = label_issues(pipe, texts, y)[["position", "given_label", "suggested_label"]].head(8)
issues["right"] = y_true[issues.position]
issues["text"] = [texts[row][:50] + " …" for row in issues.position]
issues

# %%
# Which topic is suggested in place of which:
from skdynacor.displays import LabelMatrixDisplay

LabelMatrixDisplay.from_estimator(pipe, texts, y)
