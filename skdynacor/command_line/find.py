"""``skdynacor find``: find label errors in a file."""

import sys
import warnings

import joblib

from ..inspection import write_review
from ..inspection._findings import read_findings
from ..inspection._label_issues import list_issues
from ..inspection._noise_summary import summarize
from ..reporting.report import report
from ..utils.files import writing
from .data import read_data
from .outputs import check_outputs
from .preprocessing import make_pipeline_for
from .summary import describe, describe_worst, to_json

NOISY = 3


def find(args):
    """Read, fit and write; return the exit code and the text for stdout."""
    outputs = {"--out": args.out, "--report": args.report, "--save-pipeline": args.save_pipeline}
    check_outputs(outputs, args.file, args.force)
    data = read_data(args.file, args.label, args.features, args.text, args.separator, args.encoding)
    _print_notices(data.notices, args)
    pipeline = _fit(data, args)
    detector = pipeline[-1]
    findings = read_findings(pipeline, data.X, data.y)
    issues = list_issues(findings, data.X, data.y, only_flagged=True)
    summary = summarize(findings, data.X, data.y)
    _write(pipeline, data, issues, args)
    results = args.file, data, detector, summary
    if args.json:
        files = {option.strip("-"): str(path) for option, path in outputs.items() if path}
        parts = [to_json(*results, issues, files)]
    elif args.quiet:
        parts = []
    else:
        parts = [describe(*results), _next_steps(args, len(issues))]
        if not args.out and len(issues):
            parts.insert(1, describe_worst(_with_columns(issues, data), data.text_columns))
    too_noisy = args.fail_above is not None and detector.noise_rate_ > args.fail_above
    return NOISY if too_noisy else 0, "\n\n".join(parts) + "\n" * bool(parts)


def _print_notices(notices, args):
    if not args.quiet:
        for notice in notices:
            print(f"skdynacor: {notice}", file=sys.stderr)


def _fit(data, args):
    """Fit the pipeline, and show each of its warnings in one line."""
    watched = sys.stderr.isatty() and not args.quiet
    pipeline = make_pipeline_for(
        data, verbose=int(watched), n_jobs=args.jobs, random_state=args.seed
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        pipeline.fit(data.X, data.y)
    _print_notices(dict.fromkeys(" ".join(str(each.message).split()) for each in caught), args)
    return pipeline


def _write(pipeline, data, issues, args):
    if args.out:
        write_review(_with_columns(issues.assign(decision=""), data), args.out)
    if args.report:
        texts = None
        if data.text_columns:
            texts = data.X[data.text_columns].agg(" ".join, axis=1).tolist()
        report(pipeline, data.X, data.y, args.report, texts=texts)
    if args.save_pipeline:
        with writing(args.save_pipeline) as file:
            joblib.dump(pipeline, file)


def _with_columns(issues, data):
    """Add the columns of the file to the issues, for the review."""
    if not hasattr(data.X, "columns"):
        return issues
    rows = data.X.iloc[issues["position"].to_numpy()].set_axis(issues.index)
    return issues.join(rows[[name for name in rows.columns if name not in issues.columns]])


def _next_steps(args, n_flagged):
    written = [str(path) for path in (args.out, args.report, args.save_pipeline) if path]
    steps = [f"Wrote {', '.join(written)}."] if written else []
    if not n_flagged:
        steps.insert(0, "No label is more likely wrong than right.")
    elif args.out:
        steps.append(
            "Next: write keep, suggested or another label into the column 'decision', and apply\n"
            "the decisions with read_review and apply_corrections of skdynacor.inspection."
        )
    else:
        steps.append(
            "Next: --out issues.csv lists all of them for a review; --report report.html shows\n"
            "them in a browser."
        )
    return "\n".join(steps)
