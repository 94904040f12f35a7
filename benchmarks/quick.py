"""F1, AUROC and seconds of the default pipeline on every data set of a folder.

The folder holds ``.npz`` files with X, y_true (for scoring only) and, where labels have real
errors, y_given or y_given_<name>; where they have none, noise is added in the standard settings.
``detection.py`` compares with other methods.
"""

import argparse
from pathlib import Path

import pandas as pd
from data import Setting, noises
from scoring import score, timed
from tqdm import tqdm

from skdynacor import make_dynacor_pipeline


def measure(setting, seed):
    """Score one run of the default pipeline."""
    X, y, wrong = setting.make(seed)
    pipe = make_dynacor_pipeline(random_state=seed)
    flags, seconds = timed(pipe.fit_predict, X, y)
    scores = score(wrong, flags, pipe[-1].noise_probability_, seconds)
    return {"data": setting.data, "noise": setting.noise, "seed": seed, **scores}


def main():
    """Measure every setting and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of .npz files")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="only data sets whose name has this in it", default="")
    parser.add_argument("--out", type=Path, help="CSV file for every single run")
    args = parser.parse_args()
    paths = [str(path) for path in sorted(args.data.glob("*.npz")) if args.only in path.stem]
    if not paths:
        parser.error(f"no .npz file with {args.only!r} in its name in {args.data}")

    settings = [Setting(path, noise) for path in paths for noise in noises(path)]
    runs = pd.DataFrame(
        [measure(setting, seed) for setting in tqdm(settings) for seed in range(args.seeds)]
    )
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
