"""The command ``skdynacor``: its arguments and exit codes."""

import argparse
import codecs
import os
import sys
import traceback
from pathlib import Path

from .. import __version__
from .bad_input import BadInput

_EXIT_CODES = """\
exit codes:
  0    done
  1    the computation or the writing of a file failed
  2    invalid arguments or an invalid file; nothing was written
  3    the estimated noise rate is above --fail-above; all files were written
  130  interrupted (Ctrl-C)
"""

_EXAMPLES = """\
examples:
  skdynacor find iris.csv --label species
      how many labels look wrong, and the worst of them
  skdynacor find iris.csv --label species --out issues.csv --report report.html
      all label issues for a review, and a report for the browser
  skdynacor find iris.csv --label species --report report.html --ask 20
      twenty rows to look at in the report, which saves a review
  skdynacor find iris.csv --label species --reviewed review.csv --out issues.csv
      the same with what was learnt from the review
  skdynacor apply iris.csv review.csv --out corrected.csv
      the file with the labels of the review
  skdynacor find reviews.parquet --label stars --text title body
      text beside other columns
  skdynacor find embeddings.npz --label y_given
      an array X of features and one of labels
  skdynacor find iris.csv --label species --json --fail-above 0.05
      for scripts: an object on stdout, and exit code 3 above 5 %

"""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(f"{message} (see {self.prog} --help)")


def make_parser():
    """Make the parser of the command line."""
    parser = _Parser(
        prog="skdynacor",
        description="Find label errors in your data.",
        epilog=_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skdynacor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{find,apply,demo}")
    _add_find(commands)
    _add_apply(commands)
    _add_demo(commands)
    return parser


def _add_find(commands):
    find = commands.add_parser(
        "find",
        usage="skdynacor find FILE --label COLUMN [options]",
        help="find label errors in a file",
        description="Find label errors in a file with a column of labels. Features may be\n"
        "numbers, categories, dates and text, with missing values.",
        epilog=_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    find.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a table (.csv, .tsv, .xlsx, .jsonl or .parquet), .npz arrays, or a folder with a "
        "folder of photos for each class; .csv, .tsv and .jsonl also with .gz",
    )
    _add_columns(find.add_argument_group("columns"))
    _add_file_format(find.add_argument_group("file format"))
    _add_review(find.add_argument_group("review"))
    writing = find.add_argument_group("output")
    writing.add_argument(
        "--out", type=Path, metavar="CSV", help="the label issues for a review, the worst first"
    )
    writing.add_argument("--report", type=Path, metavar="HTML", help="a report for the browser")
    writing.add_argument(
        "--label-studio",
        type=Path,
        metavar="JSON",
        help="the same rows as --out, as tasks for Label Studio",
    )
    writing.add_argument(
        "--save-pipeline", type=Path, metavar="JOBLIB", help="the fitted pipeline, for joblib.load"
    )
    writing.add_argument(
        "--force", action="store_true", help="overwrite a review that has decisions"
    )
    writing.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )
    writing.add_argument("--quiet", action="store_true", help="print nothing but errors")
    running = find.add_argument_group("computation")
    running.add_argument(
        "--encoder",
        metavar="NAME",
        help="a pretrained encoder of sentence-transformers for photos, or for texts in place of "
        "their words: a folder, or a name to download",
    )
    running.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    running.add_argument("--jobs", type=int, metavar="N", help="processes to use, -1 for all cores")
    running.add_argument(
        "--fail-above",
        type=_share,
        metavar="RATE",
        help="exit with code 3 if the estimated noise rate is higher, such as 0.05",
    )
    running.add_argument("--debug", action="store_true", help="show the traceback of an error")
    find.set_defaults(run=_find)


def _add_columns(columns):
    columns.add_argument(
        "--label",
        metavar="COLUMN",
        help="the column of labels (of .npz the array; default: y_given)",
    )
    columns.add_argument(
        "--missing-labels",
        nargs="+",
        metavar="WORD",
        help="words for no label, such as NA or ?; their rows are left out, as those with an empty "
        "cell always are",
    )
    columns.add_argument(
        "--features",
        nargs="+",
        metavar="COLUMN",
        help="columns to learn from (default: all but identifiers and copies of the label; of .npz "
        "the array X)",
    )
    columns.add_argument(
        "--drop",
        nargs="+",
        metavar="COLUMN",
        help="columns not to learn from; outputs show them",
    )
    columns.add_argument(
        "--text",
        nargs="+",
        metavar="COLUMN",
        help="columns that hold text (default: those found to)",
    )
    columns.add_argument(
        "--image", metavar="COLUMN", help="the column of paths of photos, relative to the file"
    )
    columns.add_argument("--id", metavar="COLUMN", help="the column that names rows in outputs")
    columns.add_argument(
        "--groups",
        metavar="COLUMN",
        help="rows that belong together, such as a patient's: none is scored by a model that was "
        "trained on another of its group",
    )


def _add_review(review):
    review.add_argument(
        "--ask",
        type=_positive,
        metavar="N",
        help="rows for a person to look at, first in --report and --out: they tell whether labels "
        "are wrong where data cannot",
    )
    review.add_argument(
        "--reviewed",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="reviews that the report or --out led to (.csv or .xlsx), or exports of Label Studio "
        "(.json); they recalibrate all probabilities",
    )
    review.add_argument(
        "--threshold",
        type=_threshold,
        default=0.5,
        metavar="T",
        help="flag labels wrong with more than this probability, f1 for the largest expected F1, "
        "or precision=0.8 (default: 0.5)",
    )


def _add_apply(commands):
    apply = commands.add_parser(
        "apply",
        usage="skdynacor apply FILE REVIEW [REVIEW ...] --out FILE [options]",
        help="write a file with the labels of a review",
        description="Write a copy of a file that differs in the decided rows only, and a log of "
        "the changes.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    apply.add_argument("file", metavar="FILE", type=Path, help="the file that find read")
    apply.add_argument(
        "reviews",
        metavar="REVIEW",
        type=Path,
        nargs="+",
        help="reviews (.csv or .xlsx), or exports of Label Studio (.json); rows on which they "
        "disagree stay as they are",
    )
    apply.add_argument("--out", type=Path, required=True, metavar="FILE", help="the corrected file")
    apply.add_argument(
        "--log", type=Path, metavar="CSV", help="the changes (default: beside --out, -changes.csv)"
    )
    apply.add_argument(
        "--label", metavar="COLUMN", help="the column of labels (default: the one that fits)"
    )
    apply.add_argument(
        "--accept",
        type=_share,
        metavar="P",
        help="also take the suggested label of flagged rows without a decision, if right with at "
        "least this probability",
    )
    _add_file_format(apply.add_argument_group("file format"))
    apply.add_argument("--quiet", action="store_true", help="print nothing but errors")
    apply.add_argument("--debug", action="store_true", help="show the traceback of an error")
    apply.set_defaults(run=_apply)


def _add_file_format(reading):
    reading.add_argument(
        "--separator",
        type=_character,
        metavar="CHARACTER",
        help="what separates columns (default: a comma; in .tsv a tab)",
    )
    reading.add_argument(
        "--decimal",
        choices=[".", ","],
        metavar="MARK",
        help="the decimal mark, . or , (default: what the numbers show)",
    )
    reading.add_argument(
        "--thousands",
        type=_character,
        metavar="CHARACTER",
        help="what separates thousands (default: what the numbers show)",
    )
    reading.add_argument(
        "--encoding", type=_encoding, help="of a text file, such as cp1252 (default: utf-8)"
    )
    reading.add_argument("--sheet", metavar="NAME", help="the sheet of an .xlsx file")


def _add_demo(commands):
    demo = commands.add_parser(
        "demo",
        help="find injected label errors in images of digits",
        description="Inject label errors into the digits data of scikit-learn and find them. "
        "Prints scores, and writes a list of label issues, a plot and a report.",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("demo-output"), help="folder to write to (demo-output)"
    )
    demo.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    demo.add_argument("--debug", action="store_true", help="show the traceback of an error")
    demo.set_defaults(run=_demo)


def _character(text):
    character = text.replace("\\t", "\t")
    if len(character) != 1:
        raise argparse.ArgumentTypeError(f"must be one character; got {text!r}")
    return character


def _encoding(text):
    try:
        codecs.lookup(text)
    except LookupError as error:
        raise argparse.ArgumentTypeError(f"unknown encoding {text!r}; try cp1252") from error
    return text


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text!r}")
    return int(text)


def _threshold(text):
    if text == "f1":
        return text
    name, is_precision, number = text.rpartition("=")
    try:
        threshold = float(number)
    except ValueError:
        threshold = 0
    if not 0 < threshold < 1 or (is_precision and name != "precision"):
        raise argparse.ArgumentTypeError(
            f"must be a probability between 0 and 1, f1, or as in precision=0.8; got {text!r}"
        )
    return ("precision", threshold) if is_precision else threshold


def _share(text):
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1; got {text}")
    return share


# These imports take seconds, which --help should not.


def _find(args):
    from ..utils.optional import import_optional

    for module in ("pandas", "skrub", "pyarrow", "tqdm"):
        import_optional(module, "cli", "skdynacor find")
    from .find import find

    return find(args)


def _apply(args):
    from ..utils.optional import import_optional

    for module in ("pandas", "pyarrow"):
        import_optional(module, "cli", "skdynacor apply")
    from .apply import apply

    return apply(args)


def _demo(args):
    from .demo import demo

    return demo(args)


def main(argv=None):
    """Run the command with ``argv``, by default of the process; return the exit code."""
    argv = sys.argv[1:] if argv is None else [str(arg) for arg in argv]
    try:
        args = make_parser().parse_args(argv)
        args.argv = argv
        code, text = args.run(args)
        _print(text)
        return code
    except SystemExit as stopped:  # of --help and --version
        return stopped.code
    except KeyboardInterrupt:
        return _fail("interrupted", 130, argv)
    except BadInput as error:
        return _fail(error, 2, argv)
    except (OSError, ValueError, ImportError) as error:
        return _fail(error, 1, argv)
    except Exception as error:
        return _fail(f"{type(error).__name__}: {error}", 1, argv)


def _print(text):
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # as with ``| head``; flushing at exit would fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(error, code, argv):
    if "--debug" in argv:
        traceback.print_exc()
    print(f"skdynacor: error: {' '.join(str(error).split())}", file=sys.stderr)
    return code
