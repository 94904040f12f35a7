"""What happens to data that nobody should pass: a right result, or an error that names the cause.

Every public estimator, function and loader and the command line get random rows, labels and
parameters, good and bad. Hypothesis draws them by the seed, so that a case can be called again:
by the name of its target and its number, of as many cases.
"""

import argparse
import sys
import time
import warnings
import zlib
from pathlib import Path

import joblib
import matplotlib
import numpy as np
import torch
from fuzz_guard import ACCEPTED, FAILED, REFUSED, Room, try_call
from fuzz_targets import SHARES, TARGETS
from harness import choose
from hypothesis import HealthCheck, Phase, __version__, given, seed, settings
from hypothesis import strategies as st
from results_file import ResultsFile, versions
from tqdm import tqdm

#: Characters of a failure that are printed.
_SHOWN = 2500


def try_target(name, n_cases, number, only=None):
    """Try a target.

    Parameters
    ----------
    name : str
    n_cases : int
    number : int
        The seed.
    only : int or None, default=None
        The number of a case, which alone is called; others are drawn all the same, as what is drawn
        next depends on them.

    Returns
    -------
    counts : dict
        How many cases ended in which way, and the seconds of the processor for all.
    failures : list of (int, str)
        Number of the case, and what went wrong.
    """
    torch.set_num_threads(1)
    matplotlib.use("Agg")
    counts, failures = dict.fromkeys(("cases", ACCEPTED, REFUSED, FAILED), 0), []
    done, start = 0, time.process_time()

    @settings(
        max_examples=n_cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(zlib.crc32(f"{name} {number}".encode()))
    @given(st.data())
    def go(data):
        nonlocal done
        room.clear_inputs()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what makes the inputs
            call = TARGETS[name](data.draw, room)
        case, done = done, done + 1
        if only in (None, case):
            outcome = try_call(call, room)
            counts["cases"] += 1
            counts[outcome.kind] += 1
            if outcome.kind == FAILED or only is not None:
                failures.append((case, f"{outcome.text}\n{describe(call.inputs)}"))

    with Room() as room:
        go()
    return {**counts, "seconds": time.process_time() - start}, failures


def describe(inputs):
    """Say what a call was given, in a line for each."""
    lines = []
    for name, value in inputs.items():
        kind = f"{type(value).__module__}.{type(value).__name__}"
        shape = " ".join(str(getattr(value, a)) for a in ("dtype", "shape") if hasattr(value, a))
        lines.append(f"  {name}: {kind} {shape} {' '.join(repr(value).split())[:300]}")
    return "\n".join(lines)


def share_out(n_cases, names):
    """Share cases out among targets."""
    ends = np.cumsum([SHARES[name] for name in names])
    counts = np.diff(np.rint(n_cases * ends / ends[-1]).astype(int), prepend=0)
    return dict(zip(names, counts.tolist(), strict=True))


def main():
    """Try all targets, and print what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--cases", type=int, default=1000, help="in all (default: %(default)s)")
    add("--seed", type=int, default=0, help="what is drawn (default: %(default)s)")
    add("--only", nargs="+", metavar="TARGET", help=f"some of {', '.join(TARGETS)}")
    add("--case", type=int, help="call this one only, of the target that --only names")
    add("--out", type=Path, default=Path("results"), help="folder to write to")
    add("--jobs", type=int, default=1, help="processes, of one thread each (default: 1)")
    args = parser.parse_args()
    try:
        names = choose(args.only, list(TARGETS), "target")
    except ValueError as error:
        parser.error(str(error))
    if args.cases < 1:
        parser.error(f"--cases must be at least 1; got {args.cases}.")
    shares = share_out(args.cases, list(TARGETS))
    if args.case is not None:
        for name in names:
            _, outcomes = try_target(name, shares[name], args.seed, args.case)
            for _, text in outcomes:
                print(f"{name}, case {args.case}: {text}")
        return
    file = ResultsFile(args.out / "fuzz.csv", parser.error)
    todo = [(name, shares[name]) for name in names if shares[name]]
    keys = {name: {"target": name, "seed": args.seed, "asked": n} for name, n in todo}
    missing = [(name, n) for name, n in todo if not file.has(keys[name])]
    parallel = joblib.Parallel(args.jobs, return_as="generator")
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        finished = parallel(joblib.delayed(try_target)(*each, args.seed) for each in missing)
        for (name, _), (counts, failures) in zip(
            tqdm(missing, "fuzz", disable=None), finished, strict=True
        ):
            file.append(
                [{**keys[name], **counts, "versions": f"{versions()} hypothesis={__version__}"}]
            )
            for case, text in failures:
                again = f"--cases {args.cases} --seed {args.seed} --only {name} --case {case}"
                print(f"\npython fuzz.py {again}\n{text[:_SHOWN]}")
    table = file.table(list(keys.values()))
    columns = ["cases", ACCEPTED, REFUSED, FAILED, "seconds"]
    print(f"\n{table[['target', *columns]].to_string(index=False)}\n")
    total = table[columns].sum()
    rate = total.cases / total.seconds
    print(
        f"{total.cases:.0f} cases: {total.accepted:.0f} gave a result, {total.refused:.0f} were "
        f"refused, {total.failed:.0f} failed; {rate:.1f} cases for a second of one core."
    )
    if total.failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
