"""What holds under bad input, noise, crashes, long use and malice: all counts, from one command.

It calls the scripts that count, which make what is missing in their results, and sums up: how many
cases there were, and in how many of them something happened that must not. If any did, the exit
code is 1.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import metamorphic
import more_noise
import pandas as pd
import soak

FOLDER = Path(__file__).parent
#: The scripts and what they are called with, one after the other.
COMMANDS = (
    "fuzz.py --cases 10000 --seed 0 --jobs 2",
    "fuzz.py --cases 10000 --seed 1 --jobs 2",
    "metamorphic.py --methods default paper AverageEncoder cleaning AUM ConfidentLearning CORES "
    "SimiFeatV SimiFeatR --data wine breast_cancer --seeds 2",
    "metamorphic.py --methods default paper AverageEncoder cleaning --data digits --seeds 2",
    "more_noise.py",
    "crashes.py",
    "soak.py",
    "hostile.py",
)


def count_fuzz(table):
    """Yield calls with random input, of all targets together."""
    yield "random input", table.cases.sum(), table.failed.sum()


def count_metamorphic(table):
    """Yield comparisons of the same data told in two ways, which verdicts must not depend on."""
    (exact, changed), (rounded, apart) = metamorphic.judge(table)
    yield "told otherwise, to the bit", len(exact), changed.sum()
    yield "told otherwise, 99 % of verdicts", len(rounded), apart.sum()


def count_more_noise(table):
    """Yield rises of the noise, at which mean estimated rates must not fall beyond error."""
    steps = more_noise.steps(table)
    yield "more noise", len(steps), steps.beyond.sum()


def count_crashes(table):
    """Yield kinds of crashes."""
    for kind, cases in table.groupby("kind", sort=False):
        yield kind, cases.cases.sum(), cases.failed.sum()


def count_soak(table):
    """Yield fits, saves and loads in one process, by what was done; what grew fails."""
    for found in soak.sum_up(table):
        yield f"{found['fits']} times: {found['flow']}", found["fits"], found["grew"] != "nothing"


def count_hostile(table):
    """Yield kinds of files and names that somebody made to do harm."""
    for kind, cases in table.groupby("kind", sort=False):
        yield kind, len(cases), (cases.outcome == "failed").sum()


COUNTS = {
    "fuzz": count_fuzz,
    "metamorphic": count_metamorphic,
    "more_noise": count_more_noise,
    "crashes": count_crashes,
    "soak": count_soak,
    "hostile": count_hostile,
}


def count(folder):
    """Sum up the results in a folder.

    Returns
    -------
    counts : DataFrame
        One row a script and what it counts: the number of ``cases``, and how many ``failed``.
    """
    rows = [
        {"script": f"{name}.py", "of": of, "cases": int(cases), "failed": int(failed)}
        for name, counts in COUNTS.items()
        for of, cases, failed in counts(pd.read_csv(folder / f"{name}.csv"))
    ]
    return pd.DataFrame(rows)


def main():
    """Call the scripts, write the counts and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, default=Path("results"), help="folder of all results")
    add("--count", action="store_true", help="only sum up what is there")
    args = parser.parse_args()
    for command in () if args.count else COMMANDS:
        print(f"\n$ python {command}", flush=True)
        script, *words = command.split()
        # NB: one that fails is counted below; the others are still to come.
        subprocess.run([sys.executable, FOLDER / script, *words, "--out", args.out], check=False)
    try:
        counts = count(args.out)
    except FileNotFoundError as error:
        parser.error(f"there is no {error.filename}: its script did not end, or was not called.")
    counts.to_csv(args.out / "robustness.csv", index=False, lineterminator="\n")
    print(f"\n{counts.to_string(index=False)}\n")
    print(f"{counts.cases.sum():,} cases, {counts.failed.sum()} failed.")
    return int(counts.failed.sum() > 0)


if __name__ == "__main__":
    sys.exit(main())
