"""``skdynacor find``: find label errors in a file."""

import sys
import warnings
from dataclasses import fields

import joblib
import numpy as np

from ..inspection import write_review
from ..inspection._conflicting_labels import find_conflicts
from ..inspection._findings import read_findings
from ..inspection._label_issues import list_issues
from ..inspection._noise_summary import summarize
from ..reporting.report import report
from ..utils.files import writing
from .data import read_data
from .options import FileFormat, Roles, as_list
from .outputs import check_outputs
from .preprocessing import make_pipeline_for
from .summary import describe, describe_conflicts, describe_worst, to_json

NOISY = 3


def find(args):
    """Read, fit and write; return the exit code and the text for stdout."""
    outputs = {"--out": args.out, "--report": args.report, "--save-pipeline": args.save_pipeline}
    check_outputs(outputs, args.file, args.force)
    roles, file_format = _take(args, Roles), _take(args, FileFormat)
    data = read_data(args.file, roles, file_format, args.encoder, verbose=_verbosity(args))
    _print_notices(data.notices, args)
    pipeline = _fit(data, args)
    detector = pipeline[-1]
    findings = read_findings(pipeline, data.X, data.y)
    issues = list_issues(findings, data.X, data.y, only_flagged=True)
    _count_in_file(issues, data.positions)
    summary = summarize(findings, data.X, data.y)
    _write(pipeline, data, issues, args)
    conflicts = find_conflicts(data.rows(), findings.codes)
    results = args.file, data, findings, summary
    if args.json:
        files = {option.strip("-"): str(path) for option, path in outputs.items() if path}
        parts = [to_json(*results, issues, conflicts, files)]
    elif args.quiet:
        parts = []
    else:
        parts = [describe(*results), *_next_steps(args, len(issues))]
        if not args.out and len(issues):
            worst = _with_columns(issues, data)
            shown = [*as_list(data.image_column), *data.text_columns]
            shown = [name for name in shown if name != data.id]
            parts.insert(1, describe_worst(worst, data.id, shown))
        if len(conflicts):
            parts.insert(1, describe_conflicts(conflicts, data.positions))
    too_noisy = args.fail_above is not None and detector.noise_rate_ > args.fail_above
    return NOISY if too_noisy else 0, "\n\n".join(parts) + "\n" * bool(parts)


def _take(args, kind):
    """Make a data class of the options that are its fields."""
    return kind(**{each.name: getattr(args, each.name) for each in fields(kind)})


def _count_in_file(issues, positions):
    """Count the rows of the file, in place of those that have a label."""
    for name in ("position", "neighbor_1", "neighbor_2"):
        known = issues[name].notna()
        issues.loc[known, name] = positions[issues.loc[known, name].to_numpy(dtype=int)]


def _print_notices(notices, args):
    if not args.quiet:
        for notice in notices:
            print(f"skdynacor: {notice}", file=sys.stderr)


def _verbosity(args):
    return int(sys.stderr.isatty() and not args.quiet)


def _fit(data, args):
    """Fit the pipeline, and show each of its warnings in one line."""
    pipeline = make_pipeline_for(
        data, verbose=_verbosity(args), n_jobs=args.jobs, random_state=args.seed
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        pipeline.fit(data.X, data.y, labelerrordetector__groups=data.groups)
    _print_notices(dict.fromkeys(" ".join(str(each.message).split()) for each in caught), args)
    return pipeline


def _write(pipeline, data, issues, args):
    if args.out:
        write_review(_with_columns(issues.assign(decision=""), data), args.out)
    if args.report:
        _report(pipeline, data, args.report)
    if args.save_pipeline:
        with writing(args.save_pipeline) as file:
            joblib.dump(pipeline, file)


def _report(pipeline, data, path):
    texts = columns = None
    if data.text_columns:
        texts = data.X[data.text_columns].agg(" ".join, axis=1).tolist()
    if data.columns is not None and data.columns.shape[1] > data.X.shape[1]:
        columns = data.columns.drop(columns=data.X.columns)
    shown = {"texts": texts, "images": data.thumbnails(), "columns": columns}
    report(pipeline, data.X, data.y, path, positions=data.positions, **shown)


def _with_columns(issues, data):
    """Add the columns of the file to the issues, for the review."""
    if data.columns is None:
        return issues
    rows = data.columns.iloc[np.searchsorted(data.positions, issues["position"])]
    others = [name for name in rows.columns if name not in issues.columns]
    return issues.join(rows.set_axis(issues.index)[others])


def _next_steps(args, n_flagged):
    written = [str(path) for path in (args.out, args.report, args.save_pipeline) if path]
    steps = [f"Wrote {', '.join(written)}."] if written else []
    if n_flagged and args.out:
        steps.append(
            "Next: write keep, suggested or another label into the column 'decision', and apply\n"
            "the decisions with read_review and apply_corrections of skdynacor.inspection."
        )
    elif n_flagged:
        steps.append(
            "Next: --out issues.csv lists all of them for a review; --report report.html shows\n"
            "them in a browser."
        )
    return ["\n".join(steps)] if steps else []
