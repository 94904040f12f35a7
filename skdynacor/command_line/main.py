"""The command ``skdynacor``: its arguments, and what its process ends with."""

import argparse
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

from .. import __version__
from .bad_input import BadInput

_EXIT_CODES = """\
exit codes:
  0    done
  1    the computation or the writing of a file failed
  2    the arguments or the file are not as they should be; nothing was written
  3    the estimated noise rate is above --fail-above; all files were written
  130  interrupted (Ctrl-C)
"""

_EXAMPLES = """\
examples:
  skdynacor find iris.csv --label species
      how many labels look wrong, and the worst of them
  skdynacor find iris.csv --label species --out issues.csv --report report.html
      all of them, to be reviewed, and a page to look at
  skdynacor find reviews.parquet --label stars --text title body
      text beside other columns
  skdynacor find embeddings.npz --label y_given
      an array X of features and one of labels
  skdynacor find iris.csv --label species --json --fail-above 0.05
      for scripts: an object on stdout, and exit code 3 above 5 %
  skdynacor find iris.csv --label species --print-pipeline > find.py
      the same as a program, to go on from

"""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(f"{message} (see {self.prog} --help)")


def make_parser():
    """Make the parser of the command line."""
    parser = _Parser(
        prog="skdynacor",
        description="Find the wrong labels in your data.",
        epilog=_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skdynacor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{find,demo}")
    _add_find(commands)
    _add_demo(commands)
    return parser


def _add_find(commands):
    find = commands.add_parser(
        "find",
        help="find the wrong labels in a file",
        description="Find the wrong labels in a file: numbers, categories, dates, text, with gaps "
        "or without, and a column of labels, some of which may be wrong.",
        epilog=_EXAMPLES + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    find.add_argument(
        "file", type=Path, help="a table (.csv, .tsv, also with .gz, or .parquet), or .npz arrays"
    )
    reading = find.add_argument_group("what is in the file")
    reading.add_argument(
        "--label",
        metavar="COLUMN",
        help="the column of labels (of .npz the array, y_given if not named)",
    )
    reading.add_argument(
        "--features",
        nargs="+",
        metavar="COLUMN",
        help="columns to learn from (default: all but those that name rows or repeat the label; of "
        ".npz the array X)",
    )
    reading.add_argument(
        "--text",
        nargs="+",
        metavar="COLUMN",
        help="columns that hold text (default: those that look like it)",
    )
    reading.add_argument(
        "--separator",
        type=_separator,
        metavar="CHARACTER",
        help="what separates columns (default: a comma, or a tab of .tsv)",
    )
    reading.add_argument("--encoding", help="of a text file, such as cp1252 (default: utf-8)")
    writing = find.add_argument_group("what to write")
    writing.add_argument(
        "--out", type=Path, metavar="CSV", help="the issues, the worst first, to be reviewed"
    )
    writing.add_argument("--report", type=Path, metavar="HTML", help="a page to look at")
    writing.add_argument(
        "--save-pipeline", type=Path, metavar="JOBLIB", help="the fitted pipeline, for joblib.load"
    )
    writing.add_argument(
        "--force", action="store_true", help="replace even a review in which decisions were made"
    )
    writing.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )
    writing.add_argument(
        "--print-pipeline",
        action="store_true",
        help="print the program that does the same, and stop there",
    )
    writing.add_argument("--quiet", action="store_true", help="print nothing but errors")
    running = find.add_argument_group("how to run")
    running.add_argument("--seed", type=_seed, default=0, help="of the random numbers (default: 0)")
    running.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes to use, -1 for all cores"
    )
    running.add_argument(
        "--fail-above",
        type=_share,
        metavar="RATE",
        help="end with exit code 3 if more labels are wrong, such as 0.05",
    )
    running.add_argument("--debug", action="store_true", help="show where an error came from")
    find.set_defaults(run=_find)


def _add_demo(commands):
    demo = commands.add_parser(
        "demo",
        help="find planted errors in images of digits",
        description="Plant wrong labels among images of digits that scikit-learn bundles, and find "
        "them: prints how many, and writes a review, a picture and a page.",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("demo-output"), help="folder to write to (demo-output)"
    )
    demo.add_argument("--seed", type=_seed, default=0, help="of the random numbers (default: 0)")
    demo.add_argument("--debug", action="store_true", help="show where an error came from")
    demo.set_defaults(run=_demo)


def _separator(text):
    separator = text.replace("\\t", "\t")
    if len(separator) != 1:
        raise argparse.ArgumentTypeError(f"must be one character; got {text!r}")
    return separator


def _seed(text):
    seed = int(text)
    if not 0 <= seed < 2**32:
        raise argparse.ArgumentTypeError(f"must be from 0 to 2**32 - 1; got {text}")
    return seed


def _jobs(text):
    jobs = int(text)
    if jobs == 0:
        raise argparse.ArgumentTypeError("must be at least 1, or -1 for all cores; got 0")
    return jobs


def _share(text):
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1; got {text}")
    return share


@contextmanager
def _ended_by_ctrl_c():
    """Let Ctrl-C end the process at once, which Python shows a trace of or loses in an import."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else the parent wants Ctrl-C to be ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _find(args):
    with _ended_by_ctrl_c():  # what these import takes seconds, and --help should not
        from ..groundwork.optional import import_optional

        for module in ("pandas", "skrub", "pyarrow", "tqdm"):
            import_optional(module, "cli", "skdynacor find")
        from .find import find

    return find(args)


def _demo(args):
    with _ended_by_ctrl_c():
        from .demo import demo

    return demo(args)


def main(argv=None):
    """Run the command.

    Parameters
    ----------
    argv : list of str or None, default=None
        The arguments; ``None`` takes those of the process.

    Returns
    -------
    code : int
        What the process should end with, as ``skdynacor --help`` lists.
    """
    argv = sys.argv[1:] if argv is None else [str(arg) for arg in argv]
    try:
        args = make_parser().parse_args(argv)
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
    """Print, and tell now what goes wrong with that; a reader that leaves has seen enough."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail again as the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def _fail(error, code, argv):
    """Say in one line what went wrong, and where if that was asked for."""
    if "--debug" in argv:
        traceback.print_exc()
    print(f"skdynacor: error: {' '.join(str(error).split())}", file=sys.stderr)
    return code
