"""``skdynacor find``: find the wrong labels in a file."""

import sys
import warnings

import joblib

from ..groundwork.files import writing
from ..inspection import write_review
from ..inspection.findings import read_findings
from ..inspection.label_issues import list_issues
from ..inspection.noise_summary import sum_up
from ..reporting.report import report
from .data import read_data
from .outputs import check_outputs
from .preprocessing import make_pipeline_for
from .program import write_program
from .summary import describe, describe_worst, to_json

NOISY = 3


def find(args):
    """Read, fit, write, and describe what was found.

    Parameters
    ----------
    args : argparse.Namespace

    Returns
    -------
    code : int
        What the process ends with: 0, or ``NOISY`` where labels are noisier than allowed.
    text : str
        For stdout.

    Raises
    ------
    BadInput
        Before anything is trained or written.
    """
    outputs = {
        "--out": args.out,
        "--report": args.report,
        "--save-pipeline": args.save_pipeline,
    }
    check_outputs(outputs, args.file, args.force)
    data = read_data(args.file, args.label, args.features, args.text, args.separator, args.encoding)
    if not args.quiet:
        for notice in data.notices:
            print(f"skdynacor: {notice}", file=sys.stderr)
    if args.print_pipeline:
        return 0, write_program(data, n_jobs=args.jobs, random_state=args.seed)
    pipeline = _fit(data, args)
    detector = pipeline[-1]
    findings = read_findings(pipeline, data.X, data.y)
    issues = list_issues(findings, data.X, data.y, only_flagged=True)
    classes = sum_up(findings, data.X, data.y)
    _write(pipeline, data, issues, args)
    too_noisy = args.fail_above is not None and detector.noise_rate_ > args.fail_above
    found = args.file, data, detector.noise_rate_, detector.flags_, classes
    if args.json:
        files = {option.strip("-"): str(path) for option, path in outputs.items() if path}
        parts = [to_json(*found, issues, files)]
    elif args.quiet:
        parts = []
    else:
        parts = [describe(*found), _next_steps(args, len(issues))]
        if not args.out and len(issues):
            parts.insert(1, describe_worst(_with_columns(issues, data), data.texts))
    return NOISY if too_noisy else 0, "\n\n".join(parts) + "\n" * bool(parts)


def _fit(data, args):
    """Fit, and pass on in a line each what is worth a warning."""
    watched = sys.stderr.isatty() and not args.quiet
    pipeline = make_pipeline_for(
        data, verbose=int(watched), n_jobs=args.jobs, random_state=args.seed
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        pipeline.fit(data.X, data.y)
    if not args.quiet:
        for text in dict.fromkeys(" ".join(str(each.message).split()) for each in caught):
            print(f"skdynacor: {text}", file=sys.stderr)
    return pipeline


def _write(pipeline, data, issues, args):
    """Write each file that was asked for, whole or not at all."""

    def write_issues(path):
        write_review(_with_columns(issues.assign(decision=""), data), path)

    def write_report(path):
        texts = data.X[data.texts].agg(" ".join, axis=1).tolist() if data.texts else None
        report(pipeline, data.X, data.y, path, texts=texts)

    def write_pipeline(path):
        with writing(path) as file:
            joblib.dump(pipeline, file)

    for path, write in [
        (args.out, write_issues),
        (args.report, write_report),
        (args.save_pipeline, write_pipeline),
    ]:
        if path is not None:
            try:
                write(path.resolve())
            except OSError as error:
                raise OSError(f"{path} was not written: {error.strerror}.") from error


def _with_columns(issues, data):
    """Put what the file has of each row beside the issues, for who is to decide."""
    if not hasattr(data.X, "columns"):
        return issues
    rows = data.X.iloc[issues["position"].to_numpy()].set_axis(issues.index)
    return issues.join(rows[[name for name in rows.columns if name not in issues.columns]])


def _next_steps(args, n_flagged):
    if not n_flagged:
        return "Nothing to correct."
    written = [str(path) for path in (args.out, args.report, args.save_pipeline) if path]
    steps = [f"Wrote {', '.join(written)}."] if written else []
    if args.out:
        steps.append(
            "Next: write keep, suggested or another label into the column 'decision', and put\n"
            "them into the labels with read_review and apply_corrections of skdynacor.inspection."
        )
    else:
        steps.append(
            "Next: --out issues.csv lists all of them, to be reviewed; --report report.html is a\n"
            "page to look at."
        )
    return "\n".join(steps)
