"""``skdynacor find``: find label errors in a file."""

import shlex
import sys
import warnings
from dataclasses import fields

import joblib
import numpy as np
import pandas as pd

from ..inspection import unusual_rows, write_label_studio, write_review
from ..inspection._conflicting_labels import find_conflicts
from ..inspection._findings import read_findings
from ..inspection._label_issues import list_issues
from ..inspection._noise_summary import summarize
from ..reporting.report import report
from ..utils.files import writing
from ..verdicts.review_decisions import read_decisions
from .bad_input import BadInput
from .data import read_data
from .options import FileFormat, Roles, as_list
from .outputs import check_outputs
from .preprocessing import make_pipeline_for
from .reviews import check_reviews, read_reviews, split_contradictions
from .summary import (
    describe,
    describe_conflicts,
    describe_unusual,
    describe_worst,
    to_json,
)
from .training_cache import open_cache

NOISY = 3
#: Time for nearest neighbours grows with the square of the number of rows.
_FEW_ENOUGH_FOR_NEIGHBORS = 20_000
#: Options that the next call has no use for.
_OF_THIS_CALL = {
    *("--out", "--report", "--label-studio", "--save-pipeline", "--ask", "--reviewed"),
    *("--force", "--json", "--quiet", "--fail-above"),
}


def find(args):
    """Read, fit and write; return the exit code and the text for stdout."""
    outputs = {"--out": args.out, "--report": args.report, "--label-studio": args.label_studio}
    outputs["--save-pipeline"] = args.save_pipeline
    check_reviews(args.reviewed)
    for path in (args.file, *(args.reviewed or [])):
        check_outputs(outputs, path, args.force)
    roles, file_format = _take(args, Roles), _take(args, FileFormat)
    data = read_data(args.file, roles, file_format, args.encoder, verbose=_verbosity(args))
    if args.ask is not None and args.ask > len(data.y):
        raise BadInput(f"--ask {args.ask}: {args.file} has {len(data.y)} rows with a label.")
    review = _read_reviews(data, args) if args.reviewed else None
    _print_notices(data.notices, args)
    pipeline = _fit(data, review, args)
    detector = pipeline[-1]
    asked = np.empty(0, dtype=int)
    if args.ask is not None:
        asked = detector.rows_to_review(args.ask, random_state=args.seed)
    findings = read_findings(pipeline, data.X, data.y)
    issues = list_issues(findings, data.X, data.y, asked=asked)
    issues = _first(issues, asked)
    _count_in_file(issues, data.positions)
    if review is not None:
        issues = _with_decisions(issues, review)
    summary = summarize(findings, data.X, data.y)
    _write(pipeline, data, issues, asked, args)
    conflicts = find_conflicts(data.rows(), findings.codes)
    unusual = _find_unusual(pipeline, data)
    results = args.file, data, findings, summary
    if args.json:
        files = {option.strip("-"): str(path) for option, path in outputs.items() if path}
        parts = [to_json(*results, issues, conflicts, unusual, files)]
    elif args.quiet:
        parts = []
    else:
        parts = [describe(*results), *_next_steps(args, len(issues))]
        if not args.out and len(issues):
            worst = _with_columns(issues, data)
            shown = [*as_list(data.image_column), *data.text_columns]
            shown = [name for name in shown if name != data.id]
            parts.insert(1, describe_worst(worst, data.id, shown))
        if unusual is not None and len(unusual):
            parts.insert(1, describe_unusual(unusual))
        if len(conflicts):
            parts.insert(1, describe_conflicts(conflicts, data.positions))
    too_noisy = args.fail_above is not None and detector.noise_rate_ > args.fail_above
    return NOISY if too_noisy else 0, "\n\n".join(parts) + "\n" * bool(parts)


def _find_unusual(pipeline, data):
    """Find near-duplicates and outliers among the features; None where there are many rows."""
    if len(data.y) > _FEW_ENOUGH_FOR_NEIGHBORS:
        return None
    X = pipeline[:-1].transform(data.X) if len(pipeline) > 1 else data.X
    unusual = unusual_rows(X, data.y)
    for name in ("position", "nearest"):
        unusual[name] = data.positions[unusual[name].to_numpy()]
    return unusual


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


def _first(issues, asked):
    """Put the rows to review first, in their order, before the flagged ones."""
    by_position = issues.set_index("position", drop=False)
    rest = issues[issues["flagged"] & ~issues["position"].isin(asked)]
    return pd.concat([by_position.loc[asked], rest], ignore_index=True)


def _read_reviews(data, args):
    """Read the reviews of the rows of the file, and say what is odd about them."""
    y = np.full(data.positions[-1] + 1, None, dtype=object)
    y[data.positions] = data.y
    review = read_reviews(args.reviewed, y)
    contradicting = split_contradictions(review)[1]
    if len(contradicting):
        some = ", ".join(map(str, contradicting[:5])) + ", ..." * (len(contradicting) > 5)
        data.notices.append(
            f"Reviewers disagree on {len(contradicting)} rows ({some}); both verdicts count, and "
            "the rows get a probability as others do."
        )
    if not (read_decisions(review, len(y)) >= 0).any():
        data.notices.append("The review has no decisions yet; nothing was recalibrated.")
    return review


def _with_decisions(issues, review):
    agreed = split_contradictions(review)[0].set_index("position")["decision"]
    return issues.assign(decision=issues["position"].map(agreed).fillna(""))


def _verbosity(args):
    return int(sys.stderr.isatty() and not args.quiet)


def _fit(data, review, args):
    """Fit the pipeline, and show each of its warnings in one line."""
    pipeline = make_pipeline_for(
        data,
        threshold=args.threshold,
        memory=open_cache() if args.ask is not None or args.reviewed else None,
        verbose=_verbosity(args),
        n_jobs=args.jobs,
        random_state=args.seed,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        pipeline.fit(data.X, data.y, labelerrordetector__groups=data.groups)
        if review is not None:
            verdicts = read_decisions(review, data.positions[-1] + 1)
            pipeline[-1].recalibrate(verdicts[data.positions])
    _print_notices(dict.fromkeys(" ".join(str(each.message).split()) for each in caught), args)
    return pipeline


def _write(pipeline, data, issues, asked, args):
    if "decision" not in issues:
        issues = issues.assign(decision="")
    if args.out:
        write_review(_with_columns(issues, data), args.out)
    if args.label_studio:
        write_label_studio(_with_columns(issues.drop(columns="decision"), data), args.label_studio)
    if args.report:
        _report(pipeline, data, asked, args)
    if args.save_pipeline:
        with writing(args.save_pipeline) as file:
            joblib.dump(pipeline, file)


def _report(pipeline, data, asked, args):
    texts = columns = None
    if data.text_columns:
        texts = data.X[data.text_columns].agg(" ".join, axis=1).tolist()
    if data.columns is not None and data.columns.shape[1] > data.X.shape[1]:
        columns = data.columns.drop(columns=data.X.columns)
    report(
        pipeline,
        data.X,
        data.y,
        args.report,
        texts=texts,
        images=data.thumbnails(),
        columns=columns,
        positions=data.positions,
        source=args.file.name,
        label_name=data.label,
        ask=asked,
        next_steps=f"{next_command(args)}\n{apply_command(args, 'review.csv')}",
    )


def _with_columns(issues, data):
    """Add the columns of the file to the issues, for the review."""
    if data.columns is None:
        return issues
    rows = data.columns.iloc[np.searchsorted(data.positions, issues["position"])]
    others = [name for name in rows.columns if name not in issues.columns]
    return issues.join(rows.set_axis(issues.index)[others])


def _next_steps(args, n_flagged):
    paths = args.out, args.report, args.label_studio, args.save_pipeline
    written = [str(path) for path in paths if path]
    steps = [f"Wrote {', '.join(written)}."] if written else []
    if args.reviewed:
        steps.append(f"Next: {apply_command(args, *args.reviewed)}")
    elif args.ask is not None and args.report:
        steps.append(
            f"Next: open {args.report}, look at the {args.ask} rows, download the review, and run\n"
            f"  {next_command(args)}"
        )
    elif n_flagged and args.out:
        steps.append(
            "Next: write keep, suggested, drop, unsure or another label into the column\n"
            f"'decision' of {args.out}, and run\n"
            f"  {apply_command(args, args.out)}"
        )
    elif n_flagged:
        steps.append(
            "Next: --report report.html --ask 20 shows twenty rows to look at in a browser;\n"
            "--out issues.csv lists all flagged rows for a review."
        )
    return ["\n".join(steps)] if steps else []


def next_command(args):
    """Give the command that reads the review, with the options of this one but for outputs."""
    kept, skipping = [], False
    for word in args.argv:
        if word.startswith("--"):
            skipping = word.partition("=")[0] in _OF_THIS_CALL
        if not skipping:
            kept.append(word)
    return shlex.join(["skdynacor", *kept, "--reviewed", "review.csv", "--out", "issues.csv"])


def apply_command(args, *reviews):
    """Give the command that applies reviews; the folder of photos becomes another folder."""
    out = f"corrected{''.join(args.file.suffixes)}"
    return shlex.join(["skdynacor", "apply", str(args.file), *map(str, reviews), "--out", out])
