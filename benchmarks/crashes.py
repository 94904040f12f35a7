"""What is lost, or wrongly believed, when something breaks into a fit: nothing is to be.

Each kind of crash comes at random moments of small fits, of the default recipe and the paper's. The
outcome of each case is one of

- same: the result is that of a fit without a crash, to the bit;
- refused: an error that names what is wrong; what is said of the kind holds, too;
- failed: anything else. It is printed, and the exit code is 1.
"""

import argparse
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import crash_folders
import crash_processes
import numpy as np
import torch
from crash_checks import FLOWS, REFUSED, SAME
from harness import choose
from results_file import ResultsFile, versions
from tqdm import tqdm

KINDS = {**crash_folders.KINDS, **crash_processes.KINDS}
#: The command has no recipes to choose from, and the paper's has no workers to kill.
OF_ONE_FLOW = ("Ctrl-C of the command", "killed worker")


def count(kind, flow, seed, n):
    """Make the cases of a kind; count their outcomes."""
    make, usual = KINDS[kind]
    start, counts = time.perf_counter(), {SAME: 0, REFUSED: 0, "failed": 0}
    rng = np.random.default_rng([seed, list(KINDS).index(kind), list(FLOWS).index(flow)])
    with tempfile.TemporaryDirectory() as folder:
        cases = make(flow, rng, usual if n is None else n, Path(folder))
        for outcome in tqdm(cases, f"{kind}, {flow}, seed {seed}", leave=False):
            if outcome not in (SAME, REFUSED):
                print(f"\n{kind}, {flow}, seed {seed}: {outcome}", file=sys.stderr)
                outcome = "failed"
            counts[outcome] += 1
    seconds = time.perf_counter() - start
    return {"cases": sum(counts.values()), **counts, "seconds": seconds}


def main():
    """Make what is missing in the results, and print the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kinds", nargs="+", help=f"of {', '.join(map(repr, KINDS))} (default: all)")
    add("--seeds", type=int, default=5, help="number of seeds, from 0 (default: %(default)s)")
    add("--cases", type=int, help="of a kind, a recipe and a seed (default: the kind's own number)")
    add("--out", type=Path, default=Path("results"), help="folder to write to")
    args = parser.parse_args()
    try:
        kinds = choose(args.kinds, KINDS, "kind")
    except ValueError as error:
        parser.error(str(error))
    torch.set_num_threads(1)
    file, wanted = ResultsFile(args.out / "crashes.csv", parser.error), []
    for seed, kind, flow in product(range(args.seeds), kinds, FLOWS):
        keys = {"kind": kind, "flow": flow, "seed": seed}
        if kind in OF_ONE_FLOW and flow != next(iter(FLOWS)):
            continue
        wanted.append(keys)
        if not file.has(keys):
            file.append([{**keys, **count(kind, flow, seed, args.cases), "versions": versions()}])
    table = file.table(wanted).groupby(["kind", "flow"], sort=False)
    sums = table[["cases", SAME, REFUSED, "failed", "seconds"]].sum()
    print(sums.to_string(float_format="{:.0f}".format))
    print(f"\n{sums.cases.sum()} cases, {sums.failed.sum()} failed.")
    return int(sums.failed.sum() > 0)


if __name__ == "__main__":
    sys.exit(main())
