"""``skdynacor demo``: find planted label errors in the digits that scikit-learn bundles."""

import sys
import time

import pandas as pd
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score, precision_score, recall_score

from ..datasets import make_label_noise
from ..displays import TrajectoryDisplay
from ..groundwork.files import writing
from ..inspection import label_issues, write_review
from ..pipeline import make_dynacor_pipeline
from ..reporting.report import report
from .outputs import check_outputs

_TEXT = """\
{} images of handwritten digits, some labels replaced by wrong ones

{}

Of the last, wrote {} (for a spreadsheet),
{} (how labels are learnt) and {} (for a browser).

Your own data, a table with a column of labels:

    skdynacor find data.csv --label COLUMN --out issues.csv --report report.html
"""


def demo(args):
    """Plant errors, find them, write down and describe what was found.

    Parameters
    ----------
    args : argparse.Namespace

    Returns
    -------
    code : int
        0.
    text : str
        For stdout.
    """
    paths = [args.out / name for name in ("issues.csv", "trajectories.png", "report.html")]
    args.out.mkdir(parents=True, exist_ok=True)
    check_outputs({"--out": paths[0]})
    X, y_true = load_digits(return_X_y=True)
    found = {}
    for kind, rate in [("asymmetric", 0.2), ("symmetric", 0.3)]:
        y, wrong = make_label_noise(y_true, kind, rate, random_state=args.seed)
        pipeline = make_dynacor_pipeline(random_state=args.seed)
        pipeline.set_params(dynamicscollector__verbose=int(sys.stderr.isatty()))
        start = time.perf_counter()
        flags = pipeline.fit_predict(X, y)
        found[f"{kind} {rate:.0%}"] = {
            "wrong": wrong.sum(),
            "flagged": flags.sum(),
            "precision": precision_score(wrong, flags),
            "recall": recall_score(wrong, flags),
            "F1": f1_score(wrong, flags),
            "seconds": time.perf_counter() - start,
        }
    scores = pd.DataFrame.from_dict(found, orient="index").rename_axis("planted errors")
    scores = scores.reset_index().to_string(index=False, float_format="{:.2f}".format)
    issues = label_issues(pipeline, X, y, only_flagged=True)
    rows = issues["position"]
    write_review(issues.assign(true_label=y_true[rows], planted=wrong[rows]), paths[0])
    _draw(TrajectoryDisplay.from_estimator(pipeline, X, y), paths[1])
    report(pipeline, X, y, paths[2], images=X.reshape(-1, 8, 8))
    return 0, _TEXT.format(len(y_true), scores, *paths)


def _draw(display, path):
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    display.plot(ax=figure.subplots())
    with writing(path) as file:
        figure.savefig(file, format="png", dpi=120)
