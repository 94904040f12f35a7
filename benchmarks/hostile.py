"""Files and names that somebody made to do harm: what is refused, and what is shown harmless.

Each case of ``hostile_cases.py`` runs in an empty folder. It fails where code ran, a file appeared
elsewhere, the memory was filled, a formula or a tag got through, what is read back differs, or an
error is of a kind that is not documented. Ends with exit code 1 if a case fails.
"""

import argparse
import os
import resource
import sys
import tempfile
import warnings
from pathlib import Path

import pandas as pd
from hostile_cases import CASES, CRATER, Harm
from results_file import ResultsFile, versions
from scoring import timed

#: By how much a case may raise the most memory that the process ever had, in bytes.
MOST_MEMORY = 2**28
OUTCOMES = ("refused", "harmless", "failed")


def most_memory():
    """The most memory that this process ever had, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def judge(attempt):
    """Run an attempt in a folder of its own.

    Returns
    -------
    outcome : str
        One of ``OUTCOMES``.
    said : str
        The error, or what went wrong.
    """
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as outside:
        folder = Path(outside, "a", "b", "c")
        folder.mkdir(parents=True)
        os.chdir(folder)
        memory = most_memory()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                attempt(folder)
            outcome, said = "harmless", ""
        except Harm as harm:
            outcome, said = "failed", str(harm)
        except (ValueError, OSError) as error:
            outcome, said = "refused", str(error)
        except Exception as error:
            outcome, said = "failed", f"{type(error).__name__}: {error}"
        finally:
            os.chdir(before)
        memory = most_memory() - memory
        stray = [path for path in Path(outside).rglob("*") if folder not in (path, *path.parents)]
        stray = [path for path in stray if path not in folder.parents]
        if stray or list(folder.rglob(CRATER)):
            outcome, said = "failed", f"code ran, or files appeared elsewhere: {stray}"
        elif memory > MOST_MEMORY:
            outcome, said = "failed", f"took {memory / 2**20:.0f} MiB"
    return outcome, said


def main():
    """Run what is missing in the results, and count what became of all cases, by kind."""
    kinds = list(dict.fromkeys(case.kind for case in CASES))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds, help="only these kinds")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder to write to")
    args = parser.parse_args()
    file = ResultsFile(args.out.resolve() / "hostile.csv", parser.error)
    wanted = []
    for case in CASES:
        if case.kind not in args.only:
            continue
        wanted.append({"kind": case.kind, "case": case.name})
        if not file.has(wanted[-1]):
            (outcome, said), seconds = timed(judge, case.attempt)
            if outcome == "failed":
                print(f"{case.kind}, {case.name}: {said}")
            file.append(
                [{**wanted[-1], "outcome": outcome, "seconds": seconds, "versions": versions()}]
            )
    table = file.table(wanted)
    counts = pd.crosstab(table.kind, table.outcome).reindex(
        index=args.only, columns=OUTCOMES, fill_value=0
    )
    counts.insert(0, "cases", counts.sum(axis=1))
    counts.loc["all"] = counts.sum()
    print(f"\n{counts.to_string()}\n\nEvery case is in {file.path}.")
    return int(counts.failed["all"] > 0)


if __name__ == "__main__":
    sys.exit(main())
