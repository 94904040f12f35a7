"""``skdynacor demo``: find label errors injected into the digits of scikit-learn."""

import sys
import time

import pandas as pd
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score, precision_score, recall_score

from .. import LabelErrorDetector
from ..datasets import make_label_noise
from ..displays import NoiseProbabilityDisplay
from ..inspection import label_issues, write_review
from ..reporting.report import report
from ..utils.files import writing
from .outputs import check_outputs

_TEXT = """\
{} images of handwritten digits, with injected label errors

{}

For the last, wrote {} (label issues for a review),
{} (a plot) and {} (for the browser).

For your own data, a table with a column of labels:

    skdynacor find data.csv --label COLUMN --out issues.csv --report report.html
"""


def demo(args):
    """Inject label errors, find them and write files; return the exit code and the text."""
    paths = [args.out / name for name in ("issues.csv", "noise-probability.png", "report.html")]
    args.out.mkdir(parents=True, exist_ok=True)
    check_outputs({"--out": paths[0]})
    X, y_true = load_digits(return_X_y=True)
    scores = {}
    for kind, rate in [("asymmetric", 0.2), ("symmetric", 0.3)]:
        y, wrong = make_label_noise(y_true, kind, rate, random_state=args.seed)
        detector = LabelErrorDetector(verbose=int(sys.stderr.isatty()), random_state=args.seed)
        start = time.perf_counter()
        flags = detector.fit_predict(X, y)
        scores[f"{kind} {rate:.0%}"] = {
            "wrong": wrong.sum(),
            "flagged": flags.sum(),
            "precision": precision_score(wrong, flags),
            "recall": recall_score(wrong, flags),
            "F1": f1_score(wrong, flags),
            "seconds": time.perf_counter() - start,
        }
    table = pd.DataFrame.from_dict(scores, orient="index").rename_axis("injected errors")
    table = table.reset_index().to_string(index=False, float_format="{:.2f}".format)
    issues = label_issues(detector, X, y, only_flagged=True)
    rows = issues["position"]
    write_review(issues.assign(true_label=y_true[rows], wrong=wrong[rows]), paths[0])
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    NoiseProbabilityDisplay.from_estimator(detector, X, y, y_true=y_true, ax=figure.subplots())
    with writing(paths[1]) as file:
        figure.savefig(file, format="png", dpi=120)
    report(detector, X, y, paths[2], images=X.reshape(-1, 8, 8))
    return 0, _TEXT.format(len(y_true), table, *paths)
