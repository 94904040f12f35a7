"""F1, AUROC and seconds of the default pipeline on every data set of a folder.

The folder holds ``.npz`` files with X, y_true (for scoring only) and, where labels have real
errors, y_given or y_given_<name>; where they have none, noise is added in the standard settings.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score

from skdynacor import make_dynacor_pipeline
from skdynacor.datasets import make_label_noise


def settings(path):
    """List the noise settings of a data set, as (name, make) with make(seed) -> (X, y, wrong)."""
    with np.load(path) as data:
        X, y_true = data["X"].astype(np.float32), data["y_true"]
        given = {name: data[name] for name in data.files if name.startswith("y_given")}

    def real(y):
        return lambda seed: (X, y, y != y_true)

    def synthetic(kind, rate):
        return lambda seed: (X, *make_label_noise(y_true, kind, rate, X, random_state=seed))

    if given:
        return [(f"human {name[8:]}".strip(), real(y)) for name, y in given.items()]
    few = len(np.unique(y_true)) < 4
    kinds = [("symmetric", 0.3 if few else 0.6), ("symmetric", 0.1)]
    kinds += [("asymmetric", 0.3), ("instance", 0.3 if few else 0.4)]
    return [(f"{kind} {rate}", synthetic(kind, rate)) for kind, rate in kinds]


def measure(make, seed):
    """Score one run of the default pipeline."""
    X, y, wrong = make(seed)
    pipe = make_dynacor_pipeline(random_state=seed)
    start = time.perf_counter()
    flags = pipe.fit_predict(X, y)
    seconds = time.perf_counter() - start
    return {
        "noise rate": wrong.mean(),
        "flagged": flags.mean(),
        "F1": 100 * f1_score(wrong, flags),
        "AUROC": roc_auc_score(wrong, pipe[-1].noise_probability_),
        "seconds": seconds,
    }


def main():
    """Measure every setting and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of .npz files")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="only data sets whose name has this in it", default="")
    parser.add_argument("--out", type=Path, help="CSV file for every single run")
    args = parser.parse_args()
    paths = [path for path in sorted(args.data.glob("*.npz")) if args.only in path.stem]
    if not paths:
        parser.error(f"no .npz file with {args.only!r} in its name in {args.data}")

    runs = []
    for path in paths:
        for noise, make in settings(path):
            for seed in range(args.seeds):
                runs.append(
                    {"data": path.stem, "noise": noise, "seed": seed, **measure(make, seed)}
                )
            print(".", end="", flush=True)
    runs = pd.DataFrame(runs)
    if args.out:
        runs.to_csv(args.out, index=False, float_format="%.4f")
    table = runs.groupby(["data", "noise"], sort=False).agg(
        **{
            "noise rate": ("noise rate", "mean"),
            "flagged": ("flagged", "mean"),
            "F1": ("F1", "mean"),
            "F1 spread": ("F1", lambda f1: f1.max() - f1.min()),
            "AUROC": ("AUROC", "mean"),
            "seconds": ("seconds", "median"),
        }
    )
    formats = ["{:.2f}", "{:.2f}", "{:.1f}", "{:.1f}", "{:.3f}", "{:.1f}"]
    formatters = dict(zip(table.columns, (form.format for form in formats), strict=True))
    print(f"\n\nmean over {args.seeds} seeds, default settings\n")
    print(table.reset_index().to_string(index=False, formatters=formatters))


if __name__ == "__main__":
    main()
